//! What a layer leaves out or changes on purpose, and what ch-image changes when it unpacks one.
//!
//! Any difference between a pushed and a pulled tree that is not written here is a bug.

#[cfg(test)]
mod tests;

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::tree::{Kind, Tree};

/// What an honest unpacker finds in the layer of this image, running as `owner`.
pub fn layer(image: &Tree, owner: (u32, u32)) -> Tree {
    image.clone().map(|path, entry| {
        // Nothing in an image belongs to the person who built it.
        entry.owner = owner;
        // Unsafe outside the machine they were made on. Sticky is harmless and stays.
        entry.mode &= !(SETUID | SETGID);
        // A layer is files: what a server or kernel made is made anew where the image runs.
        let special = matches!(entry.kind, Kind::Special(_));
        !special && !is_build_cache(path)
    })
}

/// What `ch-image pull` makes of a layer.
pub fn ch_image_pull(layer: &Tree) -> Tree {
    let mut tree = layer.clone().map(|path, entry| {
        match &mut entry.kind {
            // Images must be usable, and removable, by somebody who is not root.
            Kind::Directory => entry.mode |= 0o700,
            Kind::File { .. } => entry.mode |= 0o600,
            // So that links mean the same inside the container and outside.
            Kind::Symlink { target } => *target = relative(path, target),
            Kind::Special(_) => {}
        }
        !is_in_dev(path) && !is_written_by_ch_image(path)
    });
    forget_what_ch_image_touches(&mut tree);
    tree
}

/// What was pulled, without what `ch-image pull` writes by itself.
pub fn pulled_by_ch_image(pulled: &Tree) -> Tree {
    let mut tree = pulled.clone().map(|path, _| !is_written_by_ch_image(path));
    forget_what_ch_image_touches(&mut tree);
    tree
}

/// The build cache of ch-image lies in the image directory and is no part of the image.
fn is_build_cache(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    bytes.starts_with(b".git") || bytes.starts_with(b"ch/git")
}

/// The container's own `/dev` comes from the host.
fn is_in_dev(path: &Path) -> bool {
    path.starts_with("dev") && path != Path::new("dev")
}

/// Made from the config that was pulled, or a mount point every image must have.
fn is_written_by_ch_image(path: &Path) -> bool {
    let mount_point = path.parent() == Some(Path::new("mnt"));
    mount_point
        || [
            "ch/config.pulled.json",
            "ch/environment",
            "ch/metadata.json",
        ]
        .iter()
        .any(|own| path == Path::new(own))
}

/// The mtimes of what ch-image changes after unpacking, and of symbolic links, which Python's
/// tarfile cannot set.
fn forget_what_ch_image_touches(tree: &mut Tree) {
    for (path, entry) in &mut tree.entries {
        let touched = ["", "ch", "mnt"].iter().any(|own| path == Path::new(own));
        if touched || matches!(entry.kind, Kind::Symlink { .. }) {
            entry.mtime = 0;
        }
    }
}

/// An absolute target as seen from the link; ch-image also tidies `./` and `//` away.
fn relative(link: &Path, target: &Path) -> PathBuf {
    let up = if target.is_absolute() {
        link.components().count() - 1
    } else {
        0
    };
    let down = target
        .components()
        .filter(|part| !matches!(part, Component::RootDir | Component::CurDir));
    let relative: PathBuf = std::iter::repeat_n(Component::ParentDir, up)
        .chain(down)
        .collect();
    if relative.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        relative
    }
}

const SETUID: u32 = 0o4000;
const SETGID: u32 = 0o2000;
