use proptest::prelude::*;

use super::*;

/// What of all codes there are is taken, in units of the longest.
fn filled<const N: usize>(code: &Code<N>) -> u64 {
    let lengths = code.lengths.iter().filter(|length| **length > 0);
    lengths.map(|length| 1 << (15 - length)).sum()
}

#[test]
fn a_code_of_no_symbol_or_one_is_complete() {
    assert_eq!(Code::new(&[0; 30], 15).lengths[..3], [1, 1, 0]);
    let mut frequencies = [0; 30];
    frequencies[0] = 7;
    assert_eq!(Code::new(&frequencies, 15).lengths[..3], [1, 1, 0]);
    frequencies = [0; 30];
    frequencies[29] = 7;
    let code = Code::new(&frequencies, 15);
    assert_eq!((code.lengths[0], code.lengths[29]), (1, 1));
    assert_eq!((code.bits[0], code.bits[29]), (0, 1));
}

/// The example of RFC 1951, section 3.2.2.
#[test]
fn codes_of_one_length_follow_each_other() {
    let code = Code::of([3, 3, 3, 3, 3, 2, 4, 4]);
    let reversed: Vec<u16> = code
        .bits
        .iter()
        .zip(code.lengths)
        .map(|(bits, length)| bits.reverse_bits() >> (16 - length))
        .collect();
    assert_eq!(
        reversed,
        [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111]
    );
}

/// Frequencies that grow like Fibonacci's numbers make the deepest tree.
#[test]
fn a_deep_tree_is_cut() {
    let mut frequencies = [0; 40];
    let (mut one, mut other) = (1, 1);
    for frequency in &mut frequencies {
        *frequency = one;
        (one, other) = (other, one + other);
    }
    for longest in [6, 7, 14, 15] {
        let code = Code::new(&frequencies, longest);
        assert_eq!(filled(&code), 1 << 15, "{longest}");
        let deepest = code.lengths.iter().max();
        assert_eq!(deepest.map(|deepest| usize::from(*deepest)), Some(longest));
        assert!(code.lengths.is_sorted_by(|one, other| one >= other));
    }
}

proptest! {
    #[test]
    fn a_code_is_complete_and_frequent_symbols_are_short(
        frequencies in prop::array::uniform32(prop_oneof![Just(0_u32), 1..5_u32, 0..u32::MAX]),
        longest in 5..=15_usize,
    ) {
        let code = Code::new(&frequencies, longest);
        prop_assert_eq!(filled(&code), 1 << 15);
        for (one, frequency) in frequencies.iter().enumerate() {
            let length = usize::from(code.lengths[one]);
            prop_assert!(length <= longest);
            prop_assert!(*frequency == 0 || length > 0);
            for (other, rarer) in frequencies.iter().enumerate() {
                if *rarer > 0 && rarer < frequency {
                    prop_assert!(length <= usize::from(code.lengths[other]));
                }
            }
        }
    }

    /// Within the limit, no prefix code is shorter: the sum is that of the tree's inner weights.
    #[test]
    fn a_code_is_as_short_as_can_be(frequencies in prop::array::uniform16(1..1000_u32)) {
        let code = Code::new(&frequencies, 15);
        let mut weights: Vec<u64> = frequencies.iter().map(|weight| u64::from(*weight)).collect();
        let mut least = 0;
        while weights.len() > 1 {
            weights.sort_unstable_by(|one, other| other.cmp(one));
            let joined = weights.pop().unwrap_or(0) + weights.pop().unwrap_or(0);
            least += joined;
            weights.push(joined);
        }
        prop_assert_eq!(code.cost(&frequencies), least);
    }
}
