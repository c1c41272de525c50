//! Bodies as descriptions: their bytes never enter this crate.

use bytes::Bytes;

use crate::ids::BlobId;
use crate::wire::digest::Content;
use crate::wire::reference::Repository;

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each arm is a duty of the driver")]
pub enum Payload {
    /// No body. A driver sends `Content-Length: 0` unless the method is `GET` or `HEAD`.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// A part of a blob, which the driver reads from its source.
    Blob(BlobSlice),
}

/// A part of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "each field is a duty of the driver")]
pub struct BlobSlice {
    /// Which blob.
    pub blob: BlobId,
    /// The first byte; always zero for a source that is not [`Replay::Anywhere`].
    pub offset: u64,
    /// How much of it.
    pub extent: Extent,
}

/// How much of a blob a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each arm is a duty of the driver")]
pub enum Extent {
    /// Exactly this many bytes, announced by `Content-Length`. A source that yields fewer or more
    /// is a [`FailureKind::Source`](crate::FailureKind::Source).
    Exact(u64),
    /// All there is, its length and digest known only at the end. The driver sends it in chunked
    /// transfer encoding, hashes it, and reports both in [`Receipt::end`].
    ToEnd,
}

/// A blob to push.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BlobSpec {
    /// Digest and size, or `None` if they are known only when the source has been read.
    pub content: Option<Content>,
    /// How the source can be read again.
    pub replay: Replay,
    /// A repository of the same registry that may hold the blob already, to mount it from.
    pub mount_from: Option<Repository>,
}

/// How a source can be read again when an upload breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the three kinds of source there are")]
pub enum Replay {
    /// From any byte: a file, memory.
    Anywhere,
    /// From the beginning only, with the same bytes: a packer that is run again.
    FromStart,
    /// Not at all: a pipe. An upload that broke after the first byte is lost.
    Never,
}

/// What left the source for one request. It rides on every answer, good or bad.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a driver owes with every answer")]
pub struct Receipt {
    /// How many bytes of the body were read from the source, sent or not.
    pub sent: u64,
    /// For [`Extent::ToEnd`], once the source ran dry: what the whole of it was.
    pub end: Option<Content>,
}

impl BlobSpec {
    /// A blob whose digest and size are known, from a source that can be read from anywhere.
    #[must_use]
    pub fn known(content: Content) -> Self {
        Self {
            content: Some(content),
            replay: Replay::Anywhere,
            mount_from: None,
        }
    }

    /// A blob whose digest and size show only when it has been read.
    #[must_use]
    pub fn streamed(replay: Replay) -> Self {
        Self {
            content: None,
            replay,
            mount_from: None,
        }
    }

    /// The same, from a source that can be read again in another way.
    #[must_use]
    pub fn with_replay(mut self, replay: Replay) -> Self {
        self.replay = replay;
        self
    }

    /// The same, to be mounted from `repository` if the registry can.
    #[must_use]
    pub fn mounted_from(mut self, repository: Repository) -> Self {
        self.mount_from = Some(repository);
        self
    }
}

impl Payload {
    /// The length of the body in bytes, if it is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Blob(slice) => match slice.extent {
                Extent::Exact(length) => Some(length),
                Extent::ToEnd => None,
            },
        }
    }
}
