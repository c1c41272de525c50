//! Huffman codes of limited length (RFC 1951, section 3.2.2).

/// A code for an alphabet of `N` symbols.
#[derive(Clone)]
pub(crate) struct Code<const N: usize> {
    /// How many bits each symbol has; 0 for those that do not occur.
    pub(crate) lengths: [u8; N],
    /// The bits of each symbol, the first one lowest.
    pub(crate) bits: [u16; N],
}

impl<const N: usize> Code<N> {
    /// The code that makes the shortest text of symbols with these frequencies, where no symbol may
    /// have more than `longest` bits (15 at most).
    ///
    /// It is complete: a code of one symbol gets a second one that does not occur, since there are
    /// decoders that refuse half a code.
    pub(crate) fn new(frequencies: &[u32; N], longest: usize) -> Self {
        let mut lengths = [0; N];
        // The symbols that occur, the rarest first. Both in one number: sorting is most of the work.
        let mut sorted = [0_u64; N];
        let mut count = 0;
        for (symbol, frequency) in frequencies.iter().enumerate() {
            if *frequency > 0 {
                sorted[count] = u64::from(*frequency) << SYMBOL | symbol as u64;
                count += 1;
            }
        }
        let sorted = &mut sorted[..count];
        sorted.sort_unstable();
        match *sorted {
            [] => lengths[..2].fill(1),
            [only] => {
                let symbol = (only & SYMBOLS) as usize;
                lengths[symbol] = 1;
                lengths[usize::from(symbol == 0)] = 1;
            }
            _ => {
                let counts = counts(sorted, longest);
                let mut rarest = sorted.iter();
                for length in (1..=longest).rev() {
                    for entry in rarest.by_ref().take(counts[length]) {
                        lengths[(entry & SYMBOLS) as usize] = length as u8;
                    }
                }
            }
        }
        Self::of(lengths)
    }

    /// The code with these lengths.
    pub(crate) fn of(lengths: [u8; N]) -> Self {
        let mut counts = [0_u16; LONGEST + 1];
        for length in lengths {
            counts[usize::from(length)] += 1;
        }
        counts[0] = 0;
        let mut next = [0_u16; LONGEST + 2];
        for length in 1..=LONGEST {
            next[length + 1] = (next[length] + counts[length]) << 1;
        }
        let mut bits = [0; N];
        for (bits, length) in bits.iter_mut().zip(lengths) {
            if length > 0 {
                let next = &mut next[usize::from(length)];
                *bits = next.reverse_bits() >> (16 - length);
                *next += 1;
            }
        }
        Self { lengths, bits }
    }

    /// How many bits a text of symbols with these frequencies has.
    pub(crate) fn cost(&self, frequencies: &[u32; N]) -> u64 {
        let each = frequencies.iter().zip(self.lengths);
        each.map(|(frequency, length)| u64::from(*frequency) * u64::from(length))
            .sum()
    }
}

/// How many of the symbols, at least two and sorted by frequency, have each length.
fn counts(sorted: &[u64], longest: usize) -> [usize; LONGEST + 1] {
    let leaves = sorted.len();
    // The tree: leaves first, then what joins two nodes, in order of their weights.
    let mut weights = [0_u64; 2 * MOST];
    let mut parents = [0_u16; 2 * MOST];
    for (weight, entry) in weights.iter_mut().zip(sorted) {
        *weight = entry >> SYMBOL;
    }
    let nodes = 2 * leaves - 1;
    let (mut leaf, mut inner) = (0, leaves);
    for node in leaves..nodes {
        let mut lightest = || {
            let takes_leaf = leaf < leaves && (inner == node || weights[leaf] <= weights[inner]);
            let taken = if takes_leaf { &mut leaf } else { &mut inner };
            *taken += 1;
            *taken - 1
        };
        let (one, other) = (lightest(), lightest());
        weights[node] = weights[one] + weights[other];
        parents[one] = node as u16;
        parents[other] = node as u16;
    }
    let mut depths = [0_u8; 2 * MOST];
    let mut counts = [0; LONGEST + 1];
    for node in (0..nodes - 1).rev() {
        let depth = depths[usize::from(parents[node])] + 1;
        depths[node] = depth;
        if node < leaves {
            counts[usize::from(depth).min(longest)] += 1;
        }
    }
    // Cutting what was too deep has filled more than there is room for, in units of the longest
    // code. Each round moves one leaf down to make room for one of the longest: one unit less.
    let mut filled: usize = (1..=longest)
        .map(|length| counts[length] << (longest - length))
        .sum();
    while filled > 1 << longest {
        let above = (1..longest).rev().find(|length| counts[*length] > 0);
        let above = above.expect("fewer symbols than codes, so some are shorter than the longest");
        counts[above] -= 1;
        counts[above + 1] += 2;
        counts[longest] -= 1;
        filled -= 1;
    }
    counts
}

/// The longest code of deflate.
const LONGEST: usize = 15;
/// The largest alphabet: the fixed code's.
const MOST: usize = 288;
/// Bits for a symbol.
const SYMBOL: u32 = 16;
const SYMBOLS: u64 = (1 << SYMBOL) - 1;

#[cfg(test)]
mod tests;
