//! Walking a tree in an order that does not depend on the file system.

mod ahead;
mod entry;
mod examine;
mod file;
mod members;
mod mounts;
mod names;
mod plan;
mod planned_directory;
mod replay;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::attributes::{self, Attributes};
use crate::error::{Change, Operation, PackError};
use ahead::{Ahead, Check, Handle, Latency, Listing, More, Opened};
use members::host_path;
use names::Names;

pub(crate) use ahead::Reads;
pub(crate) use entry::{Entry, FileId, Kind, Mounted, Owner, Stamp};
pub(crate) use file::OpenFile;
pub(crate) use members::Members;
pub(crate) use mounts::{Mounts, mount_point};
pub(crate) use plan::{Plan, Recorder};
pub(crate) use replay::{Choice, Choose, Replay};

/// A walk through a directory: parents before children, the names in each directory in byte order,
/// the directory itself first.
///
/// Every step goes from an open directory to a name in it, never along a path and never through a
/// symbolic link. So neither the length of paths nor somebody who swaps a directory for a link
/// matters, and memory holds the names of the open directories only.
///
/// Where calls are slow, much is done ahead of it; see [`ahead`].
pub(crate) struct Walk {
    root: PathBuf,
    reads: Reads,
    mounts: Mounts,
    /// The directories from the root to the current one.
    frames: Vec<Frame>,
    /// The number of the current name in each of them.
    position: Vec<u32>,
    /// The current member, `./usr/bin`; the root is `.`.
    path: Vec<u8>,
    step: Step,
    /// What is known of the current member beside its entry.
    more: More,
    /// Of looks at names.
    looks: Latency,
    /// Of files that were opened and read.
    files: Latency,
    ahead: Option<Ahead>,
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
    /// Not while more than [`MOST_OPEN`] directories further down are open.
    directory: Option<Arc<Handle>>,
    names: Arc<Names>,
    attributes: Attributes,
    stamp: Stamp,
    /// How long this directory's own path is.
    path_length: usize,
}

impl Walk {
    /// Opens `root`. It may be a symbolic link to a directory: Charliecloud's aliases are.
    pub(crate) fn new(root: &Path, reads: Reads, mounts: Mounts) -> Result<Self, PackError> {
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
            reads,
            mounts,
            frames: Vec::new(),
            position: Vec::new(),
            path: b".".to_vec(),
            step: Step::Go,
            more: More::Nothing,
            looks: latency(),
            files: latency(),
            ahead: None,
        };
        let entry = Entry {
            mounted: Mounted::No,
            ..walk.examine(&directory)?
        };
        let listing = walk.list(directory)?;
        walk.push(listing, entry.stamp);
        walk.step = Step::Start(entry);
        Ok(walk)
    }

    /// Whether calls have turned out to be slow.
    pub(crate) fn is_far(&self) -> bool {
        self.ahead.is_some()
    }

    /// What is at the current name: what is packed of it, if something is mounted there.
    fn look(&mut self) -> Result<Entry, PackError> {
        let entry = self.look_at_name()?;
        let above = self.frames.last().map(|frame| frame.stamp.file);
        Ok(if self.mounts.leave_out(&entry, above) {
            self.more = More::Nothing;
            entry.of_mount_point()
        } else {
            let mounted = Mounted::No;
            Entry { mounted, ..entry }
        })
    }

    fn look_at_name(&mut self) -> Result<Entry, PackError> {
        self.more = More::Nothing;
        if self.ahead.is_some() {
            self.confirm(false)?;
            if let Some(ahead) = &mut self.ahead
                && let Some(found) = ahead.take(&self.position)
            {
                self.more = found.more;
                return Ok(found.entry);
            }
        }
        let started = match self.ahead {
            Some(_) => None,
            None => self.looks.start(),
        };
        let (directory, name) = self.here();
        let entry = examine::name(directory, name);
        let entry = entry.map_err(|errno| self.failed(Operation::Examine, errno))?;
        if let Some(started) = started
            && self.looks.is_slow(0, started.elapsed())
        {
            self.work_ahead();
        }
        Ok(entry)
    }

    fn enter(&mut self, entry: &Entry) -> Result<(), PackError> {
        let listing = match std::mem::replace(&mut self.more, More::Nothing) {
            More::Directory(listing) => listing,
            _ => self.open_directory(entry)?,
        };
        self.push(listing, entry.stamp);
        Ok(())
    }

    /// Opens the current member, a directory.
    fn open_directory(&self, entry: &Entry) -> Result<Listing, PackError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = self.open(flags | OFlags::NOFOLLOW | OFlags::CLOEXEC)?;
        let now = self.examine(&directory)?;
        self.unchanged(&entry.stamp, &now.stamp)?;
        let listing = self.list(directory)?;
        if let Some(ahead) = &self.ahead {
            ahead.enter(listing.clone(), &self.position);
        }
        Ok(listing)
    }

    fn list(&self, directory: OwnedFd) -> Result<Listing, PackError> {
        let attributes = self.read_attributes(&directory)?;
        let listing = Listing::new(directory.into(), attributes, None);
        listing.map_err(|errno| self.failed(Operation::List, errno))
    }

    fn read_attributes(&self, file: &OwnedFd) -> Result<Attributes, PackError> {
        attributes::read(file).map_err(|errno| self.failed(Operation::Attributes, errno))
    }

    /// Opens the current member, a regular file.
    fn open_now(&self, entry: &Entry) -> Result<(Opened, Attributes), PackError> {
        let file = self.open(file::FLAGS)?;
        let now = self.examine(&file)?;
        self.unchanged(&entry.stamp, &now.stamp)?;
        let attributes = self.read_attributes(&file)?;
        let file = Arc::new(Handle::from(file));
        if let Some(ahead) = &self.ahead
            && self.reads == Reads::Files
        {
            ahead.read_on(&file, entry, &self.position);
        }
        Ok((Opened::Open { file, start: None }, attributes))
    }

    fn push(&mut self, listing: Listing, stamp: Stamp) {
        let Listing {
            directory,
            names,
            attributes,
        } = listing;
        self.frames.push(Frame {
            directory: Some(directory),
            names,
            attributes,
            stamp,
            path_length: self.path.len(),
        });
        // Before the first one.
        self.position.push(u32::MAX);
        // A process may have about a thousand open files; a tree may be deeper.
        if let Some(far) = self.frames.len().checked_sub(MOST_OPEN + 1) {
            self.frames[far].directory = None;
        }
    }

    /// Has threads work ahead from here on.
    fn work_ahead(&mut self) {
        let ahead = Ahead::new(self.reads, self.mounts);
        for (depth, frame) in self.frames.iter().enumerate() {
            if let Some(directory) = &frame.directory {
                let listing = Listing {
                    directory: Arc::clone(directory),
                    names: Arc::clone(&frame.names),
                    attributes: frame.attributes.clone(),
                };
                ahead.enter(listing, &self.position[..depth]);
            }
        }
        self.ahead = Some(ahead);
    }

    /// Fails if a directory that was left has turned out to have changed.
    fn confirm(&self, is_end: bool) -> Result<(), PackError> {
        match self.ahead.as_ref().and_then(|ahead| ahead.failed(is_end)) {
            Some(wrong) => Err(wrong),
            None => Ok(()),
        }
    }

    /// Goes back to the parent directory, if this one is still what it was: an entry that came or
    /// went since would be in no state that ever was.
    fn leave(&mut self) -> Result<(), PackError> {
        self.position.pop();
        let Some(Frame {
            directory: Some(directory),
            stamp,
            ..
        }) = self.frames.pop()
        else {
            return Ok(());
        };
        if let Some(parent) = self
            .frames
            .last_mut()
            .filter(|parent| parent.directory.is_none())
        {
            let path_length = parent.path_length;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = rustix::fs::openat(&*directory, "..", flags, Mode::empty());
            let above = parent.stamp;
            self.still(&directory, &stamp)?;
            self.path.truncate(path_length);
            let opened = opened.map_err(|errno| self.failed(Operation::Open, errno))?;
            self.still(&opened, &above)?;
            if let Some(parent) = self.frames.last_mut() {
                parent.directory = Some(Arc::new(Handle::from(opened)));
            }
            return Ok(());
        }
        let path = self.host_path();
        match &mut self.ahead {
            None => self.still(&directory, &stamp),
            Some(ahead) => {
                ahead.check(Check::Open {
                    directory,
                    stamp,
                    path,
                });
                Ok(())
            }
        }
    }

    /// Fails if the current directory, which is open, is not what it was.
    fn still(&self, directory: impl AsFd, stamp: &Stamp) -> Result<(), PackError> {
        let now = examine::file(directory);
        let now = now.map_err(|errno| self.failed(Operation::Examine, errno))?;
        self.unchanged(stamp, &now.stamp)
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
        let number = self.position.last().map(|number| *number as usize);
        let name = number.and_then(|number| frame.names.get(number));
        let name = name.expect("a member was returned, so its directory has its name");
        (directory.as_fd(), name)
    }

    fn open(&self, flags: OFlags) -> Result<OwnedFd, PackError> {
        let (directory, name) = self.here();
        rustix::fs::openat(directory, name, flags, Mode::empty()).map_err(|errno| match errno {
            // No file, directory or device of this type any more: it was replaced since.
            Errno::LOOP | Errno::NOTDIR | Errno::NXIO => self.changed(Change::Replaced),
            _ => self.failed(Operation::Open, errno),
        })
    }

    fn examine(&self, file: &OwnedFd) -> Result<Entry, PackError> {
        examine::file(file).map_err(|errno| self.failed(Operation::Examine, errno))
    }

    fn unchanged(&self, before: &Stamp, now: &Stamp) -> Result<(), PackError> {
        match before.change(now) {
            None => Ok(()),
            Some(change) => Err(self.changed(change)),
        }
    }

    fn failed(&self, operation: Operation, errno: Errno) -> PackError {
        failed_at(host_path(&self.root, &self.path), operation, errno)
    }
}

impl Members for Walk {
    fn next(&mut self) -> Result<Option<Entry>, PackError> {
        match std::mem::replace(&mut self.step, Step::Go) {
            Step::Start(root) => return Ok(Some(root)),
            Step::Enter(entry) => self.enter(&entry)?,
            Step::Go => {}
        }
        while let (Some(frame), Some(number)) = (self.frames.last(), self.position.last_mut()) {
            self.path.truncate(frame.path_length);
            *number = number.wrapping_add(1);
            let Some(name) = frame.names.get(*number as usize) else {
                self.leave()?;
                continue;
            };
            self.path.push(b'/');
            self.path.extend_from_slice(name.to_bytes());
            let entry = self.look()?;
            if entry.kind == Kind::Directory && entry.mounted == Mounted::No {
                self.step = Step::Enter(entry);
            }
            return Ok(Some(entry));
        }
        self.confirm(true)?;
        Ok(None)
    }

    fn prune(&mut self) {
        self.step = Step::Go;
    }

    fn path(&self) -> &[u8] {
        &self.path
    }

    fn root(&self) -> &Path {
        &self.root
    }

    fn attributes(&mut self, entry: &Entry) -> Result<Attributes, PackError> {
        if entry.mounted == Mounted::Yes {
            return Ok(Attributes::default());
        }
        match (&self.more, entry.kind) {
            (More::Directory(listing), _) => return Ok(listing.attributes.clone()),
            (More::File { attributes, .. } | More::Attributes(attributes), _) => {
                return Ok(attributes.clone());
            }
            // The root is open from the start.
            (_, Kind::Directory) if self.path == b"." => {
                let root = self.frames.first().map(|frame| frame.attributes.clone());
                return Ok(root.unwrap_or_default());
            }
            (_, Kind::Directory) => {
                let listing = self.open_directory(entry)?;
                let attributes = listing.attributes.clone();
                self.more = More::Directory(listing);
                return Ok(attributes);
            }
            (_, Kind::File) => {}
            (_, Kind::Symlink | Kind::Special(_)) => return Ok(Attributes::default()),
        }
        let (opened, attributes) = self.open_now(entry)?;
        self.more = match self.reads {
            Reads::Attributes => More::Attributes(attributes.clone()),
            Reads::Nothing | Reads::Files => More::File {
                opened,
                attributes: attributes.clone(),
            },
        };
        Ok(attributes)
    }

    fn open_file(&mut self, entry: &Entry) -> Result<OpenFile, PackError> {
        if entry.mounted == Mounted::Yes {
            return Ok(OpenFile::empty(entry, self.host_path()));
        }
        let opened = match std::mem::replace(&mut self.more, More::Nothing) {
            More::File { opened, .. } => opened,
            _ => self.open_now(entry)?.0,
        };
        let ahead = self.ahead.as_ref();
        let pieces = ahead.and_then(|ahead| ahead.pieces(&opened, entry, &self.position));
        Ok(OpenFile::new(opened, pieces, entry, self.host_path()))
    }

    fn note(&mut self, bytes: u64, waited: Duration) {
        if self.ahead.is_none() && self.files.is_slow(bytes, waited) {
            self.work_ahead();
        }
    }

    fn read_link(&self) -> Result<Vec<u8>, PackError> {
        if let More::Target(target) = &self.more {
            return Ok(target.clone());
        }
        let (directory, name) = self.here();
        match rustix::fs::readlinkat(directory, name, Vec::new()) {
            Ok(target) => Ok(target.into_bytes()),
            Err(Errno::INVAL) => Err(self.changed(Change::Replaced)),
            Err(errno) => Err(self.failed(Operation::ReadLink, errno)),
        }
    }
}

fn failed_at(path: PathBuf, operation: Operation, errno: Errno) -> PackError {
    match errno {
        // Its directory listed it.
        Errno::NOENT => PackError::Changed {
            path,
            change: Change::Vanished,
        },
        _ => PackError::Unreadable {
            path,
            operation,
            source: errno.into(),
        },
    }
}

#[cfg(not(test))]
fn latency() -> Latency {
    Latency::new()
}

/// Tests work ahead from the first call on, so that all they say of walks is said of walks with work
/// ahead of them, unless they ask for the other.
#[cfg(test)]
fn latency() -> Latency {
    match crate::testing::is_serial() {
        true => Latency::new(),
        false => Latency::impatient(),
    }
}

/// How many directories are held open at most.
const MOST_OPEN: usize = 64;

#[cfg(test)]
mod tests;
