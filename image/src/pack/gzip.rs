//! Gzip members.

use flate2::{Compress, Crc, FlushCompress, Status};

use super::compression::Level;

/// Makes gzip members without time, name or operating system: nothing but the content decides.
pub(super) struct Gzip {
    deflate: Compress,
    extra_flags: u8,
}

impl Gzip {
    pub(super) fn new(level: Level) -> Self {
        // XFL is what RFC 1952 has for the two ends of the scale.
        let (level, extra_flags) = match level {
            Level::Fast => (flate2::Compression::fast(), 4),
            Level::Default => (flate2::Compression::new(6), 0),
            Level::Best => (flate2::Compression::best(), 2),
        };
        Self {
            deflate: Compress::new(level, false),
            extra_flags,
        }
    }

    pub(super) fn compress(&mut self, block: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(block.len() / 2 + 1024);
        let header = [
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
        ];
        out.extend_from_slice(&header);
        self.deflate(block, &mut out);
        let mut crc = Crc::new();
        crc.update(block);
        out.extend_from_slice(&crc.sum().to_le_bytes());
        out.extend_from_slice(&crc.amount().to_le_bytes());
        out
    }

    fn deflate(&mut self, block: &[u8], out: &mut Vec<u8>) {
        self.deflate.reset();
        loop {
            let taken = usize::try_from(self.deflate.total_in()).expect("within the block");
            let status = self
                .deflate
                .compress_vec(&block[taken..], out, FlushCompress::Finish)
                .expect("deflate without a dictionary takes any bytes in any state");
            if status == Status::StreamEnd {
                return;
            }
            out.reserve(block.len() / 2 + 1024);
        }
    }
}

const DEFLATE: u8 = 8;
const NO_FLAGS: u8 = 0;
const UNKNOWN_SYSTEM: u8 = 255;
