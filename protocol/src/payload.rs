//! What is sent and what became of it: blobs as the caller describes them, bodies as descriptors
//! that the driver resolves, receipts and failures.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;

use crate::ids::BlobId;
use crate::wire::descriptor::Descriptor;
use crate::wire::digest::Content;
use crate::wire::media_type::MediaType;
use crate::wire::reference::Repository;

/// A blob to push: what is known of it, how often its source can be read, and where the registry
/// may have it already.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BlobSpec {
    /// What is known of the bytes before they are read.
    pub content: BlobContent,
    /// What the source allows.
    pub replay: Replay,
    /// Another repository of the same registry that may hold the blob: a cross-repository mount is
    /// tried before the upload.
    pub mount_from: Option<Repository>,
    /// Whether it is made of the blobs added before it: see [`derived`](Self::derived).
    pub derived: bool,
}

/// What is known of a blob before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "known or not known")]
pub enum BlobContent {
    /// Digest and size are known: the registry can be asked for the blob first, and the body has a
    /// length.
    Known(Descriptor),
    /// Of this media type; digest and size come out of reading it to the end. The driver returns
    /// them in [`Receipt::end`].
    Unknown(MediaType),
}

/// How often, and from where, a blob's source can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the driver must know what each asks of it"
)]
pub enum Replay {
    /// From any offset, any number of times: a file, memory.
    Anywhere,
    /// From the start, any number of times, with the same bytes each time: a deterministic packer.
    FromStart,
    /// Once: a pipe.
    Never,
}

/// The body of a request.
///
/// `Debug` says how long it is and not what is in it: a token request has a secret there.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver must know how to send each"
)]
pub enum Payload {
    /// No body. `POST`, `PUT` and `PATCH` carry `Content-Length: 0` all the same.
    Empty,
    /// These bytes, with their length.
    Bytes(Bytes),
    /// A part of a blob, to be read from the blob's source.
    Blob(BlobSlice),
}

/// A part of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver must honour every member"
)]
pub struct BlobSlice {
    /// Whose bytes.
    pub blob: BlobId,
    /// The first byte. Zero unless the source is [`Replay::Anywhere`].
    pub offset: u64,
    /// Up to where.
    pub extent: Extent,
}

/// How far a [`BlobSlice`] reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver must know how to send each"
)]
pub enum Extent {
    /// This many bytes: the request's `Content-Length`.
    Exact(u64),
    /// To the end of the source, whose length nobody knows yet: sent with chunked transfer coding
    /// on HTTP/1.1.
    ToEnd,
}

/// What left the source for one request. It comes with every answer and with every failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a driver must fill every member")]
pub struct Receipt {
    /// How many body bytes were taken from the source. Not all of them need have arrived.
    pub sent: u64,
    /// Size and digest of the whole blob, when the body started at offset zero and the source was
    /// read to its end: the driver hashes while it reads.
    pub end: Option<Content>,
}

/// A request that got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a driver must fill every member")]
pub struct Failure {
    /// What happened, as far as it decides what comes next.
    pub kind: FailureKind,
    /// What left the source before it happened.
    pub receipt: Receipt,
    /// What happened, in words, for a person. Must not contain secrets.
    pub detail: String,
    /// Where the source failed and the length of the body had not been announced: the head of the
    /// answer, if the body was ended there and the registry answered it. It says where the upload
    /// session is, so that it can be deleted. Empty otherwise.
    pub headers: Box<HeaderMap>,
}

/// Why a request got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FailureKind {
    /// The host's name could not be looked up. Tried again a few times: name servers have bad
    /// moments.
    Resolve,
    /// There is no way to the host, now or later: its name does not exist, or the proxy before it
    /// refuses. No byte of the request was sent on. Final.
    Unreachable,
    /// No connection was made: refused, unreachable. No byte of the request was sent.
    Connect,
    /// The TLS handshake failed: a certificate that nobody here trusts, for instance. Final.
    Tls,
    /// The connection broke after it was made. Anything may have happened on the other side.
    Interrupted,
    /// Nothing moved for as long as [`Limits`](crate::Limits) allow. Anything may have happened.
    TimedOut,
    /// The answer is not HTTP.
    Protocol,
    /// The blob's source could not be read, or was not what it was said to be. Final.
    Source,
    /// The request was refused before it was sent, by a rule of the driver's. Final.
    Refused,
    /// This machine lacks what sending takes: a thread, for instance. Nothing was sent. Final.
    Exhausted,
}

impl BlobSpec {
    /// A blob whose digest and size are known, from a source that can be read from anywhere.
    #[must_use]
    pub fn known(descriptor: Descriptor) -> Self {
        Self {
            content: BlobContent::Known(descriptor),
            replay: Replay::Anywhere,
            mount_from: None,
            derived: false,
        }
    }

    /// A blob whose digest is known only when it has been read.
    #[must_use]
    pub fn unknown(media_type: MediaType, replay: Replay) -> Self {
        Self {
            content: BlobContent::Unknown(media_type),
            replay,
            mount_from: None,
            derived: false,
        }
    }

    /// The same blob from a source that allows `replay`.
    #[must_use]
    pub fn with_replay(mut self, replay: Replay) -> Self {
        self.replay = replay;
        self
    }

    /// The same blob, which `repository` may have already.
    #[must_use]
    pub fn with_mount_from(mut self, repository: Repository) -> Self {
        self.mount_from = Some(repository);
        self
    }

    /// The same blob, made of the blobs added before it, as an image's config is made of its layers.
    ///
    /// Where one of those was not in the repository, this can hardly be there: it is uploaded without
    /// a request that asks for it. Where all were, it is looked for like any other, one round trip
    /// later than it would have been without this word.
    #[must_use]
    pub fn derived(mut self) -> Self {
        self.derived = true;
        self
    }
}

impl Payload {
    /// The body's length in bytes, unless only its source knows.
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

impl Failure {
    /// A failure before anything was taken from a source.
    #[must_use]
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            receipt: Receipt::default(),
            detail: detail.into(),
            headers: Box::default(),
        }
    }

    /// The same failure, after `receipt`.
    #[must_use]
    pub fn with_receipt(mut self, receipt: Receipt) -> Self {
        self.receipt = receipt;
        self
    }

    /// The same failure of a source, with the head of the answer to what was sent before it.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        *self.headers = headers;
        self
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Blob(slice) => f.debug_tuple("Blob").field(slice).finish(),
        }
    }
}
