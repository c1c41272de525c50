//! Which trees there is something known of.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use longshore_protocol::Digest;

/// The name of a tree in the cache: of the directory itself, not of a path to it, since that is what
/// a fingerprint tells trees apart by. None if there is no such directory.
pub(super) fn name(directory: &Path) -> Option<String> {
    let found = directory.metadata().ok()?;
    let text = format!("{} {}", found.dev(), found.ino());
    let digest = Digest::from_sha256(Sha256::digest(text).into());
    Some(digest.hex().to_owned())
}
