//! What a successful push did.

use crate::ids::BlobId;
use crate::wire::descriptor::Descriptor;
use crate::wire::digest::Content;
use crate::wire::reference::Destination;

/// What a successful push did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Where the image is.
    pub destination: Destination,
    /// The manifest, as the registry confirmed it.
    pub manifest: Descriptor,
    /// The blobs, in the order in which they were added.
    pub blobs: Vec<BlobReport>,
    /// The registry's warnings, each once.
    pub warnings: Vec<String>,
    /// How many requests were sent.
    pub requests: u64,
    /// How many times something was tried again.
    pub retries: u32,
    /// How many upload sessions could not be deleted and are left to the registry to expire.
    pub sessions_left: usize,
}

/// What became of one blob.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlobReport {
    /// Which blob.
    pub blob: BlobId,
    /// Its digest and size.
    pub content: Content,
    /// How it got there.
    pub how: How,
}

/// How a blob got into the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// It was sent.
    Uploaded,
    /// It was there.
    AlreadyPresent,
    /// The registry linked it from another repository.
    Mounted,
}
