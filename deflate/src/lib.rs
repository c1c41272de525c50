//! A deflate encoder (RFC 1951) whose parts can be compressed side by side and joined into one
//! stream.
//!
//! A stream is cut into parts. Each part is compressed by itself, on any thread, and sees the 32 KiB
//! before it, so that cutting costs next to nothing. Parts end on the border of a byte: written one
//! after the other they are one deflate stream, as `pigz` makes it, and need no reader that knows
//! of parts.
//!
//! The bytes depend on the text, on where it is cut and on the level, and on nothing else: not on
//! the machine, nor on what the encoder was used for before. Another version of this crate may
//! write other bytes.
//!
//! ```
//! use std::io::Read;
//! use longshore_deflate::{Encoder, Ending, Level, WINDOW};
//!
//! let text = b"so much depends upon a red wheel barrow ".repeat(5_000);
//! let mut encoder = Encoder::new(Level::Default);
//! let mut stream = Vec::new();
//! for start in (0..text.len()).step_by(65_536) {
//!     let end = text.len().min(start + 65_536);
//!     let window = start.saturating_sub(WINDOW);
//!     let ending = if end == text.len() { Ending::Last } else { Ending::More };
//!     let mut part = vec![0; Encoder::bound(end - start)];
//!     let length = encoder.encode(&text[window..end], start - window, ending, &mut part);
//!     stream.extend_from_slice(&part[..length]);
//! }
//!
//! let mut read = Vec::new();
//! flate2::read::DeflateDecoder::new(&stream[..]).read_to_end(&mut read).unwrap();
//! assert_eq!(read, text);
//! ```

mod bits;
mod block;
mod bytes;
mod cpu;
mod find;
mod histogram;
mod huffman;
mod part;
mod sequences;
mod symbols;
mod write;

use bits::Bits;
use block::{Blocks, SHORTEST_SEGMENT};
use bytes::Text;
use find::{Chains, Greedy, OneTable, TwoTables};
use part::Part;

/// How many bytes before a part may help to compress it: as far as a deflate stream can refer back.
pub const WINDOW: usize = 32 << 10;

/// How much time to spend on making the text small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Looks at one place for each match.
    Fast,
    /// Looks at two places for each match, and aside for a better one.
    #[default]
    Default,
    /// Looks at many places for each match.
    Best,
}

/// What comes after a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Another part of the same stream.
    More,
    /// Nothing: the stream ends with this part.
    Last,
}

/// Compresses parts of streams, one after the other. It takes about a megabyte of memory.
pub struct Encoder {
    finder: Finder,
    blocks: Blocks,
}

enum Finder {
    Fast(Greedy<OneTable>),
    Default(Greedy<TwoTables>),
    Best(Chains),
}

impl Encoder {
    /// An encoder of this level.
    #[must_use]
    pub fn new(level: Level) -> Self {
        Self {
            finder: match level {
                Level::Fast => Finder::Fast(Greedy::new()),
                Level::Default => Finder::Default(Greedy::new()),
                Level::Best => Finder::Best(Chains::new()),
            },
            blocks: Blocks::new(),
        }
    }

    /// How many bytes a part of `length` bytes takes at most.
    #[must_use]
    pub const fn bound(length: usize) -> usize {
        // At worst, every segment is a block of its own that is stored, and the last word is not
        // written in full. Behind it may be an empty block.
        length + 10 * (length / SHORTEST_SEGMENT + 3)
    }

    /// Compresses the part of a stream that is `text[start..]` into the front of `out`, and says how
    /// many bytes it takes. `text[..start]` is what comes before the part in the stream, of which
    /// the last [`WINDOW`] bytes are used.
    ///
    /// # Panics
    ///
    /// `start` is beyond the end of the text, the text has 4 GiB or more, or `out` is shorter than
    /// [`bound`](Self::bound) says.
    pub fn encode(&mut self, text: &[u8], start: usize, ending: Ending, out: &mut [u8]) -> usize {
        assert!(start <= text.len(), "the part lies within the text");
        assert!(
            u32::try_from(text.len()).is_ok(),
            "the text is short enough"
        );
        let most = Self::bound(text.len() - start);
        assert!(out.len() >= most, "there is room for whatever comes out");
        let text = Text::new(&text[start.saturating_sub(WINDOW)..]);
        let start = start.min(WINDOW);
        let mut out = Bits::new(out);
        let is_last = ending == Ending::Last;
        if start == text.len() {
            if is_last {
                write::empty(true, &mut out);
            }
        } else {
            let part = Part {
                text,
                start,
                is_last,
            };
            match &mut self.finder {
                Finder::Fast(finder) => cpu::encode(finder, &mut self.blocks, part, &mut out),
                Finder::Default(finder) => cpu::encode(finder, &mut self.blocks, part, &mut out),
                Finder::Best(finder) => cpu::encode(finder, &mut self.blocks, part, &mut out),
            }
        }
        if is_last {
            out.align();
        } else {
            write::synchronize(&mut out);
        }
        out.bytes()
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let level = match self.finder {
            Finder::Fast(_) => Level::Fast,
            Finder::Default(_) => Level::Default,
            Finder::Best(_) => Level::Best,
        };
        f.debug_struct("Encoder")
            .field("level", &level)
            .finish_non_exhaustive()
    }
}
