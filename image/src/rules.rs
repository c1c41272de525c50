//! What goes into a layer: Charliecloud's rules (`ch-image push`), so that an image means the same
//! whichever of the two pushed it.

use crate::walk::Kind;

/// Tells the files of Charliecloud's build cache from those of the image. It has to be asked about
/// each member in the order of the walk.
///
/// Since 0.32, the cache's files are `./ch/git` and `./ch/git.pickle`, and Charliecloud leaves them
/// out. Before, the link to the cache was a file `./.git`, which names a place on this machine, and
/// the cache put a `./.gitignore` beside it. Both are left out too, if the link is there: a
/// directory `.git` is somebody's repository, and a `.gitignore` without the link somebody's file.
#[derive(Default)]
pub(crate) struct BuildCache {
    is_linked: bool,
}

impl BuildCache {
    pub(crate) fn owns(&mut self, path: &[u8], kind: Kind) -> bool {
        match path {
            b"./ch/git" | b"./ch/git.pickle" => true,
            b"./.git" => {
                self.is_linked = kind == Kind::File;
                self.is_linked
            }
            // It comes after `.git` in byte order, so whether there is the link is known.
            b"./.gitignore" => self.is_linked,
            _ => false,
        }
    }
}

/// Whether a layer's reader would take this name for an order to delete another file (OCI image
/// specification, "Whiteouts").
pub(crate) fn is_whiteout(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next();
    name.is_some_and(|name| name.starts_with(b".wh."))
}

/// The set-user-ID bit. It and the next are left out unless they are asked for: all files will be
/// root's.
pub(crate) const SETUID: u32 = 0o4000;
/// The set-group-ID bit.
pub(crate) const SETGID: u32 = 0o2000;
/// What others need to enter a directory.
pub(crate) const ENTER: u32 = 0o001;
