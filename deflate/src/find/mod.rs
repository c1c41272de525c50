//! Finding in the text what was in it before.

mod chains;
mod greedy;
mod hash;
mod tables;

use crate::bytes::Text;
use crate::sequences::Sequences;
use crate::symbols::LONGEST;
use hash::WINDOW;

pub(crate) use chains::Chains;
pub(crate) use greedy::Greedy;
pub(crate) use tables::{OneTable, TwoTables};

/// Finds matches in a text. What it finds depends on the text alone, and not on what it was used
/// for before.
pub(crate) trait Find {
    /// In what steps the text is looked at to see where a block should end. Half of a step makes
    /// texts 0.2 % smaller and takes 4 % longer at the default level.
    const SEGMENT: usize;

    /// Forgets all other texts and learns what is in `text` before `start`.
    fn begin(&mut self, text: Text<'_>, start: usize);

    /// As [`find`](Self::find). `NEAR_START` says that the window may reach to before the text.
    fn run<const NEAR_START: bool>(
        &mut self,
        text: Text<'_>,
        start: usize,
        until: usize,
        out: &mut Sequences,
    ) -> usize;

    /// Appends the sequences of `text` from `start` to `until` or a little behind, and says where
    /// they end. `start` is where the last ones ended.
    #[inline(always)]
    fn find(&mut self, text: Text<'_>, start: usize, until: usize, out: &mut Sequences) -> usize {
        if start < WINDOW {
            self.run::<true>(text, start, until, out)
        } else {
            self.run::<false>(text, start, until, out)
        }
    }
}

/// How many bytes at `one` and `other`, which comes before it, are the same, if `same` are. Not more
/// than a match may be long.
#[inline(always)]
fn extend(text: Text<'_>, one: usize, other: usize, same: usize) -> usize {
    let limit = LONGEST.min(text.len() - one);
    let mut length = same;
    while length + 8 <= limit {
        let difference = text.word(one + length) ^ text.word(other + length);
        if difference != 0 {
            return length + (difference.trailing_zeros() >> 3) as usize;
        }
        length += 8;
    }
    let rest = text.slice(one + length..one + limit);
    let equal = rest.iter().zip(text.slice(other + length..other + limit));
    length + equal.take_while(|(one, other)| one == other).count()
}

/// From here to the end of the text are only literals: what is looked at ahead lies in the text.
const TAIL: usize = 16;
