//! Choices, drawn from a seed or from bytes that somebody else chose.

use std::collections::VecDeque;

/// A source of choices: the same seed, or the same bytes, and the same choices on every machine.
#[derive(Clone, Debug)]
pub struct Random(Origin);

#[derive(Clone, Debug)]
enum Origin {
    /// The state of a generator (xorshift64*).
    Seed(u64),
    /// What is left of the bytes. When nothing is, every choice is the first one.
    Bytes(VecDeque<u8>),
}

impl Random {
    /// The choices of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03 | 1;
        Self(Origin::Seed(state))
    }

    /// The choices that `bytes` make, one after the other: for a fuzzer, which learns which byte
    /// decides what.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Origin::Bytes(bytes.iter().copied().collect()))
    }

    /// A number below `end`, which must not be zero.
    pub fn below(&mut self, end: u64) -> u64 {
        match &mut self.0 {
            Origin::Seed(state) => {
                *state ^= *state >> 12;
                *state ^= *state << 25;
                *state ^= *state >> 27;
                state.wrapping_mul(0x2545_F491_4F6C_DD1D) % end
            }
            Origin::Bytes(bytes) => {
                let width = if end <= 256 { 1 } else { 4 };
                let taken = (0..width).map_while(|_| bytes.pop_front());
                let number = taken.fold(0, |n, byte| n << 8 | u64::from(byte));
                number % end
            }
        }
    }

    /// Whether one in `n` comes true.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of `choices`, which must not be empty.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = usize::try_from(self.below(choices.len() as u64));
        choices[index.expect("a slice is no longer than usize says")]
    }

    /// Whether nothing is left to choose with: a seed never ends.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        matches!(&self.0, Origin::Bytes(bytes) if bytes.is_empty())
    }

    /// The next `count` bytes as they are, or as many as are left.
    pub fn bytes(&mut self, count: u64) -> Vec<u8> {
        (0..count)
            .map_while(|_| (!self.is_spent()).then(|| self.below(256)))
            .map(|byte| u8::try_from(byte).expect("it is below 256"))
            .collect()
    }
}
