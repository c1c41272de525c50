//! Looks at many places for each match, and at the next place for a better one.

use super::hash::{Places, Product, WINDOW, distance_less_one};
use super::{Find, TAIL, extend};
use crate::block::SHORTEST_SEGMENT;
use crate::bytes::Text;
use crate::sequences::Sequences;
use crate::symbols::SHORTEST;

/// Every place, chained to the one before it with the same four bytes.
pub(crate) struct Chains {
    /// The latest place of each hash, and one more, since 0 is none. A chain has to know where it
    /// ends, which the lowest bits of a place do not say.
    latest: Box<[u32; WINDOW]>,
    /// How far it is from each place to the one before it in its chain, by the lowest bits of the
    /// place. 0 if there is none in the window.
    steps: Box<[u16; WINDOW]>,
    /// The latest place with the same three bytes.
    threes: Places,
    /// The first place that is not noted yet.
    noted: usize,
    last_match: usize,
}

/// A match that may be taken.
#[derive(Clone, Copy)]
struct Match {
    length: usize,
    distance: usize,
}

impl Match {
    const NONE: Self = Self {
        length: 0,
        distance: 1,
    };

    /// What taking it is worth, roughly in bits, beside another one: four for each byte, less what
    /// its distance costs.
    fn worth(self) -> i64 {
        4 * self.length as i64 - i64::from(self.distance.ilog2())
    }
}

impl Chains {
    pub(crate) fn new() -> Self {
        Self {
            latest: Box::new([0; WINDOW]),
            steps: Box::new([0; WINDOW]),
            threes: Places::new(),
            noted: 0,
            last_match: 0,
        }
    }

    /// Notes all places before `end`.
    #[inline(always)]
    fn note_before(&mut self, text: Text<'_>, end: usize) {
        for at in self.noted..end {
            self.note(text.word(at), at);
        }
        self.noted = self.noted.max(end);
    }

    /// Notes a place, and says how far it is to the one before it in its chain.
    #[inline(always)]
    fn note(&mut self, word: u64, at: usize) -> usize {
        let product = Product::of(word);
        let latest = &mut self.latest[product.hash::<4>().index()];
        // What is too far away, or not there, comes out as more than a window.
        let before = *latest as usize;
        let step = at + 1 - before;
        *latest = at as u32 + 1;
        let step = if step <= WINDOW && before != 0 {
            step
        } else {
            0
        };
        self.steps[at % WINDOW] = step as u16;
        self.threes.note(product.hash::<3>(), at);
        step
    }

    /// The best match at `at`, which must be longer than `least`. Notes the place.
    #[inline(always)]
    fn look<const NEAR_START: bool>(
        &mut self,
        text: Text<'_>,
        at: usize,
        least: usize,
        depth: usize,
    ) -> Match {
        self.note_before(text, at);
        let word = text.word(at);
        let mut best = Match::NONE;
        if least < SHORTEST {
            let three = self.threes.replace(Product::of(word).hash::<3>(), at);
            let distance = distance_less_one(at, three);
            let is_there = !NEAR_START || distance < at;
            if is_there
                && distance < FAR_FOR_THREE
                && (text.word(at - 1 - distance) ^ word).trailing_zeros() >= 24
            {
                best = Match {
                    length: SHORTEST,
                    distance: distance + 1,
                };
            }
        }
        let mut step = self.note(word, at);
        self.noted = at + 1;
        // A longer match has the last bytes of the best one, and the byte behind: these four.
        let mut longest = best.length.max(least).max(3);
        let mut wanted = text.word(at + longest - 3) as u32;
        let mut distance = 0;
        for _ in 0..depth {
            distance += step;
            if step == 0 || distance > WINDOW {
                break;
            }
            let candidate = at - distance;
            step = usize::from(self.steps[candidate % WINDOW]);
            if text.word(candidate + longest - 3) as u32 != wanted {
                continue;
            }
            let same = (text.word(candidate) ^ word).trailing_zeros();
            let mut length = (same >> 3) as usize;
            if same == u64::BITS {
                length = extend(text, at, candidate, 8);
            }
            if length > longest {
                best = Match { length, distance };
                if length >= NICE {
                    break;
                }
                longest = length;
                wanted = text.word(at + longest - 3) as u32;
            }
        }
        best
    }
}

impl Find for Chains {
    const SEGMENT: usize = SHORTEST_SEGMENT;

    #[inline(always)]
    fn begin(&mut self, text: Text<'_>, start: usize) {
        self.latest.fill(0);
        self.steps.fill(0);
        self.threes.clear();
        self.noted = start.saturating_sub(WINDOW);
        self.last_match = start;
        self.note_before(text, start);
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
            let mut found = self.look::<NEAR_START>(text, at, 0, DEPTH);
            if found.length == 0 {
                let quiet = (at - self.last_match) >> QUIET;
                at += 1 + quiet.min(LONGEST_STEP - 1);
                continue;
            }
            let mut first = at;
            // Each place that is not taken is one literal more.
            while found.length < LAZY && first + 1 < stop {
                let depth = if found.length < GOOD {
                    NEXT_DEPTH
                } else {
                    NEXT_DEPTH / 4
                };
                let next = self.look::<NEAR_START>(text, first + 1, found.length - 1, depth);
                if next.length < found.length || next.worth() <= found.worth() + 2 {
                    break;
                }
                found = next;
                first += 1;
            }
            let end = first + found.length;
            out.push(text, literals, first, found.length, found.distance);
            self.note_before(text, end.min(text.len().saturating_sub(8)));
            at = end;
            literals = end;
            self.last_match = end;
        }
        let end = at.max(until).min(text.len());
        out.push_literals(text, literals, end);
        end
    }
}

/// How many places are looked at for a match.
const DEPTH: usize = 40;
/// And for a better one at the next place; a quarter of that where the match is good already.
const NEXT_DEPTH: usize = 20;
const GOOD: usize = 10;
/// For a match of this length, no better one is looked for at the next place.
const LAZY: usize = 32;
/// For a match of this length, no longer one is looked for.
const NICE: usize = 130;
/// Three literals are shorter than a match of three bytes from further away.
const FAR_FOR_THREE: usize = 4096;

/// After 1,024 bytes without a match, every second place is looked at, after 2,048 every third one ...
const QUIET: u32 = 10;
const LONGEST_STEP: usize = 16;
