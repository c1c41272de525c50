//! Where a block ends.
//!
//! Each block has codes of its own, which cost some seventy bytes. So the text is looked at in
//! segments: a segment goes into the block before it, unless the two take fewer bits apart.

use crate::bits::Bits;
use crate::bytes::Text;
use crate::histogram::Histogram;
use crate::sequences::{Mark, Sequences};
use crate::write::write;

/// Divides what is found into blocks and writes them.
pub(crate) struct Blocks {
    pub(crate) sequences: Sequences,
    /// The block that is being made.
    block: Option<Block>,
    /// Where the block begins in the text.
    start: usize,
    /// Where the last segment ended.
    end: usize,
}

/// A block that may yet grow.
struct Block {
    histogram: Histogram,
    /// What its symbols take, in 256ths of a bit.
    entropy: u64,
    /// Where it ends.
    mark: Mark,
}

impl Blocks {
    pub(crate) fn new() -> Self {
        Self {
            // A match may be longer than what is left of a segment.
            sequences: Sequences::new(MOST + 2 * LONGEST_SEGMENT),
            block: None,
            start: 0,
            end: 0,
        }
    }

    /// Begins a part of the text at `start`.
    pub(crate) fn begin(&mut self, start: usize) {
        self.start = start;
        self.end = start;
    }

    /// Takes in a segment, the sequences up to `end` in the text.
    #[inline(always)]
    pub(crate) fn end_segment(&mut self, text: Text<'_>, end: usize, out: &mut Bits<'_>) {
        let segment = self.sequences.count();
        let entropy = segment.entropy();
        let mut next = Block {
            histogram: segment,
            entropy,
            mark: self.sequences.end(),
        };
        if let Some(block) = &self.block {
            let both = block.histogram.plus(&next.histogram);
            let together = both.entropy();
            let is_large = end - self.start > MOST;
            if is_large || together > block.entropy + entropy + HEADER {
                self.write(text, self.end, false, out);
                next.mark = self.sequences.end();
            } else {
                next.histogram = both;
                next.entropy = together;
            }
        }
        self.block = Some(next);
        self.end = end;
    }

    /// Writes what is left. `is_last` says that nothing follows in this stream.
    #[inline(always)]
    pub(crate) fn finish(&mut self, text: Text<'_>, is_last: bool, out: &mut Bits<'_>) {
        self.write(text, self.end, is_last, out);
    }

    #[inline(always)]
    fn write(&mut self, text: Text<'_>, end: usize, is_last: bool, out: &mut Bits<'_>) {
        let Some(block) = self.block.take() else {
            return;
        };
        let (sequences, literals) = self.sequences.before(block.mark);
        let stored = text.slice(self.start..end);
        write(sequences, literals, block.histogram, stored, is_last, out);
        self.sequences.drop_before(block.mark);
        self.start = end;
    }
}

/// How much of the text a segment has at most, but for the rest of a match.
pub(crate) const LONGEST_SEGMENT: usize = 16 << 10;
/// And at least, but for the last one.
pub(crate) const SHORTEST_SEGMENT: usize = 8 << 10;

/// How much of the text a block has at most: what one thread keeps in memory grows with it.
const MOST: usize = 256 << 10;

/// What the codes of another block take, in 256ths of a bit.
const HEADER: u64 = 650 << 8;
