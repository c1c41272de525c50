//! How often each symbol occurs, and how many bits that takes.

use crate::symbols::{
    DISTANCES, FIRST_LENGTH, LENGTH_EXTRA, LENGTH_SYMBOL, LITERALS, distance_extra,
};

/// The frequencies of all symbols of a part of the text.
#[derive(Clone)]
pub(crate) struct Histogram {
    /// Literals, the end of a block and lengths.
    pub(crate) literals: [u32; LITERALS],
    pub(crate) distances: [u32; DISTANCES],
}

impl Histogram {
    pub(crate) const EMPTY: Self = Self {
        literals: [0; LITERALS],
        distances: [0; DISTANCES],
    };

    /// Counts a match.
    #[inline(always)]
    pub(crate) fn add_match(&mut self, length: usize, distance_symbol: u8) {
        // A length is never more than the longest: `min` only says so to the compiler.
        let symbol = usize::from(LENGTH_SYMBOL[length.min(LENGTH_SYMBOL.len() - 1)]);
        self.literals[(FIRST_LENGTH + symbol).min(LITERALS - 1)] += 1;
        self.distances[usize::from(distance_symbol).min(DISTANCES - 1)] += 1;
    }

    /// Counts literals.
    pub(crate) fn add_literals(&mut self, literals: &[u8]) {
        // A byte that repeats would wait for its own counter: four counters for each byte.
        let mut counts = [[0_u32; 256]; 4];
        let mut chunks = literals.chunks_exact(4);
        for chunk in &mut chunks {
            for (counts, byte) in counts.iter_mut().zip(chunk) {
                counts[usize::from(*byte)] += 1;
            }
        }
        for byte in chunks.remainder() {
            counts[0][usize::from(*byte)] += 1;
        }
        for (byte, count) in self.literals[..256].iter_mut().enumerate() {
            *count += counts.iter().map(|counts| counts[byte]).sum::<u32>();
        }
    }

    /// The sum of two parts.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        for (sum, other) in sum.literals.iter_mut().zip(other.literals) {
            *sum += other;
        }
        for (sum, other) in sum.distances.iter_mut().zip(other.distances) {
            *sum += other;
        }
        sum
    }

    /// What the symbols take at least, in 256ths of a bit (their entropy). What follows symbols of
    /// lengths and distances is not in it.
    pub(crate) fn entropy(&self) -> u64 {
        entropy(&self.literals) + entropy(&self.distances)
    }

    /// How many bits follow symbols of lengths and distances.
    pub(crate) fn extra(&self) -> u64 {
        let lengths = self.literals[FIRST_LENGTH..].iter().zip(LENGTH_EXTRA);
        let lengths: u64 = lengths
            .map(|(count, extra)| u64::from(*count) * u64::from(extra))
            .sum();
        let distances = (0..).zip(self.distances);
        let distances: u64 = distances
            .map(|(symbol, count)| u64::from(count) * u64::from(distance_extra(symbol)))
            .sum();
        lengths + distances
    }
}

fn entropy(counts: &[u32]) -> u64 {
    let mut total = 0;
    let mut sum = 0;
    for count in counts {
        total += *count;
        sum += u64::from(*count) * logarithm(*count);
    }
    (u64::from(total) * logarithm(total)).saturating_sub(sum)
}

/// The binary logarithm in 256ths, of integers alone: the same on every machine. 0 for 0.
#[inline(always)]
fn logarithm(number: u32) -> u64 {
    // The highest bits decide.
    let shift = (u32::BITS - TABLE.ilog2()).saturating_sub(number.leading_zeros());
    let index = (number >> shift) as usize & (TABLE - 1);
    u64::from(LOGARITHMS[index]) + u64::from(shift << 8)
}

const TABLE: usize = 2048;

/// The logarithms of small numbers in 256ths.
static LOGARITHMS: [u16; TABLE] = {
    let mut logarithms = [0; TABLE];
    let mut number = 1;
    while number < TABLE {
        logarithms[number] = logarithm_of(number as u64);
        number += 1;
    }
    logarithms
};

/// By squaring: each time, the next bit of the logarithm is whether the square has reached two.
const fn logarithm_of(number: u64) -> u16 {
    let whole = number.ilog2();
    let mut logarithm = whole;
    // Between one and two, with 31 bits behind the point.
    let mut mantissa = (number << 31) >> whole;
    let mut bit = 0;
    while bit < 8 {
        mantissa = (mantissa * mantissa) >> 31;
        logarithm <<= 1;
        if mantissa >= 1 << 32 {
            mantissa >>= 1;
            logarithm |= 1;
        }
        bit += 1;
    }
    logarithm as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_close() {
        for number in (1..5000).chain([1 << 20, (1 << 31) + 12_345, u32::MAX]) {
            let exact = f64::from(number).log2() * 256.0;
            let ours = logarithm(number) as f64;
            assert!((exact - ours).abs() < 2.0, "{number}: {exact} {ours}");
        }
        assert_eq!(logarithm(0), 0);
    }

    #[test]
    fn literals_are_counted_whatever_their_number() {
        for length in 0..20_u8 {
            let literals: Vec<u8> = (0..length).chain([0]).collect();
            let mut histogram = Histogram::EMPTY;
            histogram.add_literals(&literals);
            assert_eq!(histogram.literals[0], if length == 0 { 1 } else { 2 });
            let all: u32 = histogram.literals.iter().sum();
            assert_eq!(all, u32::from(length) + 1);
        }
    }

    /// Sixteen symbols that are equally frequent take four bits each.
    #[test]
    fn what_symbols_take_is_their_entropy() {
        let mut histogram = Histogram::EMPTY;
        histogram.add_literals(&(0..16).collect::<Vec<u8>>().repeat(100));
        assert_eq!(histogram.entropy(), 16 * 100 * 4 * 256);
        assert_eq!(histogram.extra(), 0);
        histogram.add_match(258, 29);
        histogram.add_match(257, 3);
        assert_eq!(histogram.extra(), 13 + 5);
    }
}
