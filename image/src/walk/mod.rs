//! Walking a tree in an order that does not depend on the file system.

mod entry;
mod file;
mod names;

use std::ffi::OsStr;
use std::num::NonZeroU64;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Change, Operation, PackError};
use names::Names;

pub(crate) use entry::{Entry, FileId, Kind, Stamp};
pub(crate) use file::OpenFile;

/// A walk through a directory: parents before children, the names in each directory in byte order,
/// the directory itself first.
///
/// Every step goes from an open directory to a name in it, never along a path and never through a
/// symbolic link. So neither the length of paths nor somebody who swaps a directory for a link
/// matters, and memory holds the names of the open directories only.
pub(crate) struct Walk {
    root: PathBuf,
    /// The directories from the root to the current one.
    frames: Vec<Frame>,
    /// The current member, `./usr/bin`; the root is `.`.
    path: Vec<u8>,
    step: Step,
}

enum Step {
    /// The root was opened and not yet returned.
    Start(Entry),
    /// The last entry returned needs nothing more.
    Go,
    /// The last entry returned is a directory, to be entered next.
    Enter(Entry),
}

struct Frame {
    /// None while more than [`MOST_OPEN`] directories further down are open.
    directory: Option<OwnedFd>,
    stamp: Stamp,
    names: Names,
    /// How long this directory's own path is.
    path_length: usize,
    /// The current name, with its NUL.
    name: std::ffi::CString,
}

impl Walk {
    /// Opens `root`. It may be a symbolic link to a directory: Charliecloud's aliases are.
    pub(crate) fn new(root: &Path) -> Result<Self, PackError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(CWD, root, flags, Mode::empty());
        let directory = opened.map_err(|errno| match errno {
            Errno::NOENT => PackError::NoSuchDirectory {
                path: root.to_owned(),
            },
            Errno::NOTDIR => PackError::NotADirectory {
                path: root.to_owned(),
            },
            _ => PackError::Unreadable {
                path: root.to_owned(),
                operation: Operation::Open,
                source: errno.into(),
            },
        })?;
        let mut walk = Self {
            root: root.to_owned(),
            frames: Vec::new(),
            path: b".".to_vec(),
            step: Step::Go,
        };
        let entry = walk.examine(&directory)?;
        walk.push(directory, entry.stamp)?;
        walk.step = Step::Start(entry);
        Ok(walk)
    }

    /// The next member of the tree, or `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, PackError> {
        match std::mem::replace(&mut self.step, Step::Go) {
            Step::Start(root) => return Ok(Some(root)),
            Step::Enter(entry) => self.enter(&entry)?,
            Step::Go => {}
        }
        while let Some(frame) = self.frames.last_mut() {
            self.path.truncate(frame.path_length);
            let Some(name) = frame.names.next() else {
                self.leave()?;
                continue;
            };
            frame.name = name.to_owned();
            self.path.push(b'/');
            self.path.extend_from_slice(name.to_bytes());
            let (directory, name) = self.here();
            let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW);
            let stat = stat.map_err(|errno| self.failed(Operation::Examine, errno))?;
            let entry = Entry::of(&stat);
            if entry.kind == Kind::Directory {
                self.step = Step::Enter(entry);
            }
            return Ok(Some(entry));
        }
        Ok(None)
    }

    /// Does not go into the directory that was just returned.
    pub(crate) fn prune(&mut self) {
        self.step = Step::Go;
    }

    /// The path of the current member, `./usr/bin`; the root is `.`.
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    /// The path of the current member for notices.
    pub(crate) fn member_path(&self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(&self.path))
    }

    /// The path of the current member for errors: where it lies on this machine.
    pub(crate) fn host_path(&self) -> PathBuf {
        match self.path.get(2..) {
            Some(inner) => self.root.join(OsStr::from_bytes(inner)),
            None => self.root.clone(),
        }
    }

    /// Opens the current member, a regular file.
    pub(crate) fn open_file(&self, entry: &Entry) -> Result<OpenFile, PackError> {
        // NONBLOCK: a FIFO that has taken the file's place must not hold the packer for ever.
        let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK;
        let file = self.open(flags, Operation::Open)?;
        let now = self.examine(&file)?;
        self.unchanged(&entry.stamp, &now.stamp)?;
        Ok(OpenFile::new(file, entry, self.host_path()))
    }

    /// Asks the system for the first `most` bytes of the current member, a regular file, without
    /// waiting for them. If that cannot be done, it is not.
    pub(crate) fn read_ahead(&self, most: u64) {
        let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK;
        if let Ok(file) = self.open(flags, Operation::Open) {
            let _ = rustix::fs::fadvise(file, 0, NonZeroU64::new(most), Advice::WillNeed);
        }
    }

    /// Reads where the current member, a symbolic link, points.
    pub(crate) fn read_link(&self) -> Result<Vec<u8>, PackError> {
        let (directory, name) = self.here();
        match rustix::fs::readlinkat(directory, name, Vec::new()) {
            Ok(target) => Ok(target.into_bytes()),
            Err(Errno::INVAL) => Err(self.changed(Change::Replaced)),
            Err(errno) => Err(self.failed(Operation::ReadLink, errno)),
        }
    }

    /// The current member has changed.
    pub(crate) fn changed(&self, change: Change) -> PackError {
        PackError::Changed {
            path: self.host_path(),
            change,
        }
    }

    fn enter(&mut self, entry: &Entry) -> Result<(), PackError> {
        let directory = self.open(OFlags::RDONLY | OFlags::DIRECTORY, Operation::Open)?;
        let now = self.examine(&directory)?;
        self.unchanged(&entry.stamp, &now.stamp)?;
        self.push(directory, now.stamp)
    }

    fn push(&mut self, directory: OwnedFd, stamp: Stamp) -> Result<(), PackError> {
        let names = Names::list(directory.as_fd());
        let names = names.map_err(|errno| self.failed(Operation::List, errno))?;
        self.frames.push(Frame {
            directory: Some(directory),
            stamp,
            names,
            path_length: self.path.len(),
            name: std::ffi::CString::default(),
        });
        // A process may have about a thousand open files; a tree may be deeper.
        if let Some(far) = self.frames.len().checked_sub(MOST_OPEN + 1) {
            self.frames[far].directory = None;
        }
        Ok(())
    }

    /// Goes back to the parent directory, if this one is still what it was: an entry that came or
    /// went since would be in no state that ever was.
    fn leave(&mut self) -> Result<(), PackError> {
        let Some(Frame {
            directory: Some(directory),
            stamp,
            ..
        }) = self.frames.pop()
        else {
            return Ok(());
        };
        let now = self.examine(&directory)?;
        self.unchanged(&stamp, &now.stamp)?;
        if let Some(parent) = self
            .frames
            .last_mut()
            .filter(|parent| parent.directory.is_none())
        {
            self.path.truncate(parent.path_length);
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = rustix::fs::openat(&directory, "..", flags, Mode::empty());
            let stamp = parent.stamp;
            let opened = opened.map_err(|errno| self.failed(Operation::Open, errno))?;
            let now = self.examine(&opened)?;
            self.unchanged(&stamp, &now.stamp)?;
            if let Some(parent) = self.frames.last_mut() {
                parent.directory = Some(opened);
            }
        }
        Ok(())
    }

    /// The open directory and the name in it of the current member.
    fn here(&self) -> (BorrowedFd<'_>, &std::ffi::CStr) {
        let frame = self
            .frames
            .last()
            .expect("a member was returned, so its directory is open");
        let directory = frame
            .directory
            .as_ref()
            .expect("the deepest directory is always open");
        (directory.as_fd(), &frame.name)
    }

    fn open(&self, flags: OFlags, operation: Operation) -> Result<OwnedFd, PackError> {
        let (directory, name) = self.here();
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(directory, name, flags, Mode::empty()).map_err(|errno| match errno {
            // No file, directory or device of this type any more: it was replaced since `statat`.
            Errno::LOOP | Errno::NOTDIR | Errno::NXIO => self.changed(Change::Replaced),
            _ => self.failed(operation, errno),
        })
    }

    fn examine(&self, file: &OwnedFd) -> Result<Entry, PackError> {
        match rustix::fs::fstat(file) {
            Ok(stat) => Ok(Entry::of(&stat)),
            Err(errno) => Err(self.failed(Operation::Examine, errno)),
        }
    }

    fn unchanged(&self, before: &Stamp, now: &Stamp) -> Result<(), PackError> {
        match before.change(now) {
            None => Ok(()),
            Some(change) => Err(self.changed(change)),
        }
    }

    fn failed(&self, operation: Operation, errno: Errno) -> PackError {
        match errno {
            // Its directory listed it.
            Errno::NOENT => self.changed(Change::Vanished),
            _ => PackError::Unreadable {
                path: self.host_path(),
                operation,
                source: errno.into(),
            },
        }
    }
}

/// How many directories are held open at most.
const MOST_OPEN: usize = 64;

#[cfg(test)]
mod tests;
