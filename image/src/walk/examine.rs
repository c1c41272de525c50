//! Asking the file system about a file, for what is needed and no more.
//!
//! The time of the last access is not asked for: reading changes it, so file servers would have to
//! be asked again after each read.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, Statx, StatxFlags};
use rustix::io::{Errno, Result};

use super::entry::Entry;

/// What is at `name` in an open directory; a symbolic link is not followed.
pub(super) fn name(directory: BorrowedFd<'_>, name: &CStr) -> Result<Entry> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    match whole(rustix::fs::statx(directory, name, flags, NEEDED))? {
        Some(found) => Ok(Entry::of_statx(&found)),
        None => rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
            .map(|found| Entry::of(&found)),
    }
}

/// What an open file or directory is now.
pub(super) fn file(file: impl AsFd) -> Result<Entry> {
    let file = file.as_fd();
    match whole(rustix::fs::statx(file, c"", AtFlags::EMPTY_PATH, NEEDED))? {
        Some(found) => Ok(Entry::of_statx(&found)),
        None => rustix::fs::fstat(file).map(|found| Entry::of(&found)),
    }
}

/// The answer, unless the system has no such call or the file system left something out.
fn whole(answer: Result<Statx>) -> Result<Option<Statx>> {
    match answer {
        Ok(found) => {
            let given = StatxFlags::from_bits_retain(found.stx_mask);
            Ok(given.contains(NEEDED).then_some(found))
        }
        Err(Errno::NOSYS) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// What an [`Entry`] is made of.
const NEEDED: StatxFlags = StatxFlags::TYPE
    .union(StatxFlags::MODE)
    .union(StatxFlags::UID)
    .union(StatxFlags::GID)
    .union(StatxFlags::NLINK)
    .union(StatxFlags::INO)
    .union(StatxFlags::SIZE)
    .union(StatxFlags::BLOCKS)
    .union(StatxFlags::MTIME)
    .union(StatxFlags::CTIME);

#[cfg(test)]
mod tests;
