//! A directory of a plan, which is opened when something in it is needed.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::ahead::{Count, Handle, Load};
use super::entry::Stamp;
use super::examine;
use crate::error::{Change, Operation};

/// A directory that was seen, and has to be the same when it is opened.
pub(super) struct Place {
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

/// Why a directory could not be opened: itself or one above it, whose path has this length.
pub(super) struct Closed {
    pub(super) length: usize,
    pub(super) reason: Reason,
}

pub(super) enum Reason {
    Failed(Operation, Errno),
    Changed(Change),
}

impl Place {
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
        let closed = |reason| Closed {
            length: self.length,
            reason,
        };
        let file = match &self.above {
            None => rustix::fs::openat(CWD, &*self.name, FLAGS, Mode::empty()),
            Some(above) => {
                let above = above.open(load)?;
                let flags = FLAGS | OFlags::NOFOLLOW;
                rustix::fs::openat(above.as_fd(), &*self.name, flags, Mode::empty())
            }
        };
        let file = file.map_err(|errno| {
            closed(match errno {
                Errno::LOOP | Errno::NOTDIR | Errno::NXIO => Reason::Changed(Change::Replaced),
                _ => Reason::Failed(Operation::Open, errno),
            })
        })?;
        self.still(&file).map_err(closed)?;
        let handle = Arc::new(counted(file, load));
        *opened = Some(Arc::clone(&handle));
        Ok(handle)
    }

    /// The directory, if it is open. From now on it is not.
    pub(super) fn close(&self) -> Option<Arc<Handle>> {
        self.lock().take()
    }

    fn still(&self, file: &OwnedFd) -> Result<(), Reason> {
        let now = examine::file(file);
        let now = now.map_err(|errno| Reason::Failed(Operation::Examine, errno))?;
        match self.stamp.change(&now.stamp) {
            None => Ok(()),
            Some(change) => Err(Reason::Changed(change)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Handle>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
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
