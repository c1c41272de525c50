//! How much there is to pack.

use std::path::Path;

use super::Watch;
use crate::error::PackError;
use crate::rules::BuildCache;
use crate::walk::{Kind, Walk};

/// What a packer will find in a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scan {
    /// Members.
    pub members: u64,
    /// Bytes of content, where each name of a file with several is counted.
    pub bytes: u64,
}

/// Walks through `directory` without reading any file: for progress with a known end.
///
/// # Errors
///
/// A directory that cannot be read or changes meanwhile, and cancellation by `watch`.
pub fn scan(directory: &Path, watch: &Watch) -> Result<Scan, PackError> {
    let mut scan = Scan::default();
    let mut cache = BuildCache::default();
    let mut walk = Walk::new(directory)?;
    while let Some(entry) = walk.next()? {
        if watch.is_cancelled() {
            return Err(PackError::Cancelled);
        }
        if cache.owns(walk.path(), entry.kind) {
            walk.prune();
            continue;
        }
        match entry.kind {
            Kind::Special(_) => continue,
            Kind::File => scan.bytes += entry.stamp.size,
            Kind::Directory | Kind::Symlink => {}
        }
        scan.members += 1;
    }
    Ok(scan)
}
