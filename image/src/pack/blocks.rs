//! Cutting a stream into blocks of one size.

use longshore_deflate::WINDOW;

use super::pipeline::Stopped;
use super::pool::{Buffer, Pool};

/// Where the uncompressed stream is written: it arrives elsewhere in blocks of [`BLOCK`] bytes,
/// only the last one shorter.
pub(super) struct Blocks<'a> {
    /// The window of the block that is being filled, and the block, always as long as both may be.
    buffer: Buffer,
    pool: Pool,
    /// How much of the window is there.
    window: usize,
    /// How much of the block is there.
    filled: usize,
    total: u64,
    send: &'a mut dyn FnMut(Block) -> Result<(), Stopped>,
}

/// A block of the stream, behind what comes before it.
pub(super) struct Block {
    buffer: Buffer,
    window: usize,
}

impl Block {
    /// The block itself.
    pub(super) fn content(&self) -> &[u8] {
        &self.buffer[WINDOW..]
    }

    /// The block and up to 32 KiB before it, and where it begins in that.
    pub(super) fn with_window(&self) -> (&[u8], usize) {
        (&self.buffer[WINDOW - self.window..], self.window)
    }
}

impl<'a> Blocks<'a> {
    /// `pool` has buffers of [`BUFFER`] bytes.
    pub(super) fn new(pool: &Pool, send: &'a mut dyn FnMut(Block) -> Result<(), Stopped>) -> Self {
        Self {
            buffer: pool.take(),
            pool: pool.clone(),
            window: 0,
            filled: 0,
            total: 0,
            send,
        }
    }

    /// Appends bytes.
    pub(super) fn put(&mut self, mut bytes: &[u8]) -> Result<(), Stopped> {
        while !bytes.is_empty() {
            let space = self.space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.advance(count)?;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Room to write into, never empty; [`advance`](Self::advance) says how much of it was used.
    pub(super) fn space(&mut self) -> &mut [u8] {
        &mut self.buffer[WINDOW + self.filled..]
    }

    /// Takes the first `count` bytes of the space into the stream.
    pub(super) fn advance(&mut self, count: usize) -> Result<(), Stopped> {
        self.filled += count;
        self.total += count as u64;
        if self.filled < BLOCK {
            return Ok(());
        }
        let mut next = self.pool.take();
        next[..WINDOW].copy_from_slice(&self.buffer[BLOCK..]);
        let block = Block {
            buffer: std::mem::replace(&mut self.buffer, next),
            window: self.window,
        };
        self.window = WINDOW;
        self.filled = 0;
        (self.send)(block)
    }

    /// Sends what remains, and says how long the stream was.
    pub(super) fn finish(mut self) -> Result<u64, Stopped> {
        if self.filled > 0 {
            self.buffer.truncate(WINDOW + self.filled);
            (self.send)(Block {
                buffer: self.buffer,
                window: self.window,
            })?;
        }
        Ok(self.total)
    }
}

/// The size of a buffer for a block and its window.
pub(super) const BUFFER: usize = WINDOW + BLOCK;

/// The size of a block. It decides where parts of a compressed stream end, and so the bytes of every
/// layer: never change it.
pub(super) const BLOCK: usize = 1 << 20;
