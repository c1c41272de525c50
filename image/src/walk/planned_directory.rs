//! A directory of a plan, which is opened when something in it is needed.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::ahead::{Count, Handle, Load};
use super::entry::{Entry, Kind, Stamp};
use super::examine;
use super::failed_at;
use super::members::host_path;
use crate::error::{Change, Operation, PackError};

/// A directory that was seen, and has to be the same when it is opened.
pub(super) struct PlannedDirectory {
    /// None for the root.
    above: Option<Arc<Self>>,
    /// In the one above; the root's whole path.
    name: CString,
    stamp: Stamp,
    /// How much of a path below it is its own.
    pub(super) length: usize,
    opened: Mutex<Option<Arc<Handle>>>,
    /// Jobs in it that are being done.
    pub(super) busy: Count,
}

/// Why a directory is not as it should be: itself or one above it, whose path has this length.
pub(super) struct Closed {
    length: usize,
    reason: Reason,
}

enum Reason {
    Failed(Operation, Errno),
    Changed(Change),
}

impl PlannedDirectory {
    pub(super) fn new(
        above: Option<Arc<Self>>,
        name: CString,
        stamp: Stamp,
        length: usize,
    ) -> Self {
        Self {
            above,
            name,
            stamp,
            length,
            opened: Mutex::default(),
            busy: Count::default(),
        }
    }

    /// The directory, opened if it is not open. Who comes meanwhile waits.
    pub(super) fn open(&self, load: Option<&Load>) -> Result<Arc<Handle>, Closed> {
        let mut opened = self.lock();
        if let Some(opened) = &*opened {
            return Ok(Arc::clone(opened));
        }
        let file = match &self.above {
            None => rustix::fs::openat(CWD, &*self.name, FLAGS, Mode::empty()),
            Some(above) => {
                let above = above.open(load)?;
                let flags = FLAGS | OFlags::NOFOLLOW;
                rustix::fs::openat(above.as_fd(), &*self.name, flags, Mode::empty())
            }
        };
        let file = file.map_err(|errno| {
            self.closed(match errno {
                Errno::LOOP | Errno::NOTDIR | Errno::NXIO => Reason::Changed(Change::Replaced),
                _ => Reason::Failed(Operation::Open, errno),
            })
        })?;
        self.unchanged(examine::file(&file))
            .map_err(|reason| self.closed(reason))?;
        let handle = Arc::new(counted(file, load));
        *opened = Some(Arc::clone(&handle));
        Ok(handle)
    }

    pub(super) fn is_open(&self) -> bool {
        self.lock().is_some()
    }

    /// Fails if the directory is no longer what it was. If it is not open, it is looked at from the
    /// one above.
    pub(super) fn check(&self, load: Option<&Load>) -> Result<(), Closed> {
        let opened = self.lock().clone();
        let now = match (opened, &self.above) {
            (Some(opened), _) => examine::file(&*opened),
            (None, None) => return self.open(load).map(drop),
            (None, Some(above)) => examine::name(above.open(load)?.as_fd(), &self.name),
        };
        self.unchanged(now).map_err(|reason| self.closed(reason))
    }

    fn unchanged(&self, now: Result<Entry, Errno>) -> Result<(), Reason> {
        let now = now.map_err(|errno| Reason::Failed(Operation::Examine, errno))?;
        match self.stamp.change(&now.stamp) {
            // Another file may have got its number.
            _ if now.kind != Kind::Directory => Err(Reason::Changed(Change::Replaced)),
            None => Ok(()),
            Some(change) => Err(Reason::Changed(change)),
        }
    }

    fn closed(&self, reason: Reason) -> Closed {
        let length = self.length;
        Closed { length, reason }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Handle>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Closed {
    /// Says so of the directory in a path of a tree whose root lies at `root`.
    pub(super) fn into_error(self, root: &Path, path: &[u8]) -> PackError {
        let path = host_path(root, &path[..self.length]);
        match self.reason {
            Reason::Failed(operation, errno) => failed_at(path, operation, errno),
            Reason::Changed(change) => PackError::Changed { path, change },
        }
    }
}

fn counted(file: OwnedFd, load: Option<&Load>) -> Handle {
    match load {
        Some(load) => Handle::counted(file, load.open.hold(1)),
        None => Handle::from(file),
    }
}

const FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);
