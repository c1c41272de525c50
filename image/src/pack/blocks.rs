//! Cutting a stream into blocks of one size.

use super::pipeline::Stopped;
use super::pool::{Buffer, Pool};

/// Where the uncompressed stream is written: it arrives elsewhere in blocks of [`BLOCK`] bytes,
/// only the last one shorter.
pub(super) struct Blocks<'a> {
    /// Always as long as a block; the first `filled` bytes count.
    block: Buffer,
    pool: Pool,
    filled: usize,
    total: u64,
    send: &'a mut dyn FnMut(Buffer) -> Result<(), Stopped>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(send: &'a mut dyn FnMut(Buffer) -> Result<(), Stopped>) -> Self {
        let pool = Pool::new(BLOCK);
        Self {
            block: pool.take(),
            pool,
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
        &mut self.block[self.filled..]
    }

    /// Takes the first `count` bytes of the space into the stream.
    pub(super) fn advance(&mut self, count: usize) -> Result<(), Stopped> {
        self.filled += count;
        self.total += count as u64;
        if self.filled < BLOCK {
            return Ok(());
        }
        self.filled = 0;
        (self.send)(std::mem::replace(&mut self.block, self.pool.take()))
    }

    /// Sends what remains, and says how long the stream was.
    pub(super) fn finish(mut self) -> Result<u64, Stopped> {
        if self.filled > 0 {
            self.block.truncate(self.filled);
            (self.send)(self.block)?;
        }
        Ok(self.total)
    }
}

/// The size of a block. It decides where gzip members end, and so the bytes of every layer: never
/// change it.
pub(super) const BLOCK: usize = 1 << 20;
