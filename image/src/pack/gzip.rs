//! Gzip (RFC 1952): one member, of which each block is a part that is compressed by itself.

use std::fmt::{self, Debug, Formatter};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crc32fast::Hasher;
use longshore_deflate::{Encoder, Ending};

use super::blocks::{BLOCK, Block};
use super::compression::Level;
use super::form::{Form, Stream};
use super::pool::{Buffer, Pool};

/// Gzip of this level.
pub(super) struct Gzip {
    pub(super) level: Level,
    pub(super) threads: NonZeroUsize,
    pub(super) spare: Spare,
}

/// What compressors leave behind for the next ones: fresh memory costs more than old memory. Clones
/// share it.
#[derive(Clone)]
pub(super) struct Spare {
    /// Of buffers of [`BOUND`] bytes.
    parts: Pool,
    /// All of one level.
    encoders: Arc<Mutex<Vec<Encoder>>>,
}

impl Spare {
    pub(super) fn new() -> Self {
        Self {
            parts: Pool::new(BOUND),
            encoders: Arc::default(),
        }
    }

    fn encoder(&self, level: Level) -> Encoder {
        let spare = self.encoders().pop();
        spare.unwrap_or_else(|| {
            Encoder::new(match level {
                Level::Fast => longshore_deflate::Level::Fast,
                Level::Default => longshore_deflate::Level::Default,
                Level::Best => longshore_deflate::Level::Best,
            })
        })
    }

    fn encoders(&self) -> MutexGuard<'_, Vec<Encoder>> {
        self.encoders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Debug for Spare {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Spare").finish_non_exhaustive()
    }
}

/// A block after compression: a part of a deflate stream.
pub(super) struct Part {
    deflated: Buffer,
    /// The CRC-32 of the block, and its length.
    sum: Hasher,
    length: usize,
}

impl Form for Gzip {
    type Packed = Part;

    fn threads(&self) -> usize {
        self.threads.get()
    }

    fn compressor(&self) -> impl FnMut(Arc<Block>) -> Part + Send + use<> {
        let Self { level, .. } = *self;
        let spare = self.spare.clone();
        move |block| {
            let mut encoder = spare.encoder(level);
            let mut deflated = spare.parts.take();
            let (text, start) = block.with_window();
            let length = encoder.encode(text, start, Ending::More, &mut deflated);
            spare.encoders().push(encoder);
            deflated.truncate(length);
            let mut sum = Hasher::new();
            sum.update(block.content());
            Part {
                deflated,
                sum,
                length: block.content().len(),
            }
        }
    }

    fn begin<W: Write>(&self, sink: W) -> io::Result<impl Stream<Part> + use<W>> {
        Member::begin(sink, self.level)
    }
}

/// A member without time, name or operating system that is being written: nothing but the content
/// decides what its bytes are.
struct Member<W> {
    sink: W,
    sum: Hasher,
    length: u64,
}

impl<W: Write> Member<W> {
    fn begin(mut sink: W, level: Level) -> io::Result<Self> {
        // What RFC 1952 has for the two ends of the scale.
        let extra_flags = match level {
            Level::Fast => 4,
            Level::Default => 0,
            Level::Best => 2,
        };
        sink.write_all(&[
            0x1f,
            0x8b,
            DEFLATE,
            NO_FLAGS,
            0,
            0,
            0,
            0,
            extra_flags,
            UNKNOWN_SYSTEM,
        ])?;
        Ok(Self {
            sink,
            sum: Hasher::new(),
            length: 0,
        })
    }
}

impl<W: Write> Stream<Part> for Member<W> {
    fn append(&mut self, part: Part) -> io::Result<()> {
        self.sum.combine(&part.sum);
        self.length += part.length as u64;
        self.sink.write_all(&part.deflated)
    }

    fn finish(mut self) -> io::Result<()> {
        let sum = self.sum.finalize().to_le_bytes();
        // The length modulo 2^32.
        let length = (self.length as u32).to_le_bytes();
        self.sink.write_all(&END)?;
        self.sink.write_all(&sum)?;
        self.sink.write_all(&length)
    }
}

/// How long a block can become.
const BOUND: usize = Encoder::bound(BLOCK);

const DEFLATE: u8 = 8;
const NO_FLAGS: u8 = 0;
const UNKNOWN_SYSTEM: u8 = 255;

/// An empty block that is the last one of a deflate stream (RFC 1951, section 3.2.6).
const END: [u8; 2] = [3, 0];
