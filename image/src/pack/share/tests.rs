use super::*;
use crate::pack::weigh::Files;

#[test]
fn layers_are_shared_out_by_weight_in_powers_of_two() {
    let cases = [
        (16, 0, 100, 0),
        (16, 100, 100, 16),
        (16, 1, 100, 1),
        (16, 40, 100, 4),
        (16, 60, 100, 12),
        (16, 99, 100, 15),
        (2, 1, 100, 1),
        (2, 99, 100, 1),
        (3, 50, 100, 1),
    ];
    for (layers, part, total, expected) in cases {
        assert_eq!(
            portion(layers, part, total),
            expected,
            "{layers} {part}/{total}"
        );
    }
}

#[test]
fn large_files_and_others_never_share_a_layer() {
    let mut files = Files::default();
    for (size, is_lively) in [(300, false), (200, true), (10, false), (10, true)] {
        files.add(size, is_lively);
    }
    let weights = Weights {
        total: 1000,
        lively: 500,
        files,
        ..Weights::default()
    };
    let shares = Shares::new(8, &weights);
    let picked = |is_lively, size| {
        let layers = (0..=u64::MAX).step_by(1 << 59);
        let mut layers: Vec<usize> = layers
            .map(|hash| shares.pick(hash, is_lively, size))
            .collect();
        layers.dedup();
        layers
    };
    assert_eq!(picked(false, 64), [0, 1]);
    assert_eq!(picked(false, 63), [2, 3]);
    assert_eq!(picked(true, 1000), [4]);
    // The last one, which has every directory, among them.
    assert_eq!(picked(true, 0), [5, 6, 7]);
}

#[test]
fn where_there_is_one_kind_it_has_all_layers() {
    for (lively, size) in [(0, 1), (100, 1), (0, 100), (100, 100)] {
        let mut files = Files::default();
        files.add(size, lively > 0);
        let weights = Weights {
            total: 100,
            lively,
            files,
            ..Weights::default()
        };
        let shares = Shares::new(4, &weights);
        let layers: Vec<usize> = (0..=u64::MAX)
            .step_by(1 << 62)
            .map(|hash| shares.pick(hash, lively > 0, size))
            .collect();
        assert_eq!(layers, [0, 1, 2, 3]);
    }
}
