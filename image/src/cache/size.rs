//! How large the cache is, and keeping it small.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What lies in a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheSize {
    /// Files.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
}

/// Everything below `root`, of other versions too.
pub(super) fn measure(root: &Path) -> io::Result<CacheSize> {
    let mut size = CacheSize::default();
    for file in files(root)? {
        size.files += 1;
        size.bytes += file.bytes;
    }
    Ok(size)
}

/// Removes the files that the cache has made. Directories stay: somebody may be about to write.
pub(super) fn clear(root: &Path) -> io::Result<CacheSize> {
    let mut size = CacheSize::default();
    for Found { path, bytes, .. } in files(root)? {
        match fs::remove_file(path) {
            Ok(()) => {
                size.files += 1;
                size.bytes += bytes;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(size)
}

/// Removes the oldest files of `folder` when there are too many.
pub(super) fn bound(folder: &Path) -> io::Result<()> {
    let mut files = list(folder)?;
    if files.len() <= MOST {
        return Ok(());
    }
    files.sort_by_key(|file| file.used);
    // Some more than needed, so that not every push has to do it.
    let surplus = files.len() - MOST * 3 / 4;
    for Found { path, .. } in files.drain(..surplus) {
        // Somebody else may be at it, too.
        let _ = fs::remove_file(path);
    }
    Ok(())
}

/// One of the cache's own files.
struct Found {
    path: PathBuf,
    used: SystemTime,
    bytes: u64,
}

fn files(root: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for version in folders(root)? {
        // What else somebody keeps in that directory is theirs.
        let name = version.file_name().and_then(|name| name.to_str());
        let is_ours = name.is_some_and(|name| {
            let number = name.strip_prefix('v').unwrap_or_default();
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if is_ours {
            for folder in folders(&version)? {
                found.extend(list(&folder)?);
            }
        }
    }
    Ok(found)
}

fn folders(root: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match root.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

fn list(folder: &Path) -> io::Result<Vec<Found>> {
    let mut files = Vec::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        match entry.metadata() {
            Ok(metadata) if metadata.is_file() => {
                files.push(Found {
                    path: entry.path(),
                    used: metadata.modified()?,
                    bytes: metadata.len(),
                });
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(files)
}

/// Files in one folder, of a kilobyte or less each. What a program that was killed left behind
/// counts as well, and goes the same way.
const MOST: usize = 1024;
