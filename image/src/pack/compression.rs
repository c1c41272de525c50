//! How a layer is compressed, as a caller says it.

/// The form of a layer's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Plain tar.
    None,
    /// Gzip (RFC 1952).
    ///
    /// One member, though it is compressed on several threads: there are programs that read the
    /// first member only and take the rest for nothing.
    #[default]
    Gzip,
    /// Zstandard (RFC 8878), one frame with a checksum. Smaller and several times as fast as gzip,
    /// but some readers and registries do not know it, and only the OCI format has a name for it.
    Zstd,
}

/// How much time to spend on making a layer small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Quickly: for fast networks.
    Fast,
    /// Four per cent smaller for a third more time to compress.
    #[default]
    Default,
    /// Four per cent smaller again, for three times the time to compress.
    Best,
}
