//! Zstandard frames.

use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

use super::blocks::BLOCK;
use super::compression::Level;
use super::pool::{Buffer, Pool};

/// Makes frames that know their length and end in a checksum.
pub(super) struct Zstd {
    compressor: Compressor<'static>,
    pool: Pool,
}

impl Zstd {
    pub(super) fn new(level: Level) -> Self {
        let level = match level {
            Level::Fast => 1,
            Level::Default => 3,
            Level::Best => 9,
        };
        let mut compressor = Compressor::new(level).expect("zstd has these levels");
        // Not for safety, which the layer's digest is for: a reader of one frame can check it.
        compressor
            .include_checksum(true)
            .expect("zstd has checksums");
        Self {
            compressor,
            pool: Pool::new(compress_bound(BLOCK)),
        }
    }

    pub(super) fn compress(&mut self, block: &[u8]) -> Buffer {
        let mut out = self.pool.take();
        let length = self
            .compressor
            .compress_to_buffer(block, &mut *out)
            .expect("there is room for whatever becomes of a block");
        out.truncate(length);
        out
    }
}
