//! What a finder has found: literals and matches in the order of the text, and how often each
//! symbol occurs among them.

use crate::bytes::{Text, put_word};
use crate::histogram::Histogram;
use crate::symbols::{NO_DISTANCE, distance_symbol};

/// Some literals and the match behind them.
#[derive(Clone, Copy)]
pub(crate) struct Sequence {
    /// How many literals come first.
    pub(crate) literals: u16,
    /// How long the match is; 0 if there is none.
    pub(crate) length: u16,
    /// One less than its distance.
    pub(crate) distance: u16,
    /// The symbol of its distance, or [`NO_DISTANCE`].
    pub(crate) symbol: u8,
}

/// The sequences of a block that is being made, and those of the segment behind it.
pub(crate) struct Sequences {
    sequences: Vec<Sequence>,
    /// All literals, without gaps, and room behind them.
    literals: Vec<u8>,
    /// How many literals there are.
    filled: usize,
    /// The matches since the last [`count`](Self::count).
    matches: Histogram,
    /// How many literals were counted.
    counted: usize,
}

/// A place between two sequences.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    sequences: usize,
    literals: usize,
}

impl Sequences {
    /// Room for a text of `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            sequences: Vec::new(),
            literals: vec![0; most + ROOM],
            filled: 0,
            matches: Histogram::EMPTY,
            counted: 0,
        }
    }

    /// Appends the literals `text[start..end]`, fewer than 65,536, and a match behind them.
    #[inline(always)]
    pub(crate) fn push(
        &mut self,
        text: Text<'_>,
        start: usize,
        end: usize,
        length: usize,
        distance: usize,
    ) {
        let count = end - start;
        self.copy(text, start, end);
        let distance = (distance - 1) as u16;
        let symbol = distance_symbol(distance);
        self.matches.add_match(length, symbol);
        self.sequences.push(Sequence {
            literals: count as u16,
            length: length as u16,
            distance,
            symbol,
        });
    }

    /// Appends the literals `text[start..end]`, fewer than 65,536, without a match.
    pub(crate) fn push_literals(&mut self, text: Text<'_>, start: usize, end: usize) {
        if start < end {
            self.copy(text, start, end);
            self.sequences.push(Sequence {
                literals: (end - start) as u16,
                length: 0,
                distance: 0,
                symbol: NO_DISTANCE,
            });
        }
    }

    /// Copies in steps of sixteen bytes: there are rarely more, and what is too much is overwritten.
    #[inline(always)]
    fn copy(&mut self, text: Text<'_>, start: usize, end: usize) {
        if end + ROOM > text.len() {
            let literals = text.slice(start..end);
            self.literals[self.filled..self.filled + literals.len()].copy_from_slice(literals);
        } else {
            let (mut from, mut to) = (start, self.filled);
            loop {
                put_word(&mut self.literals, to, text.word(from));
                put_word(&mut self.literals, to + 8, text.word(from + 8));
                from += 16;
                to += 16;
                if from >= end {
                    break;
                }
            }
        }
        self.filled += end - start;
    }

    /// Where the sequences end at the moment.
    pub(crate) fn end(&self) -> Mark {
        Mark {
            sequences: self.sequences.len(),
            literals: self.filled,
        }
    }

    /// Counts the symbols of what was appended since this was asked last.
    pub(crate) fn count(&mut self) -> Histogram {
        let mut histogram = std::mem::replace(&mut self.matches, Histogram::EMPTY);
        histogram.add_literals(&self.literals[self.counted..self.filled]);
        self.counted = self.filled;
        histogram
    }

    /// The sequences before `mark`, and all literals, with some bytes behind them.
    pub(crate) fn before(&self, mark: Mark) -> (&[Sequence], &[u8]) {
        (&self.sequences[..mark.sequences], &self.literals)
    }

    /// Drops what is before `mark`.
    pub(crate) fn drop_before(&mut self, mark: Mark) {
        self.sequences.drain(..mark.sequences);
        self.literals.copy_within(mark.literals..self.filled, 0);
        self.filled -= mark.literals;
        self.counted -= mark.literals;
    }
}

/// How far behind the literals is written.
const ROOM: usize = 16;
