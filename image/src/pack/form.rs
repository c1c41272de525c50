//! What becomes of the blocks of a layer: one form for each [`Compression`](super::Compression).

use std::io::{self, Write};
use std::sync::Arc;

use super::blocks::Block;

/// How a stream of blocks is compressed.
pub(super) trait Form: Send {
    /// A block after what can be done with it on a thread of its own.
    type Packed: Send;

    /// On how many threads [`compressor`](Self::compressor) is worth running.
    fn threads(&self) -> usize;

    /// What one thread does with blocks. The result depends on the block and its window alone.
    fn compressor(&self) -> impl FnMut(Arc<Block>) -> Self::Packed + Send + use<Self>;

    /// Begins a stream in `sink`.
    fn begin<W: Write>(&self, sink: W) -> io::Result<impl Stream<Self::Packed> + use<Self, W>>;
}

/// A stream that is being written, from blocks in order.
pub(super) trait Stream<P> {
    fn append(&mut self, packed: P) -> io::Result<()>;

    fn finish(self) -> io::Result<()>;
}

/// No compression: plain tar.
pub(super) struct Plain;

impl Form for Plain {
    type Packed = Arc<Block>;

    fn threads(&self) -> usize {
        1
    }

    fn compressor(&self) -> impl FnMut(Arc<Block>) -> Arc<Block> + Send + use<> {
        |block| block
    }

    fn begin<W: Write>(&self, sink: W) -> io::Result<impl Stream<Arc<Block>> + use<W>> {
        Ok(PlainStream(sink))
    }
}

struct PlainStream<W>(W);

impl<W: Write> Stream<Arc<Block>> for PlainStream<W> {
    fn append(&mut self, block: Arc<Block>) -> io::Result<()> {
        self.0.write_all(block.content())
    }

    fn finish(self) -> io::Result<()> {
        Ok(())
    }
}
