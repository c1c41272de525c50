//! How a layer's blocks are compressed.

use std::sync::Arc;

use super::gzip::Gzip;
use super::pool::Buffer;
use super::zstd::Zstd;

/// The form of a layer's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Plain tar.
    None,
    /// Gzip (RFC 1952), one member for each block of the tar.
    ///
    /// A file of several members is as good a gzip file as any (section 2.2), and it is what makes
    /// the bytes independent of the number of threads: no member knows of the others. A reader may
    /// also begin at any of them. The price is about one per cent of size.
    #[default]
    Gzip,
    /// Zstandard (RFC 8878), one frame with a checksum for each block of the tar, for the same
    /// reasons. Smaller and several times as fast as gzip, but some readers and registries do not
    /// know it, and only the OCI format has a name for it.
    Zstd,
}

/// How much time to spend on making a layer small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Quickly: for fast networks.
    Fast,
    /// A few per cent smaller for a few per cent more time.
    #[default]
    Default,
    /// As small as is worth its time: what comes after it takes ten times as long for three per
    /// cent.
    Best,
}

/// What one thread compresses with.
pub(super) enum Compressor {
    None,
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
}

/// A block after compression.
pub(super) enum Packed {
    Same(Arc<Buffer>),
    New(Buffer),
}

impl Compressor {
    pub(super) fn new(compression: Compression, level: Level) -> Self {
        match compression {
            Compression::None => Self::None,
            Compression::Gzip => Self::Gzip(Box::new(Gzip::new(level))),
            Compression::Zstd => Self::Zstd(Box::new(Zstd::new(level))),
        }
    }

    /// Compresses one block. The result depends on the block alone.
    pub(super) fn compress(&mut self, block: Arc<Buffer>) -> Packed {
        match self {
            Self::None => Packed::Same(block),
            Self::Gzip(gzip) => Packed::New(gzip.compress(&block)),
            Self::Zstd(zstd) => Packed::New(zstd.compress(&block)),
        }
    }
}

impl Packed {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Same(block) => block,
            Self::New(bytes) => bytes,
        }
    }
}
