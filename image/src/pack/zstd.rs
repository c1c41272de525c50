//! Zstandard (RFC 8878): one frame, made by libzstd's own threads.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

use zstd::stream::raw::CParameter;
use zstd::stream::write::Encoder;

use super::blocks::Block;
use super::compression::Level;
use super::form::{Form, Stream};

/// Zstandard of this level.
pub(super) struct Zstd {
    pub(super) level: Level,
    pub(super) threads: NonZeroUsize,
}

impl Form for Zstd {
    type Packed = Arc<Block>;

    /// libzstd has threads of its own.
    fn threads(&self) -> usize {
        1
    }

    fn compressor(&self) -> impl FnMut(Arc<Block>) -> Arc<Block> + Send + use<> {
        |block| block
    }

    fn begin<W: Write>(&self, sink: W) -> io::Result<impl Stream<Arc<Block>> + use<W>> {
        let level = match self.level {
            Level::Fast => 1,
            Level::Default => 2,
            Level::Best => 9,
        };
        let mut encoder = Encoder::new(sink, level)?;
        // Not for safety, which the layer's digest is for: a reader of the frame alone can check it.
        encoder.include_checksum(true)?;
        // Without threads of its own, libzstd cuts the stream elsewhere, and writes other bytes. With
        // one or more, the bytes do not depend on their number.
        let workers = u32::try_from(self.threads.get()).unwrap_or(u32::MAX);
        encoder.set_parameter(CParameter::NbWorkers(workers))?;
        encoder.set_parameter(CParameter::JobSize(JOB))?;
        if self.level != Level::Best {
            encoder.set_parameter(CParameter::OverlapSizeLog(LITTLE_OVERLAP))?;
        }
        Ok(Frame(encoder))
    }
}

/// A frame that is being written.
struct Frame<W: Write>(Encoder<'static, W>);

impl<W: Write> Stream<Arc<Block>> for Frame<W> {
    fn append(&mut self, block: Arc<Block>) -> io::Result<()> {
        self.0.write_all(block.content())
    }

    fn finish(self) -> io::Result<()> {
        self.0.finish().map(drop)
    }
}

/// What one thread compresses at a time, in bytes. Left to itself, libzstd takes four windows, 4 MiB
/// at the default level, of which it keeps several in memory. It decides the bytes of every layer:
/// never change it.
const JOB: u32 = 5 << 18;

/// Each job first looks at one part in 32 of a window before its own bytes. libzstd's default is one
/// in eight, which takes a tenth more time for one part in 500 of the layer. It decides the bytes of
/// every layer as well.
const LITTLE_OVERLAP: u32 = 4;
