//! The symbols of lengths and distances (RFC 1951, section 3.2.5).

/// Literals, the end of a block and lengths.
pub(crate) const LITERALS: usize = 286;
/// Distances.
pub(crate) const DISTANCES: usize = 30;
/// The end of a block, among the literals.
pub(crate) const END: usize = 256;
/// The first length, among the literals.
pub(crate) const FIRST_LENGTH: usize = 257;

/// Stands for no distance at all where there is no match. Deflate has no such symbol.
pub(crate) const NO_DISTANCE: u8 = 31;

/// The shortest match that deflate can say.
pub(crate) const SHORTEST: usize = 3;
/// The longest one.
pub(crate) const LONGEST: usize = 258;

/// The shortest length of each symbol, counted from [`FIRST_LENGTH`].
pub(crate) const LENGTH_BASE: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
];

/// How many bits follow each symbol of a length.
pub(crate) const LENGTH_EXTRA: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];

/// The symbol of each length, counted from [`FIRST_LENGTH`].
pub(crate) const LENGTH_SYMBOL: [u8; LONGEST + 1] = {
    let mut symbols = [0; LONGEST + 1];
    let mut symbol = 0;
    let mut length = SHORTEST;
    while length <= LONGEST {
        if symbol < 28 && length >= LENGTH_BASE[symbol + 1] as usize {
            symbol += 1;
        }
        symbols[length] = symbol as u8;
        length += 1;
    }
    symbols
};

/// The symbol of a distance, given as one less than the distance.
///
/// From the third on, a power of two has two symbols: the highest bit says which power, the next
/// one which half.
#[inline(always)]
pub(crate) fn distance_symbol(less_one: u16) -> u8 {
    let value = u32::from(less_one);
    let highest = 31 - (value | 1).leading_zeros();
    let half = (value >> highest.saturating_sub(1)) & 1;
    if value < 2 {
        less_one as u8
    } else {
        (2 * highest + half) as u8
    }
}

/// How many bits follow the symbol of a distance.
#[inline(always)]
pub(crate) fn distance_extra(symbol: u8) -> u32 {
    (u32::from(symbol) >> 1).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of RFC 1951, section 3.2.5.
    const DISTANCE_BASE: [u16; DISTANCES] = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
        2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
    ];

    #[test]
    fn every_distance_has_the_symbol_of_the_table() {
        for distance in 1..=32_768_u16 {
            let symbol = distance_symbol(distance - 1);
            let base = DISTANCE_BASE[usize::from(symbol)];
            let extra = distance - base;
            assert!(u32::from(extra) < 1 << distance_extra(symbol), "{distance}");
            // What follows the symbol are the lowest bits of one less than the distance.
            let mask = (1 << distance_extra(symbol)) - 1;
            assert_eq!((distance - 1) & mask, extra, "{distance}");
        }
    }

    #[test]
    fn every_length_has_the_symbol_of_the_table() {
        for (length, symbol) in LENGTH_SYMBOL.iter().enumerate().skip(SHORTEST) {
            let symbol = usize::from(*symbol);
            let extra = length - usize::from(LENGTH_BASE[symbol]);
            assert!(extra < 1 << LENGTH_EXTRA[symbol], "{length}");
        }
        assert_eq!(LENGTH_SYMBOL[257], 27);
        assert_eq!(LENGTH_SYMBOL[258], 28);
    }
}
