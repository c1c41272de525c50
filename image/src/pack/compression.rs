//! How a layer's blocks are compressed.

use std::sync::Arc;

use super::gzip::Gzip;

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
}

/// How much time to spend on making a layer small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Quickly: for fast networks.
    Fast,
    /// The compressor's own middle.
    #[default]
    Default,
    /// As small as the format allows.
    Best,
}

/// What one thread compresses with.
pub(super) enum Compressor {
    None,
    Gzip(Box<Gzip>),
}

/// A block after compression.
pub(super) enum Packed {
    Same(Arc<Vec<u8>>),
    New(Vec<u8>),
}

impl Compressor {
    pub(super) fn new(compression: Compression, level: Level) -> Self {
        match compression {
            Compression::None => Self::None,
            Compression::Gzip => Self::Gzip(Box::new(Gzip::new(level))),
        }
    }

    /// Compresses one block. The result depends on the block alone.
    pub(super) fn compress(&mut self, block: Arc<Vec<u8>>) -> Packed {
        match self {
            Self::None => Packed::Same(block),
            Self::Gzip(gzip) => Packed::New(gzip.compress(&block)),
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
