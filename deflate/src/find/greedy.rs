//! Takes the first match that there is, or a longer one beside it.
//!
//! What costs time is less what is computed than each branch that the processor cannot foresee, some
//! twenty cycles apiece. So a place is looked up in all tables at once and the better answer chosen
//! without a branch; whether there is a match at all, and whether it is longer than eight bytes, are
//! the only questions left.

use super::hash::WINDOW;
use super::tables::{Found, Tables};
use super::{Find, TAIL, extend};
use crate::block::LONGEST_SEGMENT;
use crate::bytes::Text;
use crate::sequences::Sequences;
use crate::symbols::LONGEST;

/// Finds with these tables.
pub(crate) struct Greedy<T> {
    tables: T,
    /// How far it is to the next place that is looked at.
    step: usize,
    /// Where the step becomes longer if there is no match before.
    quiet_until: usize,
}

impl<T: Tables> Greedy<T> {
    pub(crate) fn new() -> Self {
        Self {
            tables: T::new(),
            step: 1,
            quiet_until: 0,
        }
    }
}

impl<T: Tables> Find for Greedy<T> {
    const SEGMENT: usize = LONGEST_SEGMENT;

    #[inline(always)]
    fn begin(&mut self, text: Text<'_>, start: usize) {
        self.tables.clear();
        for at in start.saturating_sub(WINDOW)..start {
            self.tables.note(text, at);
        }
        self.step = 1;
        self.quiet_until = start + QUIET;
    }

    #[inline(always)]
    fn run<const NEAR_START: bool>(
        &mut self,
        text: Text<'_>,
        start: usize,
        until: usize,
        out: &mut Sequences,
    ) -> usize {
        let stop = until.min(text.len().saturating_sub(TAIL));
        let mut at = start;
        let mut literals = start;
        while at < stop {
            let mut found = self.tables.look::<NEAR_START>(text, at);
            if found.same_bits < LEAST {
                at += self.step;
                if at >= self.quiet_until {
                    self.step = LONGEST_STEP.min(self.step + 1);
                    self.quiet_until = at + QUIET;
                }
                continue;
            }
            let mut first = at;
            for aside in 1..=T::STEPS_ASIDE {
                if found.same_bits == u64::BITS {
                    break;
                }
                let other = self.tables.look::<NEAR_START>(text, at + aside);
                // What is skipped is a literal, so it has to be longer by as many bytes.
                let is_better = other.length() > found.length() + (aside - 1);
                first = if is_better { at + aside } else { first };
                found = Found {
                    same_bits: if is_better {
                        other.same_bits
                    } else {
                        found.same_bits
                    },
                    distance: if is_better {
                        other.distance
                    } else {
                        found.distance
                    },
                };
            }
            let mut length = found.length();
            if found.same_bits == u64::BITS {
                length = extend(text, first, first - found.distance, length);
            }
            let end = first + length;
            // Where places were skipped, the match may have begun before.
            let before = before(text, first, found.distance);
            let before = before.min(first - literals).min(LONGEST - length);
            let first = first - before;
            out.push(text, literals, first, end - first, found.distance);
            self.tables.note_match(text, at, end);
            at = end;
            literals = end;
            self.step = 1;
            self.quiet_until = end + QUIET;
        }
        // The last places are not looked at.
        let end = at.max(until).min(text.len());
        out.push_literals(text, literals, end);
        end
    }
}

/// How many bytes before `at` are the same as those `distance` before them, up to eight.
#[inline(always)]
fn before(text: Text<'_>, at: usize, distance: usize) -> usize {
    if at < distance + 8 {
        return 0;
    }
    let difference = text.word(at - 8) ^ text.word(at - 8 - distance);
    (difference.leading_zeros() >> 3) as usize
}

/// A match has at least four bytes.
const LEAST: u32 = 32;

/// After 256 bytes without a match, every second place is looked at, after 512 every third one ...
const QUIET: usize = 256;
const LONGEST_STEP: usize = 64;
