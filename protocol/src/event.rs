//! News of a running push, its progress, and its report.

use std::fmt;
use std::time::Duration;

use crate::ids::BlobId;
use crate::wire::descriptor::Descriptor;
use crate::wire::reference::Repository;

/// News. Nothing has to be done about any of it, and all of it may be dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Somebody is authenticated, or nobody needs to be. Said again when a later challenge was
    /// answered with other credentials.
    Authenticated(Authentication),
    /// The registry has opened an upload session in the repository: one may push. Said once, before
    /// anything is read from a source. Not said when [`Config::preflight`](crate::Config) is off.
    Ready,
    /// The registry is being asked whether it has this blob.
    BlobChecking(BlobId),
    /// The registry has this blob already.
    BlobExists(BlobId),
    /// The registry has taken this blob from another repository.
    BlobMounted(BlobId, Repository),
    /// Bytes of this blob are about to be sent, from `offset` on. Said again after a retry, with
    /// the offset that the registry has everything before, but not of each part where one follows
    /// the other.
    BlobUploading {
        /// Which blob.
        blob: BlobId,
        /// The first byte that will be sent.
        offset: u64,
    },
    /// The registry holds this blob. Said once for each blob, however it got there.
    BlobDone(BlobId, Descriptor),
    /// The registry has this manifest already, under the name that it was to get.
    ManifestExists,
    /// The manifest is about to be sent.
    ManifestUploading,
    /// The registry holds the manifest. Not said when the push fails.
    ManifestDone(Descriptor),
    /// Something went wrong and is tried again.
    Retrying {
        /// What was being done.
        phase: Phase,
        /// For which blob.
        blob: Option<BlobId>,
        /// How long from now.
        after: Duration,
        /// What went wrong, in words, without secrets.
        reason: String,
    },
    /// The registry asks to show this to a person (`Warning: 299`, OCI distribution specification,
    /// "Warnings"). Said once for each text.
    Warning(String),
}

/// How a push is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authentication {
    /// The registry asks for nothing.
    None,
    /// User name and password with every request.
    Basic,
    /// A bearer token, got with credentials.
    Bearer,
    /// A bearer token, got without credentials.
    Anonymous,
}

/// What a push is doing: for messages, and to tell what an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Phase {
    /// Asking the registry whether it is one and wants to know who is there.
    Probe,
    /// Getting a token.
    Authentication,
    /// Opening the first upload session, which shows that one may push.
    Preflight,
    /// Asking whether a blob is there.
    Check,
    /// Opening an upload session, or mounting a blob from another repository.
    Start,
    /// Sending a blob.
    Upload,
    /// Asking how much of a blob arrived.
    Resume,
    /// Closing an upload session with the digest.
    Commit,
    /// Sending the manifest.
    Manifest,
    /// Asking whether the manifest is there.
    Confirm,
    /// Deleting upload sessions that are no longer needed.
    CleanUp,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Probe => "probing the registry",
            Self::Authentication => "authenticating",
            Self::Preflight => "asking for permission to push",
            Self::Check => "checking for a blob",
            Self::Start => "starting an upload",
            Self::Upload => "uploading",
            Self::Resume => "resuming an upload",
            Self::Commit => "committing an upload",
            Self::Manifest => "uploading the manifest",
            Self::Confirm => "confirming the manifest",
            Self::CleanUp => "cleaning up",
        })
    }
}

/// How far one blob is, at the time of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlobProgress {
    /// Which blob.
    pub blob: BlobId,
    /// Its size in bytes, once known.
    pub size: Option<u64>,
    /// How many bytes were sent or are known to be there. Falls back when an upload starts anew.
    pub sent: u64,
    /// What is being done.
    pub activity: BlobActivity,
}

/// What is being done about a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlobActivity {
    /// It waits for its turn, for a token, or for the end of a pause.
    Waiting,
    /// The registry is being asked for it.
    Checking,
    /// An upload session is being opened.
    Starting,
    /// Its bytes are being sent.
    Uploading,
    /// The registry is asked to accept what it was sent.
    Committing,
    /// The registry holds it.
    Done,
}

/// What a successful push did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The manifest, as the registry confirmed it.
    pub manifest: Descriptor,
    /// Whether the registry had the manifest under its name already, so that it was not sent.
    pub manifest_existed: bool,
    /// Every blob, in the order they were added.
    pub blobs: Vec<BlobReport>,
    /// What the registry asked to show to a person, each text once.
    pub warnings: Vec<String>,
    /// The largest part of a blob, in bytes, that was taken in one request after more was refused as
    /// too large (413). `None` where nothing was. A later push that begins with it, as
    /// [`Config::chunk`](crate::Config::chunk), has nothing refused.
    pub largest_chunk: Option<u64>,
    /// How many requests were sent.
    pub requests: u64,
    /// How many of them were sent because an earlier one failed.
    pub retries: u64,
    /// How many upload sessions could not be deleted. The registry drops them in time.
    pub sessions_left: usize,
}

/// What became of one blob.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlobReport {
    /// Its descriptor.
    pub descriptor: Descriptor,
    /// How it got there.
    pub outcome: BlobOutcome,
    /// How many of its bytes left the source, retries included.
    pub sent: u64,
}

/// How a blob got into the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlobOutcome {
    /// It was there.
    Existed,
    /// It was mounted from this repository.
    Mounted(Repository),
    /// It was uploaded.
    Uploaded,
}
