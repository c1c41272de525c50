//! How large the cache is, and keeping it small.

use std::io;

use super::CacheError;
use super::folder::{Folder, Found, Root};

/// What lies in a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheSize {
    /// Files.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
}

/// All files that the cache has made, of other versions too.
pub(super) fn measure(root: &Root) -> Result<CacheSize, CacheError> {
    let mut size = CacheSize::default();
    for folder in root.folders()? {
        for file in folder.list()? {
            size.files += 1;
            size.bytes += file.bytes;
        }
    }
    Ok(size)
}

/// Removes them. Directories stay: another program may be about to write.
pub(super) fn clear(root: &Root) -> Result<CacheSize, CacheError> {
    let mut size = CacheSize::default();
    for folder in root.folders()? {
        for Found { name, bytes, .. } in folder.list()? {
            folder.remove(&name)?;
            size.files += 1;
            size.bytes += bytes;
        }
    }
    Ok(size)
}

/// Removes the oldest files of `folder` when there are too many.
pub(super) fn bound(folder: &Folder) -> io::Result<()> {
    let mut files = folder.list()?;
    if files.len() <= MOST {
        return Ok(());
    }
    files.sort_by_key(|file| file.used);
    // Some more than needed, so that not every push has to do it.
    let surplus = files.len() - MOST * 3 / 4;
    for Found { name, .. } in files.drain(..surplus) {
        // Another program may be removing it, too.
        let _ = folder.remove(&name);
    }
    Ok(())
}

/// Files in one folder, of a kilobyte or less each. What a program that was killed left behind
/// counts as well, and goes the same way.
const MOST: usize = 1024;
