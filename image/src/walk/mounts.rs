//! What is mounted in a tree.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::CWD;

use super::entry::{Entry, FileId, Kind, Mounted};
use super::examine;

/// What becomes of what is mounted in a tree. The root may be a mount point in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mounts {
    /// It is not gone into: there is an empty directory or an empty file.
    #[default]
    LeftOut,
    /// It is a part of the tree.
    Entered,
}

impl Mounts {
    /// Whether something is mounted at a name, in a directory with the number `above`, and is left
    /// out.
    ///
    /// Where the system does not say, a directory of another device is taken for a mount point, as
    /// by `rsync -x` and `tar --one-file-system`. Of files, a device says nothing: in an overlay, it
    /// is that of the layer that the file is in.
    pub(super) fn leave_out(self, entry: &Entry, above: Option<FileId>) -> bool {
        match (self, entry.mounted) {
            (Self::Entered, _) | (_, Mounted::No) => false,
            (Self::LeftOut, Mounted::Yes) => true,
            (Self::LeftOut, Mounted::Unknown) => {
                let device = entry.stamp.file.device;
                entry.kind == Kind::Directory && above.is_some_and(|above| above.device != device)
            }
        }
    }
}

/// The innermost mount point above or at `path`, in the tree in `root`, if something is mounted there.
pub(crate) fn mount_point(root: &Path, path: &Path) -> Option<PathBuf> {
    let inside = path.ancestors().take_while(|above| *above != root);
    let is_mount = |above: &&Path| {
        let found = CString::new(above.as_os_str().as_bytes()).ok();
        let found = found.and_then(|name| examine::name(CWD, &name).ok());
        found.is_some_and(|entry| entry.mounted == Mounted::Yes)
    };
    let is_inside = path.starts_with(root);
    inside
        .filter(|_| is_inside)
        .find(is_mount)
        .map(Path::to_owned)
}
