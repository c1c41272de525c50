//! What goes into a layer: Charliecloud's rules (`ch-image push`), so that an image means the same
//! whichever of the two pushed it.

use crate::walk::Kind;

/// Whether a member belongs to Charliecloud's build cache and not to the image.
///
/// `./ch/git` and `./ch/git.pickle` are left out as Charliecloud does since 0.32. Before, the link
/// to the cache was `./.git`, a file; that one is left out too, while a directory of this name is
/// somebody's repository and stays.
pub(crate) fn is_build_cache(path: &[u8], kind: Kind) -> bool {
    match path {
        b"./ch/git" | b"./ch/git.pickle" => true,
        b"./.git" => kind == Kind::File,
        _ => false,
    }
}

/// Whether a layer's reader would take this name for an order to delete another file (OCI image
/// specification, "Whiteouts").
pub(crate) fn is_whiteout(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next();
    name.is_some_and(|name| name.starts_with(b".wh."))
}

/// The set-user-ID bit. It and the next are left out: all files will be root's.
pub(crate) const SETUID: u32 = 0o4000;
/// The set-group-ID bit.
pub(crate) const SETGID: u32 = 0o2000;
