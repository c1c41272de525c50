//! One piece of work ahead of a walk.
//!
//! Only what went well is of use: where a call fails there is no result, and the walk makes the same
//! call itself and says what is wrong.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::load::{Handle, Load, Permit};
use super::state::Shared;
use crate::attributes::{self, Attributes};
use crate::error::{Operation, PackError};
use crate::walk::entry::{Entry, Kind, Mounted, Stamp};
use crate::walk::examine;
use crate::walk::failed_at;
use crate::walk::file;
use crate::walk::names::Names;
use crate::walk::planned_directory::PlannedDirectory;
use crate::walk::{Mounts, Reads};

/// An open directory and what is in it.
#[derive(Clone)]
pub(in crate::walk) struct Listing {
    pub(in crate::walk) directory: Arc<Handle>,
    pub(in crate::walk) names: Arc<Names>,
    pub(in crate::walk) attributes: Attributes,
}

/// What was found out about one member.
pub(in crate::walk) struct Found {
    pub(in crate::walk) entry: Entry,
    pub(in crate::walk) more: More,
}

/// What was found out beside what a look at the name says.
pub(in crate::walk) enum More {
    Nothing,
    Directory(Listing),
    /// Where a symbolic link points.
    Target(Vec<u8>),
    File {
        opened: Opened,
        attributes: Attributes,
    },
    /// Of a file that will not be read.
    Attributes(Attributes),
}

/// A regular file that was opened.
pub(in crate::walk) enum Opened {
    /// All of it was read, and this is what it was afterwards.
    Read { content: Piece, after: Stamp },
    /// It is still open. Its first bytes may have been read.
    Open {
        file: Arc<Handle>,
        start: Option<Piece>,
    },
}

/// Some bytes of a file.
pub(in crate::walk) struct Piece {
    pub(in crate::walk) bytes: Vec<u8>,
    _permit: Permit,
}

/// A directory that the walk has left, and which has to be what it was.
pub(in crate::walk) enum Check {
    /// One that is open, and is what it was if this is still its stamp.
    Open {
        directory: Arc<Handle>,
        stamp: Stamp,
        /// Where it lies on this machine, for errors.
        path: PathBuf,
    },
    /// One of a plan, which need not be open.
    Planned {
        directory: Arc<PlannedDirectory>,
        /// Where the root lies on this machine, and the directory's own path in the tree.
        root: Arc<Path>,
        path: Box<[u8]>,
    },
}

impl Listing {
    pub(in crate::walk) fn new(
        directory: Handle,
        attributes: Attributes,
        load: Option<&Load>,
    ) -> rustix::io::Result<Self> {
        let mut names = Names::list(directory.as_fd())?;
        if let Some(load) = load {
            names.count(load.names.hold(names.room()));
        }
        Ok(Self {
            directory: Arc::new(directory),
            names: Arc::new(names),
            attributes,
        })
    }
}

impl Check {
    /// Fails if the directory has changed. `load` counts what has to be opened for that.
    pub(in crate::walk) fn run(self, load: Option<&Load>) -> Result<(), PackError> {
        match self {
            Self::Open {
                directory,
                stamp,
                path,
            } => match examine::file(&*directory) {
                Err(errno) => Err(failed_at(path, Operation::Examine, errno)),
                Ok(now) => match stamp.change(&now.stamp) {
                    None => Ok(()),
                    Some(change) => Err(PackError::Changed { path, change }),
                },
            },
            Self::Planned {
                directory,
                root,
                path,
            } => directory
                .check(load)
                .map_err(|closed| closed.into_error(&root, &path)),
        }
    }
}

/// Finds out all about member number `index` of a directory. `content` is room for the beginning of
/// a file, if files are read.
pub(super) fn member(
    shared: &Shared,
    listing: &Listing,
    index: usize,
    content: Option<Permit>,
) -> Option<Found> {
    let directory = listing.directory.as_fd();
    let name = listing.names.get(index)?;
    let mut kind = listing.names.kind(index);
    let mut entry = None;
    if kind == FileType::Unknown {
        let found = examine::name(directory, name).ok()?;
        kind = match found.kind {
            Kind::Directory => FileType::Directory,
            Kind::File => FileType::RegularFile,
            Kind::Symlink => FileType::Symlink,
            Kind::Special(_) => FileType::Fifo,
        };
        entry = Some(found);
    }
    match (kind, content) {
        (FileType::Directory, _) => open_directory(shared, directory, name),
        (FileType::RegularFile, Some(content)) => open_file(shared, directory, name, content),
        (FileType::RegularFile, None) if shared.reads == Reads::Attributes => {
            look_into(shared, directory, name)
        }
        (kind, _) => {
            let entry = match entry {
                Some(entry) => entry,
                None => examine::name(directory, name).ok()?,
            };
            let more = match kind {
                FileType::Symlink if entry.kind == Kind::Symlink => {
                    let target = rustix::fs::readlinkat(directory, name, Vec::new()).ok()?;
                    More::Target(target.into_bytes())
                }
                _ => More::Nothing,
            };
            Some(Found { entry, more })
        }
    }
}

/// Opens and reads a file of a plan.
pub(super) fn planned(
    shared: &Shared,
    directory: &PlannedDirectory,
    name: &CStr,
    content: Permit,
) -> Option<Found> {
    let directory = directory.open(Some(&shared.load)).ok()?;
    open_file(shared, directory.as_fd(), name, content)
}

fn open_directory(shared: &Shared, parent: BorrowedFd<'_>, name: &CStr) -> Option<Found> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let permit = shared.load.open.hold(1);
    let opened = rustix::fs::openat(parent, name, flags, Mode::empty()).ok()?;
    let entry = examine::file(&opened).ok()?;
    if shared.mounts == Mounts::LeftOut && entry.mounted == Mounted::Yes {
        let more = More::Nothing;
        return Some(Found { entry, more });
    }
    let attributes = small_attributes(&opened)?;
    let opened = Handle::counted(opened, permit);
    let listing = Listing::new(opened, attributes, Some(&shared.load)).ok()?;
    let more = More::Directory(listing);
    Some(Found { entry, more })
}

/// Opens a file and reads its beginning. What it is is asked of the open file, so that this is what
/// is read.
fn open_file(
    shared: &Shared,
    directory: BorrowedFd<'_>,
    name: &CStr,
    content: Permit,
) -> Option<Found> {
    let permit = shared.load.open.hold(1);
    let opened = rustix::fs::openat(directory, name, file::FLAGS, Mode::empty()).ok()?;
    let entry = examine::file(&opened).ok()?;
    if entry.kind != Kind::File {
        return None;
    }
    let opened = Handle::counted(opened, permit);
    // Of a file with several names, the first one is packed with its content.
    if entry.links > 1 && !shared.is_first_name(entry.stamp.file) {
        let more = More::Nothing;
        return Some(Found { entry, more });
    }
    let attributes = small_attributes(&opened)?;
    let opened = read(opened, &entry, content);
    let more = More::File { opened, attributes };
    Some(Found { entry, more })
}

/// Opens a file for its attributes alone.
fn look_into(shared: &Shared, directory: BorrowedFd<'_>, name: &CStr) -> Option<Found> {
    let _permit = shared.load.open.hold(1);
    let opened = rustix::fs::openat(directory, name, file::FLAGS, Mode::empty()).ok()?;
    let entry = examine::file(&opened).ok()?;
    if entry.kind != Kind::File {
        return None;
    }
    let more = More::Attributes(small_attributes(&opened)?);
    Some(Found { entry, more })
}

/// The attributes of an open file, unless they take so much room that the walk had better read them
/// when it comes there: what is held for it is bounded.
fn small_attributes(opened: impl AsFd) -> Option<Attributes> {
    let attributes = attributes::read(opened).ok()?;
    (attributes.size() <= MOST_ATTRIBUTES).then_some(attributes)
}

fn read(opened: Handle, entry: &Entry, content: Permit) -> Opened {
    let size = entry.stamp.size;
    let is_read = !file::is_sparse(entry);
    let length = usize::try_from(size).unwrap_or(PIECE).min(PIECE);
    let start = is_read
        .then(|| piece(&opened, 0, length, length as u64 == size, content))
        .flatten();
    match start {
        Some(content) if length as u64 == size => match examine::file(&opened) {
            Ok(now) => Opened::Read {
                content,
                after: now.stamp,
            },
            Err(_) => Opened::Open {
                file: Arc::new(opened),
                start: Some(content),
            },
        },
        start => Opened::Open {
            file: Arc::new(opened),
            start,
        },
    }
}

/// Reads so many bytes at `offset`, unless there are fewer, or more behind the last ones of a file.
/// That is asked together with them, since each call may be a round trip.
pub(super) fn piece(
    file: &Handle,
    offset: u64,
    length: usize,
    is_last: bool,
    mut permit: Permit,
) -> Option<Piece> {
    let mut bytes = vec![0; length + usize::from(is_last)];
    let mut filled = 0;
    loop {
        match rustix::io::pread(file, &mut bytes[filled..], offset + filled as u64) {
            Ok(0) if filled < length => return None,
            Ok(count) => filled += count,
            Err(Errno::INTR) => continue,
            Err(_) => return None,
        }
        if filled >= length {
            break;
        }
    }
    if filled > length {
        return None;
    }
    bytes.truncate(length);
    permit.shrink(length);
    Some(Piece {
        bytes,
        _permit: permit,
    })
}

/// How much of a file is read at once, in bytes.
pub(in crate::walk) const PIECE: usize = 64 << 10;

/// How much room the attributes of one member may take ahead of the walk, in bytes.
const MOST_ATTRIBUTES: usize = 4 << 10;
