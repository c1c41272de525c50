//! Gzip members.

use libdeflater::{CompressionLvl, Compressor, crc32};

use super::blocks::BLOCK;
use super::compression::Level;
use super::pool::{Buffer, Pool};

/// Makes gzip members without time, name or operating system: nothing but the content decides.
pub(super) struct Gzip {
    deflate: Compressor,
    pool: Pool,
    extra_flags: u8,
}

impl Gzip {
    pub(super) fn new(level: Level) -> Self {
        // XFL is what RFC 1952 has for the two ends of the scale.
        let (level, extra_flags) = match level {
            Level::Fast => (1, 4),
            Level::Default => (2, 0),
            Level::Best => (7, 2),
        };
        let level = CompressionLvl::new(level).expect("libdeflate has levels from 0 to 12");
        let mut deflate = Compressor::new(level);
        let most = HEADER + deflate.deflate_compress_bound(BLOCK) + TRAILER;
        Self {
            deflate,
            pool: Pool::new(most),
            extra_flags,
        }
    }

    pub(super) fn compress(&mut self, block: &[u8]) -> Buffer {
        let mut out = self.pool.take();
        out[..HEADER].copy_from_slice(&[
            0x1f,
            0x8b,
            DEFLATE,
            NO_FLAGS,
            0,
            0,
            0,
            0,
            self.extra_flags,
            UNKNOWN_SYSTEM,
        ]);
        let length = self
            .deflate
            .deflate_compress(block, &mut out[HEADER..])
            .expect("there is room for whatever becomes of a block");
        let end = HEADER + length + TRAILER;
        let size = u32::try_from(block.len()).expect("a block is small");
        out[end - 8..end - 4].copy_from_slice(&crc32(block).to_le_bytes());
        out[end - 4..end].copy_from_slice(&size.to_le_bytes());
        out.truncate(end);
        out
    }
}

const HEADER: usize = 10;
const TRAILER: usize = 8;

const DEFLATE: u8 = 8;
const NO_FLAGS: u8 = 0;
const UNKNOWN_SYSTEM: u8 = 255;
