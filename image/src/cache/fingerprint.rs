//! What a tree looks like from outside.

use std::fmt;

use longshore_protocol::Digest;
use sha2::{Digest as _, Sha256};

use crate::walk::{Entry, Kind, Mounted};

/// Stands for the state of a tree as far as it can be seen without reading files: names, types,
/// modes, sizes, modification and change times to the nanosecond, devices, inodes, numbers of links
/// and targets of links of everything that goes into a layer. Of a mount point that is not entered
/// ([`Options::cross_mounts`](crate::Options::cross_mounts)), only name, type and mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    digest: Digest,
    /// When anything in it was last changed, in nanoseconds since 1970.
    newest: i128,
}

/// A [`Fingerprint`] in the making.
pub(crate) struct Fingerprinter {
    hasher: Sha256,
    newest: i128,
}

impl Fingerprint {
    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Whether nothing in the tree was written at `now` (nanoseconds since 1970) or shortly before.
    ///
    /// A file that is written twice within the smallest step of its file system's clock, once
    /// before it was looked at and once after, looks unchanged. So only a tree that had been left
    /// alone for a while when it was looked at can be told from a changed one later (in git's words,
    /// it is not "racily clean").
    #[must_use]
    pub fn is_settled(&self, now: i128) -> bool {
        self.newest + GRANULE < now
    }
}

impl Fingerprinter {
    pub(crate) fn new() -> Self {
        Self {
            hasher: Sha256::new(),
            newest: i128::MIN,
        }
    }

    /// Takes in the next member of the walk; `target` is where a symbolic link points.
    pub(crate) fn add(&mut self, path: &[u8], entry: &Entry, target: &[u8]) {
        let stamp = &entry.stamp;
        let kind: u8 = match entry.kind {
            Kind::Directory => 0,
            Kind::File => 1,
            Kind::Symlink => 2,
            Kind::Special(_) => 3,
        };
        for text in [path, target] {
            // The length goes first, so that no two lists of members look alike.
            self.hasher.update((text.len() as u64).to_le_bytes());
            self.hasher.update(text);
        }
        let mounted = match entry.mounted {
            Mounted::Yes => MOUNT_POINT,
            Mounted::No | Mounted::Unknown => 0,
        };
        self.hasher.update([kind | mounted]);
        self.hasher.update(entry.mode.to_le_bytes());
        self.hasher.update(entry.links.to_le_bytes());
        for number in stamp.numbers() {
            self.hasher.update(number.to_le_bytes());
        }
        self.newest = self.newest.max(stamp.changed_at());
    }

    /// Takes in a directory that is repeated for what is below it: only its mode counts.
    pub(crate) fn add_above(&mut self, path: &[u8], mode: u32) {
        self.hasher.update((path.len() as u64).to_le_bytes());
        self.hasher.update(path);
        self.hasher.update(ABOVE.to_le_bytes());
        self.hasher.update(mode.to_le_bytes());
    }

    pub(crate) fn finish(self) -> Fingerprint {
        Fingerprint {
            digest: Digest::from_sha256(self.hasher.finalize().into()),
            newest: self.newest,
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digest.fmt(f)
    }
}

/// Added to the type of a file or directory at which something is mounted that is left out.
const MOUNT_POINT: u8 = 0x10;

/// Where a member would have the length of its target. No target is that long.
const ABOVE: u64 = u64::MAX;

/// Two seconds: the coarsest clock of a file system in use (FAT), and more than what the clocks of
/// a file server and of this machine differ by where time is kept at all.
const GRANULE: i128 = 2_000_000_000;
