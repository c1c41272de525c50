//! Buffers that are used again: a fresh one costs the system as much as a tenth of compressing what
//! comes into it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// Where buffers of one size lie between two uses. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    size: usize,
    idle: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// A buffer that goes back to its pool. It holds what it held before, and only its first `length`
/// bytes are seen.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    pool: Pool,
}

impl Pool {
    /// A pool of buffers of `size` bytes.
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            idle: Arc::default(),
        }
    }

    /// A buffer, with anything in it.
    pub(super) fn take(&self) -> Buffer {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        Buffer {
            bytes: idle.unwrap_or_else(|| vec![0; self.size]),
            length: self.size,
            pool: self.clone(),
        }
    }
}

impl Buffer {
    /// Lets only the first `length` bytes be seen.
    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut idle = self
            .pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        idle.push(bytes);
    }
}
