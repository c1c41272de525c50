//! One part of a stream, from its text to its bits.

use crate::bits::Bits;
use crate::block::Blocks;
use crate::bytes::Text;
use crate::find::Find;

/// What is to be encoded.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) text: Text<'a>,
    /// Where the part begins in the text; before it is its window.
    pub(crate) start: usize,
    /// Whether the stream ends with it.
    pub(crate) is_last: bool,
}

/// Finds what is in the part and writes it, segment by segment.
///
/// Always inlined: [`cpu`](crate::cpu) compiles it for several kinds of processors.
#[inline(always)]
pub(crate) fn encode<F: Find>(
    finder: &mut F,
    blocks: &mut Blocks,
    part: Part<'_>,
    out: &mut Bits<'_>,
) {
    let Part {
        text,
        start,
        is_last,
    } = part;
    finder.begin(text, start);
    blocks.begin(start);
    let mut at = start;
    while at < text.len() {
        let until = text.len().min(at + F::SEGMENT);
        at = finder.find(text, at, until, &mut blocks.sequences);
        blocks.end_segment(text, at, out);
    }
    blocks.finish(text, is_last, out);
}
