//! Bits into bytes, the lowest bit first (RFC 1951, section 3.1.1).

use crate::bytes::put_word;

/// Where bits are written.
pub(crate) struct Bits<'a> {
    out: &'a mut [u8],
    /// How many bytes are complete.
    filled: usize,
    /// Bits that are not: fewer than eight between two calls.
    word: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(out: &'a mut [u8]) -> Self {
        Self {
            out,
            filled: 0,
            word: 0,
            count: 0,
        }
    }

    /// Adds the lowest `count` bits of `bits`, which has no others. No more than 56 may be added
    /// between two times of [`flush`](Self::flush).
    #[inline(always)]
    pub(crate) fn add(&mut self, bits: u64, count: u32) {
        self.word |= bits << self.count;
        self.count += count;
    }

    /// Hands on all bytes that are complete.
    #[inline(always)]
    pub(crate) fn flush(&mut self) {
        put_word(self.out, self.filled, self.word);
        self.filled += (self.count >> 3) as usize;
        self.word >>= self.count & 0x38;
        self.count &= 7;
    }

    /// Writes up to 56 bits.
    pub(crate) fn put(&mut self, bits: u64, count: u32) {
        self.add(bits, count);
        self.flush();
    }

    /// Fills the last byte with zeros.
    pub(crate) fn align(&mut self) {
        self.put(0, self.count.wrapping_neg() & 7);
    }

    /// Whether the last byte is complete.
    pub(crate) fn is_aligned(&self) -> bool {
        self.count == 0
    }

    /// Writes whole bytes behind a complete one.
    pub(crate) fn put_bytes(&mut self, bytes: &[u8]) {
        self.out[self.filled..self.filled + bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    /// How many bytes are complete.
    pub(crate) fn bytes(&self) -> usize {
        self.filled
    }
}
