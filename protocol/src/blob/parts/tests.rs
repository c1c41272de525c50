use super::*;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// What is tried after `refused`, until nothing is left.
fn ladder(mut refused: u64) -> Vec<u64> {
    let mut tried = Vec::new();
    while let Some(next) = below(refused, 256 * KIB) {
        assert!(next < refused, "{next} after {refused}");
        tried.push(next);
        refused = next;
    }
    tried
}

#[test]
fn sizes_are_halved_down_to_the_limits_that_are_common() {
    let from_64 = [32, 16, 8, 4, 2, 1].map(|mib| mib * MIB);
    let end = [256 * KIB];
    assert_eq!(ladder(70_000_000), [&from_64[..], &end].concat());
    let all = [&[64 * MIB], &from_64[..], &end].concat();
    assert_eq!(ladder(2_000 * MIB), all);
    assert_eq!(ladder(u64::MAX), all);
    assert_eq!(ladder(MIB + 1), [MIB, 256 * KIB]);
    assert_eq!(ladder(3 * MIB), [MIB, 256 * KIB]);
    assert_eq!(ladder(MIB), end);
    assert_eq!(ladder(256 * KIB + 1), end);
    for nothing_left in [0, 1, 100, 256 * KIB] {
        assert!(ladder(nothing_left).is_empty(), "{nothing_left}");
    }
}

#[test]
fn a_smallest_part_of_nothing_is_a_byte() {
    assert_eq!(below(2, 0), Some(1));
    assert_eq!(below(1, 0), None);
}

#[test]
fn the_smallest_of_what_was_learnt_holds() {
    let learnt = Parts::Learnt;
    assert_eq!(Parts::Whole.learning(learnt(8), 20), learnt(8));
    assert_eq!(Parts::Wanted(9).learning(learnt(8), 20), learnt(8));
    assert_eq!(Parts::Wanted(9).learning(Parts::Whole, 9), Parts::Whole);
    // 20 bytes are too many: that is known.
    assert_eq!(learnt(8).learning(learnt(5), 20), learnt(8));
    assert_eq!(learnt(8).learning(learnt(4), 8), learnt(4));
    assert_eq!(learnt(8).learning(learnt(9), 8), learnt(8));
    assert_eq!(learnt(8).learning(Parts::Whole, 8), learnt(8));
}
