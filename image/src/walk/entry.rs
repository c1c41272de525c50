//! What the file system says about one file.

use rustix::fs::{FileType, Stat, Statx, StatxAttributes};

use crate::error::Change;
use crate::notice::SpecialKind;

/// One file of the tree, as it was when the walk came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// Permission bits with set-ID and sticky bits.
    pub(crate) mode: u32,
    pub(crate) owner: Owner,
    pub(crate) links: u64,
    pub(crate) stamp: Stamp,
    /// Bytes that the file takes on the disk.
    pub(crate) allocated: u64,
    pub(crate) mounted: Mounted,
}

/// Whether something is mounted at a name, so that the file or directory that is the tree's own
/// cannot be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mounted {
    No,
    Yes,
    /// The system does not say: Linux does since 5.8 (statx(2), `STATX_ATTR_MOUNT_ROOT`).
    Unknown,
}

/// Whose a file is, by numbers as this process sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    File,
    Symlink,
    Special(SpecialKind),
}

/// Which file it is and in which state. Two equal stamps, one before and one after reading, are the
/// best evidence there is that nothing changed in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) file: FileId,
    pub(crate) size: u64,
    /// Seconds since 1970.
    pub(crate) mtime: i64,
    pub(super) mtime_nanoseconds: i64,
    pub(super) ctime: i64,
    pub(super) ctime_nanoseconds: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl Entry {
    #[expect(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "the members' types differ between architectures"
    )]
    pub(crate) fn of(stat: &Stat) -> Self {
        Self {
            kind: Kind::of(FileType::from_raw_mode(stat.st_mode)),
            mode: u32::from(stat.st_mode) & 0o7777,
            owner: Owner {
                uid: stat.st_uid as u32,
                gid: stat.st_gid as u32,
            },
            links: stat.st_nlink as u64,
            stamp: Stamp {
                file: FileId {
                    device: stat.st_dev as u64,
                    inode: stat.st_ino as u64,
                },
                size: u64::try_from(stat.st_size).unwrap_or(0),
                mtime: stat.st_mtime as i64,
                mtime_nanoseconds: stat.st_mtime_nsec as i64,
                ctime: stat.st_ctime as i64,
                ctime_nanoseconds: stat.st_ctime_nsec as i64,
            },
            allocated: u64::try_from(stat.st_blocks)
                .unwrap_or(0)
                .saturating_mul(512),
            mounted: Mounted::Unknown,
        }
    }

    /// The same from the other call.
    pub(crate) fn of_statx(found: &Statx) -> Self {
        Self {
            kind: Kind::of(FileType::from_raw_mode(found.stx_mode.into())),
            mode: u32::from(found.stx_mode) & 0o7777,
            owner: Owner {
                uid: found.stx_uid,
                gid: found.stx_gid,
            },
            links: found.stx_nlink.into(),
            stamp: Stamp {
                file: FileId {
                    device: rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor),
                    inode: found.stx_ino,
                },
                size: found.stx_size,
                mtime: found.stx_mtime.tv_sec,
                mtime_nanoseconds: found.stx_mtime.tv_nsec.into(),
                ctime: found.stx_ctime.tv_sec,
                ctime_nanoseconds: found.stx_ctime.tv_nsec.into(),
            },
            allocated: found.stx_blocks.saturating_mul(512),
            mounted: Mounted::of(found),
        }
    }

    /// What is packed for a mount point: an empty directory or an empty file of this mode. All else
    /// that is seen is of what is mounted, and changes without the image being changed.
    pub(super) fn of_mount_point(self) -> Self {
        let is_directory = self.kind == Kind::Directory;
        Self {
            kind: if is_directory {
                Kind::Directory
            } else {
                Kind::File
            },
            mode: self.mode & if is_directory { 0o1777 } else { 0o777 },
            owner: Owner::default(),
            links: 1,
            stamp: Stamp::default(),
            allocated: 0,
            mounted: Mounted::Yes,
        }
    }
}

impl Mounted {
    fn of(found: &Statx) -> Self {
        match (found.stx_attributes_mask, found.stx_attributes) {
            (mask, _) if !mask.contains(StatxAttributes::MOUNT_ROOT) => Self::Unknown,
            (_, attributes) if attributes.contains(StatxAttributes::MOUNT_ROOT) => Self::Yes,
            _ => Self::No,
        }
    }
}

impl Kind {
    fn of(kind: FileType) -> Self {
        match kind {
            FileType::Directory => Self::Directory,
            FileType::RegularFile => Self::File,
            FileType::Symlink => Self::Symlink,
            FileType::Fifo => Self::Special(SpecialKind::Fifo),
            FileType::Socket => Self::Special(SpecialKind::Socket),
            _ => Self::Special(SpecialKind::Device),
        }
    }
}

impl Stamp {
    /// Everything in it, for a fingerprint.
    pub(crate) fn numbers(&self) -> [i64; 7] {
        [
            self.file.device.cast_signed(),
            self.file.inode.cast_signed(),
            self.size.cast_signed(),
            self.mtime,
            self.mtime_nanoseconds,
            self.ctime,
            self.ctime_nanoseconds,
        ]
    }

    /// When it was last changed in any way, in nanoseconds since 1970. The time of modification
    /// says less: anybody may set it to anything, and that is a change in itself.
    pub(crate) fn changed_at(&self) -> i128 {
        i128::from(self.ctime) * 1_000_000_000 + i128::from(self.ctime_nanoseconds)
    }

    /// How a file with this stamp has changed if its stamp is `now` another one.
    pub(crate) fn change(&self, now: &Self) -> Option<Change> {
        if self == now {
            None
        } else if self.file != now.file {
            Some(Change::Replaced)
        } else if now.size < self.size {
            Some(Change::Shrunk)
        } else if now.size > self.size {
            Some(Change::Grown)
        } else {
            Some(Change::Touched)
        }
    }
}
