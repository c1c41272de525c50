//! News of a push, for people and logs.

use std::fmt;
use std::time::Duration;

use crate::ids::BlobId;
use crate::wire::digest::Content;

/// Something that happened. Dropping every event loses nothing but the news.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The registry's way of authentication was satisfied; not said where none is needed.
    Authenticated,
    /// The push may go on: the auth probe passed and, unless it was skipped, the preflight.
    Ready,
    /// The registry is asked whether it has the blob.
    BlobChecking(BlobId),
    /// The registry has the blob already; nothing is uploaded.
    BlobExists(BlobId),
    /// The blob was mounted from another repository; nothing is uploaded.
    BlobMounted(BlobId),
    /// The blob's bytes begin to flow, from this offset.
    BlobUploading(BlobId, u64),
    /// The registry confirmed the blob that was uploaded.
    BlobDone(BlobId, Content),
    /// All blobs are there; the manifest is sent.
    ManifestUploading,
    /// The registry confirmed the manifest.
    ManifestDone,
    /// Something failed that may pass; it is tried again.
    Retrying {
        /// The blob concerned, if one is.
        blob: Option<BlobId>,
        /// How long the pause is.
        after: Duration,
        /// What happened, in words.
        reason: String,
    },
    /// The registry sent a warning; each text is reported once.
    Warning(String),
}

/// Where a blob stands: a snapshot, which may go back when an upload starts over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlobProgress {
    /// Which blob.
    pub blob: BlobId,
    /// What is being done.
    pub stage: BlobStage,
    /// How many bytes have left the source, counted from the blob's beginning.
    pub sent: u64,
    /// How many bytes there are, once that is known.
    pub total: Option<u64>,
}

/// What is being done with a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlobStage {
    /// Not begun, or between two tries.
    Waiting,
    /// The registry is asked whether it has it.
    Checking,
    /// Its bytes flow.
    Uploading,
    /// The registry checks and stores what it got.
    Committing,
    /// Confirmed.
    Done,
}

impl fmt::Display for BlobStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Checking => "checking",
            Self::Uploading => "uploading",
            Self::Committing => "committing",
            Self::Done => "done",
        })
    }
}
