//! What can be gone through member by member.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::entry::Entry;
use super::file::OpenFile;
use crate::attributes::Attributes;
use crate::error::{Change, PackError};

/// The members of a tree: parents before children, the names in each directory in byte order, the
/// directory itself first.
pub(crate) trait Members {
    /// The next member of the tree, or `None` after the last.
    fn next(&mut self) -> Result<Option<Entry>, PackError>;

    /// Does not go into the directory that was just returned.
    fn prune(&mut self);

    /// The path of the current member, `./usr/bin`; the root is `.`.
    fn path(&self) -> &[u8];

    /// Where the root lies on this machine.
    fn root(&self) -> &Path;

    /// The extended attributes of the current member. A file is opened for that, and stays open
    /// for [`open_file`](Self::open_file).
    ///
    /// A symbolic link has none: users can give it none (xattr(7), "User extended attributes"), and
    /// capabilities of a link have no effect.
    fn attributes(&mut self, entry: &Entry) -> Result<Attributes, PackError>;

    /// Opens the current member, a regular file.
    fn open_file(&mut self, entry: &Entry) -> Result<OpenFile, PackError>;

    /// Notes how long the system took to open and read a file of so many bytes.
    fn note(&mut self, bytes: u64, waited: Duration);

    /// Reads where the current member, a symbolic link, points.
    fn read_link(&self) -> Result<Vec<u8>, PackError>;

    /// The path of the current member for notices.
    fn member_path(&self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(self.path()))
    }

    /// The path of the current member for errors: where it lies on this machine.
    fn host_path(&self) -> PathBuf {
        host_path(self.root(), self.path())
    }

    /// The current member has changed.
    fn changed(&self, change: Change) -> PackError {
        PackError::Changed {
            path: self.host_path(),
            change,
        }
    }
}

/// Where the member at `path` lies on this machine.
pub(super) fn host_path(root: &Path, path: &[u8]) -> PathBuf {
    match path.get(2..) {
        Some(inner) => root.join(OsStr::from_bytes(inner)),
        None => root.to_owned(),
    }
}
