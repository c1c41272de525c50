//! Where to look for a match: by one hash or by two.

use super::hash::{Places, Product, difference, distance_less_one};
use crate::bytes::Text;

/// Tables of places, asked and filled in the order of the text.
pub(crate) trait Tables {
    /// Whether a match is looked for one place further on if it is short, and again after that.
    const STEPS_ASIDE: usize;

    fn new() -> Self;

    fn clear(&mut self);

    /// Looks for what stands at `at`, and notes it.
    fn look<const NEAR_START: bool>(&mut self, text: Text<'_>, at: usize) -> Found;

    /// Notes what stands at `at`.
    fn note(&mut self, text: Text<'_>, at: usize);

    /// Notes what stands in a match from `start` to `end`.
    fn note_match(&mut self, text: Text<'_>, start: usize, end: usize);
}

/// What was found for some place; nothing, if no byte is the same.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// How many of the first 64 bits are the same: 64 if there may be more.
    pub(super) same_bits: u32,
    pub(super) distance: usize,
}

impl Found {
    /// How many bytes are the same, up to eight.
    #[inline(always)]
    pub(super) fn length(self) -> usize {
        (self.same_bits >> 3) as usize
    }
}

/// The latest place with the same five bytes.
pub(crate) struct OneTable(Places);

impl Tables for OneTable {
    const STEPS_ASIDE: usize = 1;

    fn new() -> Self {
        Self(Places::new())
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    #[inline(always)]
    fn look<const NEAR_START: bool>(&mut self, text: Text<'_>, at: usize) -> Found {
        let word = text.word(at);
        let place = self.0.replace(Product::of(word).hash::<5>(), at);
        let distance = distance_less_one(at, place);
        Found {
            same_bits: difference::<NEAR_START>(text, at, word, distance).trailing_zeros(),
            distance: distance + 1,
        }
    }

    #[inline(always)]
    fn note(&mut self, text: Text<'_>, at: usize) {
        self.0.note(Product::of(text.word(at)).hash::<5>(), at);
    }

    /// A few places are enough to find what begins near either end.
    #[inline(always)]
    fn note_match(&mut self, text: Text<'_>, start: usize, end: usize) {
        self.note(text, start + 2);
        self.note(text, end - 2);
        self.note(text, end - 1);
    }
}

/// The latest place with the same four bytes, and the latest with the same seven: what is near is
/// said in fewer bits, and what is long says more.
pub(crate) struct TwoTables {
    short: Places,
    long: Places,
}

impl TwoTables {
    #[inline(always)]
    fn note_short(&mut self, word: u64, at: usize) {
        self.short.note(Product::of(word).hash::<4>(), at);
    }

    #[inline(always)]
    fn note_both(&mut self, word: u64, at: usize) {
        let product = Product::of(word);
        self.short.note(product.hash::<4>(), at);
        self.long.note(product.hash::<7>(), at);
    }
}

impl Tables for TwoTables {
    const STEPS_ASIDE: usize = 2;

    fn new() -> Self {
        Self {
            short: Places::new(),
            long: Places::new(),
        }
    }

    fn clear(&mut self) {
        self.short.clear();
        self.long.clear();
    }

    #[inline(always)]
    fn look<const NEAR_START: bool>(&mut self, text: Text<'_>, at: usize) -> Found {
        let word = text.word(at);
        let product = Product::of(word);
        let long = self.long.replace(product.hash::<7>(), at);
        let short = self.short.replace(product.hash::<4>(), at);
        let long = distance_less_one(at, long);
        let short = distance_less_one(at, short);
        let same_long = difference::<NEAR_START>(text, at, word, long).trailing_zeros();
        let same_short = difference::<NEAR_START>(text, at, word, short).trailing_zeros();
        let is_longer = same_long > same_short;
        Found {
            same_bits: if is_longer { same_long } else { same_short },
            distance: 1 + if is_longer { long } else { short },
        }
    }

    #[inline(always)]
    fn note(&mut self, text: Text<'_>, at: usize) {
        self.note_both(text.word(at), at);
    }

    /// Every place by its four bytes, and every second one by its seven. Eight at a time: a loop
    /// that could end after any of them costs as much as what it saves. The last eight come twice
    /// then, or places before the match do, which changes nothing.
    #[inline(always)]
    fn note_match(&mut self, text: Text<'_>, start: usize, end: usize) {
        let mut at = start + 1;
        while at + 8 < end {
            for (number, word) in text.words(at).into_iter().enumerate() {
                if number % 2 == 0 {
                    self.note_both(word, at + number);
                } else {
                    self.note_short(word, at + number);
                }
            }
            at += 8;
        }
        let last = end.saturating_sub(8);
        for (number, word) in text.words(last).into_iter().enumerate() {
            self.note_both(word, last + number);
        }
    }
}
