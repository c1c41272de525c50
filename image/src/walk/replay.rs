//! Going through a plan instead of the tree itself.

use std::collections::{HashMap, HashSet};
use std::ffi::CString;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::io::Errno;

use super::ahead::{Ahead, Check, Handle, Latency, More, Opened, Reads};
use super::entry::{Entry, FileId, Kind, Mounted, Stamp};
use super::file::{self, OpenFile};
use super::members::Members;
use super::plan::{Plan, Planned, Reader};
use super::planned_directory::PlannedDirectory;
use super::{Mounts, examine, failed_at};
use crate::attributes::{self, Attributes};
use crate::error::{Change, Operation, PackError};

/// The members of a tree as they were seen, without looking at any of them again. Only files are
/// opened, and the directories above them; all of those have to be what they were, when they are
/// opened and afterwards. [`thoroughly`](Self::thoroughly), the other directories have to be as well.
pub(crate) struct Replay {
    root: Arc<Path>,
    plan: Arc<Plan>,
    reader: Reader,
    target: Vec<u8>,
    attributes: Option<Attributes>,
    /// The current member, if it was opened for its attributes.
    opened: Option<(Opened, Attributes)>,
    frames: Vec<Frame>,
    /// Directories above files, and those that are checked, by where they stand in the plan.
    directories: HashMap<usize, Arc<PlannedDirectory>>,
    /// Whether all directories are checked, and not only those above files.
    is_thorough: bool,
    /// How many files were opened.
    files: u32,
    /// Of files that were opened and read.
    latency: Latency,
    /// Of looks at directories.
    looks: Latency,
    ahead: Option<Ahead>,
    lookahead: Lookahead,
}

/// Whether a member is gone to, and whether it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// If it is a file, it is read.
    Ours,
    /// It is not read.
    Other,
    /// It is not read, and nothing that is in it.
    Pruned,
}

/// Says of each member what becomes of it.
pub(crate) type Choose = Box<dyn FnMut(&[u8], &Entry) -> Choice + Send>;

/// A directory above the current member.
struct Frame {
    /// Where it stands in the plan.
    offset: usize,
    name: CString,
    stamp: Stamp,
    length: usize,
}

/// Goes ahead and hands out the files that will be read.
struct Lookahead {
    reader: Reader,
    choose: Choose,
    frames: Vec<Frame>,
    /// Files with several names of which one was handed out.
    first_names: HashSet<FileId>,
    files: u32,
    is_over: bool,
}

/// Files in a row in one directory.
struct Run {
    first: u32,
    directory: Arc<PlannedDirectory>,
    names: Vec<CString>,
}

impl Replay {
    /// Goes through a plan of `root`. `choose` says which files are going to be read, in its order;
    /// without it, none is.
    pub(crate) fn new(root: &Path, plan: Arc<Plan>, choose: Option<Choose>) -> Self {
        let is_far = plan.is_far && choose.is_some();
        let ahead = is_far.then(ahead);
        Self {
            root: root.into(),
            plan,
            reader: Reader::default(),
            target: Vec::new(),
            attributes: None,
            opened: None,
            frames: Vec::new(),
            directories: HashMap::new(),
            is_thorough: false,
            files: 0,
            latency: super::latency(),
            looks: super::latency(),
            ahead,
            lookahead: Lookahead {
                reader: Reader::default(),
                is_over: choose.is_none(),
                choose: choose.unwrap_or_else(|| Box::new(|_, _| Choice::Other)),
                frames: Vec::new(),
                first_names: HashSet::new(),
                files: 0,
            },
        }
    }

    /// Has all directories that are gone into checked, and not only those above files.
    pub(crate) fn thoroughly(mut self) -> Self {
        self.is_thorough = true;
        self
    }

    /// Leaves the directories that are deeper than `depth`.
    fn leave(&mut self, depth: usize) -> Result<(), PackError> {
        while self.frames.len() > depth {
            if self.is_thorough {
                planned_directory(&mut self.directories, &self.frames, &self.root);
            }
            let Some(frame) = self.frames.pop() else {
                break;
            };
            let Some(directory) = self.directories.remove(&frame.offset) else {
                continue;
            };
            if !self.is_thorough && !directory.is_open() {
                continue;
            }
            self.check(Check::Planned {
                directory,
                root: Arc::clone(&self.root),
                path: self.reader.path()[..frame.length].into(),
            })?;
        }
        Ok(())
    }

    fn check(&mut self, check: Check) -> Result<(), PackError> {
        if let Some(ahead) = &mut self.ahead {
            ahead.check(check);
            return Ok(());
        }
        let started = self.looks.start();
        check.run(None)?;
        if let Some(started) = started
            && self.looks.is_slow(0, started.elapsed())
        {
            self.ahead = Some(ahead());
        }
        Ok(())
    }

    fn confirm(&self, is_end: bool) -> Result<(), PackError> {
        match self.ahead.as_ref().and_then(|ahead| ahead.failed(is_end)) {
            Some(wrong) => Err(wrong),
            None => Ok(()),
        }
    }

    /// Opens the current member, with what was read ahead of it.
    fn prepare(&mut self, entry: &Entry) -> Result<(Opened, Attributes), PackError> {
        let position = [self.files];
        self.files += 1;
        let found = self.ahead.as_mut().and_then(|ahead| ahead.take(&position));
        if let Some(found) = found
            && found.entry.stamp == entry.stamp
            && let More::File { opened, attributes } = found.more
        {
            return Ok((opened, attributes));
        }
        let (file, attributes) = self.open(entry)?;
        if let Some(ahead) = &self.ahead {
            ahead.read_on(&file, entry, &position);
        }
        Ok((Opened::Open { file, start: None }, attributes))
    }

    /// Opens the current member without help.
    fn open(&mut self, entry: &Entry) -> Result<(Arc<Handle>, Attributes), PackError> {
        let directory = planned_directory(&mut self.directories, &self.frames, &self.root);
        let length = directory.length;
        let directory = directory.open(None);
        let directory =
            directory.map_err(|closed| closed.into_error(&self.root, self.reader.path()))?;
        let path = self.host_path();
        let failed = |operation, errno| failed_at(path.clone(), operation, errno);
        let name = name(&self.reader.path()[length..]);
        let opened = rustix::fs::openat(directory.as_fd(), &*name, file::FLAGS, Mode::empty());
        let opened = opened.map_err(|errno| match errno {
            Errno::LOOP | Errno::NOTDIR | Errno::NXIO => self.changed(Change::Replaced),
            _ => failed(Operation::Open, errno),
        })?;
        let now = examine::file(&opened).map_err(|errno| failed(Operation::Examine, errno))?;
        if let Some(change) = entry.stamp.change(&now.stamp) {
            return Err(self.changed(change));
        }
        let attributes = attributes::read(&opened);
        let attributes = attributes.map_err(|errno| failed(Operation::Attributes, errno))?;
        Ok((Arc::new(Handle::from(opened)), attributes))
    }

    /// Hands out files, as many as may be ahead.
    fn hand_out(&mut self) {
        let Some(ahead) = &self.ahead else { return };
        while !self.lookahead.is_over && self.lookahead.files < self.files.saturating_add(AHEAD) {
            let run =
                self.lookahead
                    .next(&self.plan, self.files, &mut self.directories, &self.root);
            if let Some(Run {
                first,
                directory,
                names,
            }) = run
            {
                ahead.open(directory, names, first);
            }
        }
    }
}

impl Members for Replay {
    fn next(&mut self) -> Result<Option<Entry>, PackError> {
        self.confirm(false)?;
        self.opened = None;
        // Where it lies is part of the path of the next one, or of the last one.
        let Some(depth) = self.reader.depth(&self.plan) else {
            self.leave(0)?;
            self.confirm(true)?;
            return Ok(None);
        };
        self.leave(depth)?;
        let Some(Planned {
            entry,
            offset,
            target,
            attributes,
        }) = self.reader.next(&self.plan)
        else {
            return Ok(None);
        };
        self.target = target;
        self.attributes = attributes;
        if entry.kind == Kind::Directory && entry.mounted == Mounted::No {
            self.frames
                .push(Frame::new(self.reader.path(), offset, &entry));
        }
        self.hand_out();
        Ok(Some(entry))
    }

    fn prune(&mut self) {
        let is_in = |frame: &Frame| frame.length == self.reader.path().len();
        if self.frames.last().is_some_and(is_in) {
            self.frames.pop();
        }
        self.reader.skip(&self.plan);
    }

    fn path(&self) -> &[u8] {
        self.reader.path()
    }

    fn root(&self) -> &Path {
        &self.root
    }

    fn attributes(&mut self, entry: &Entry) -> Result<Attributes, PackError> {
        if let Some(known) = &self.attributes {
            return Ok(known.clone());
        }
        // Those of directories are in every plan.
        if entry.kind != Kind::File || entry.mounted == Mounted::Yes {
            return Ok(Attributes::default());
        }
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => self.prepare(entry)?,
        };
        let (_, attributes) = self.opened.insert(opened);
        Ok(attributes.clone())
    }

    fn open_file(&mut self, entry: &Entry) -> Result<OpenFile, PackError> {
        if entry.mounted == Mounted::Yes {
            return Ok(OpenFile::empty(entry, self.host_path()));
        }
        let (opened, _) = match self.opened.take() {
            Some(opened) => opened,
            None => self.prepare(entry)?,
        };
        // It was counted.
        let position = [self.files.saturating_sub(1)];
        let pieces = self
            .ahead
            .as_ref()
            .and_then(|ahead| ahead.pieces(&opened, entry, &position));
        Ok(OpenFile::new(opened, pieces, entry, self.host_path()))
    }

    fn note(&mut self, bytes: u64, waited: Duration) {
        if self.ahead.is_none() && self.latency.is_slow(bytes, waited) {
            self.ahead = Some(ahead());
        }
    }

    fn read_link(&self) -> Result<Vec<u8>, PackError> {
        Ok(self.target.clone())
    }
}

impl Lookahead {
    /// Goes on to the end of a directory's files, or a little, and says which of them will be read:
    /// none of the first `done`, which have been already.
    fn next(
        &mut self,
        plan: &Plan,
        done: u32,
        directories: &mut HashMap<usize, Arc<PlannedDirectory>>,
        root: &Path,
    ) -> Option<Run> {
        let mut run: Option<Run> = None;
        for _ in 0..LONGEST {
            let before = self.reader.depth(plan);
            let is_elsewhere = before != Some(self.frames.len());
            if is_elsewhere && run.is_some() {
                return run;
            }
            let Some(planned) = self.reader.next(plan) else {
                self.is_over = true;
                return run;
            };
            let path = self.reader.path();
            self.frames.truncate(depth_of(path));
            let choice = (self.choose)(path, &planned.entry);
            let entry = &planned.entry;
            if entry.kind == Kind::Directory {
                self.frames.push(Frame::new(path, planned.offset, entry));
                if choice == Choice::Pruned {
                    self.reader.skip(plan);
                }
                if run.is_some() {
                    return run;
                }
                continue;
            }
            let is_read = choice == Choice::Ours
                && entry.kind == Kind::File
                && entry.mounted == Mounted::No
                && (entry.links < 2 || self.first_names.insert(entry.stamp.file));
            if !is_read {
                continue;
            }
            let number = self.files;
            self.files += 1;
            if number < done {
                continue;
            }
            let length = self.frames.last().map_or(0, |frame| frame.length);
            let run = run.get_or_insert_with(|| Run {
                first: number,
                directory: planned_directory(directories, &self.frames, root),
                names: Vec::new(),
            });
            run.names.push(name(&path[length..]));
        }
        run
    }
}

impl Frame {
    fn new(path: &[u8], offset: usize, entry: &Entry) -> Self {
        let slash = path.iter().rposition(|byte| *byte == b'/');
        Self {
            offset,
            name: name(&path[slash.unwrap_or(0)..]),
            stamp: entry.stamp,
            length: path.len(),
        }
    }
}

/// Reads files ahead. What is mounted is in no plan, or is to be read.
fn ahead() -> Ahead {
    Ahead::new(Reads::Files, Mounts::Entered)
}

/// The directory of the innermost of `frames`, of which there is one.
fn planned_directory(
    directories: &mut HashMap<usize, Arc<PlannedDirectory>>,
    frames: &[Frame],
    root: &Path,
) -> Arc<PlannedDirectory> {
    let mut above = None;
    for frame in frames {
        let directory = directories.entry(frame.offset).or_insert_with(|| {
            let name = match above {
                None => CString::new(root.as_os_str().as_bytes()).unwrap_or_default(),
                Some(_) => frame.name.clone(),
            };
            Arc::new(PlannedDirectory::new(
                above.take(),
                name,
                frame.stamp,
                frame.length,
            ))
        });
        above = Some(Arc::clone(directory));
    }
    above.expect("every file of a plan is in a directory, if only the root")
}

/// A name without the slash before it.
fn name(text: &[u8]) -> CString {
    // No name has a NUL in it; an empty one cannot be opened.
    CString::new(text.strip_prefix(b"/").unwrap_or(text)).unwrap_or_default()
}

fn depth_of(path: &[u8]) -> usize {
    path.iter().filter(|byte| **byte == b'/').count()
}

/// How many files are handed out ahead.
const AHEAD: u32 = 2048;

/// How many members are gone through in one step.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests;
