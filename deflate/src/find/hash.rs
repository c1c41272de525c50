//! Tables of places by what stands there.
//!
//! A place is kept as its lowest 16 bits. From these and the place that is looked at follows a
//! distance between 1 and 32,768 in any case: one that is out of date, or was never written, names
//! some other place in the window. That does no harm, since what stands there is compared.

use crate::bytes::Text;

/// The latest place of each hash.
pub(super) struct Places(Box<[u16; SIZE]>);

impl Places {
    pub(super) fn new() -> Self {
        Self(Box::new([0; SIZE]))
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Notes `at`, and gives the place that was noted for the hash before.
    #[inline(always)]
    pub(super) fn replace(&mut self, hash: Hash, at: usize) -> u16 {
        std::mem::replace(&mut self.0[hash.index()], at as u16)
    }

    /// Notes `at`.
    #[inline(always)]
    pub(super) fn note(&mut self, hash: Hash, at: usize) {
        self.0[hash.index()] = at as u16;
    }
}

/// Stands for some bytes.
#[derive(Clone, Copy)]
pub(super) struct Hash(u16);

impl Hash {
    #[inline(always)]
    pub(super) fn index(self) -> usize {
        usize::from(self.0) % SIZE
    }
}

/// A word, multiplied: the hashes of its first bytes can be read off.
#[derive(Clone, Copy)]
pub(super) struct Product(u64);

impl Product {
    #[inline(always)]
    pub(super) fn of(word: u64) -> Self {
        Self(word.wrapping_mul(FACTOR))
    }

    /// The hash of the first `BYTES` bytes of the word, 3 to 8. The lowest bits of a product depend
    /// on the lowest bits of its factors only.
    #[inline(always)]
    pub(super) fn hash<const BYTES: u32>(self) -> Hash {
        Hash((self.0 << (64 - 8 * BYTES) >> (64 - BITS)) as u16)
    }
}

/// One less than the distance from `at` to the place before it with these lowest bits.
#[inline(always)]
pub(super) fn distance_less_one(at: usize, place: u16) -> usize {
    at.wrapping_sub(1).wrapping_sub(usize::from(place)) % WINDOW
}

/// What is different at `at`, where `word` stands, and at a place before it: 0 if nothing is, in
/// eight bytes.
///
/// Where the window reaches to before the text (`NEAR_START`), the place may not exist.
#[inline(always)]
pub(super) fn difference<const NEAR_START: bool>(
    text: Text<'_>,
    at: usize,
    word: u64,
    distance_less_one: usize,
) -> u64 {
    if NEAR_START && distance_less_one >= at {
        return 1;
    }
    text.word(at - 1 - distance_less_one) ^ word
}

/// How far back a match may lie.
pub(crate) const WINDOW: usize = 32 << 10;

const BITS: u32 = 15;
const SIZE: usize = 1 << BITS;

/// Odd, with bits like dice: 2^64 divided by the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
