//! Working ahead of a walk.
//!
//! On a file system that is far away each look-up, each opening and each read is a wait, and a walk
//! that does one after the other waits most of the time. So where calls turn out to be slow, threads
//! do ahead of the walk what it is going to do: look at names, open and list directories, open files
//! and read them, the earliest first. They decide nothing. The walk goes its way in its order and
//! asks for what was found: it waits for what is being done, and does itself what was not begun or
//! has failed. So its errors are its own.
//!
//! How much is held for the walk is bounded: members, names, bytes and open files. Nothing is done
//! where a bound is reached, and since the walk never waits for what was not begun, it always goes
//! on.

mod job;
mod latency;
mod load;
mod source;
mod state;

use std::ffi::CString;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustix::process::{Resource, getrlimit};

use super::Mounts;
use super::entry::Entry;
use super::file::is_sparse;
use super::planned_directory::PlannedDirectory;
use crate::error::PackError;
use state::{Limits, Shared};

pub(super) use job::{Check, Found, Listing, More, Opened, PIECE, Piece};
pub(super) use latency::Latency;
pub(super) use load::{Count, Handle, Load, Permit};

/// Whether a walk is going to read files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// It only looks at them.
    Nothing,
    /// Their extended attributes.
    Attributes,
    /// All of them, in its order.
    Files,
}

/// Threads ahead of a walk. They end with this value.
pub(super) struct Ahead {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    has_failed: bool,
}

impl Ahead {
    /// Where no thread can be had, nothing is done ahead.
    pub(super) fn new(reads: Reads, mounts: Mounts) -> Self {
        let limits = Limits {
            open: most_open(),
            members: match reads {
                Reads::Nothing | Reads::Attributes => MOST_MEMBERS,
                Reads::Files => MOST_MEMBERS / 4,
            },
            names: MOST_NAMES,
            content: MOST_CONTENT,
        };
        let mut ahead = Self {
            shared: Arc::new(Shared::new(reads, mounts, limits)),
            threads: Vec::new(),
            has_failed: false,
        };
        ahead.reinforce();
        ahead
    }

    /// Works on what is in a directory, which is at `position` in the walk.
    pub(super) fn enter(&self, listing: Listing, position: &[u32]) {
        self.shared.enter(listing, position);
    }

    /// What was found out about the member at `position`, to which the walk has come.
    pub(super) fn take(&mut self, position: &[u32]) -> Option<Found> {
        let (found, is_late) = self.shared.take_member(position);
        if is_late {
            self.reinforce();
        }
        found
    }

    /// Opens and reads files of a directory, of which the first has this number in the walk.
    pub(super) fn open(&self, directory: Arc<PlannedDirectory>, names: Vec<CString>, first: u32) {
        self.shared.open(directory, names, first);
    }

    /// Reads a large file, which the walk has opened itself, but for its first piece.
    pub(super) fn read_on(&self, file: &Arc<Handle>, entry: &Entry, position: &[u32]) {
        let size = entry.stamp.size;
        if size > PIECE as u64 && !is_sparse(entry) {
            self.shared.read(Arc::clone(file), size, position);
        }
    }

    /// Where further pieces of the file at `position` come from, if there are any.
    pub(super) fn pieces(
        &self,
        opened: &Opened,
        entry: &Entry,
        position: &[u32],
    ) -> Option<Pieces> {
        let is_more = matches!(opened, Opened::Open { .. }) && entry.stamp.size > PIECE as u64;
        is_more.then(|| Pieces {
            shared: Arc::clone(&self.shared),
            position: position.to_vec(),
        })
    }

    /// Looks at a directory that the walk has left. [`failed`](Self::failed) says what came of it.
    pub(super) fn check(&mut self, check: Check) {
        if let Some(earlier) = self.shared.check(check) {
            self.reinforce();
            self.shared.check_now(earlier);
        }
    }

    /// What is wrong with a directory that the walk has left, if one is no longer what it was. At the
    /// walk's end, all of them have been looked at.
    pub(super) fn failed(&self, is_end: bool) -> Option<PackError> {
        self.shared.failed(is_end)
    }

    /// Starts threads: twice as many as there are.
    fn reinforce(&mut self) {
        if self.has_failed {
            return;
        }
        let wanted = (2 * self.threads.len()).clamp(FEWEST_THREADS, MOST_THREADS);
        while self.threads.len() < wanted {
            let shared = Arc::clone(&self.shared);
            let builder = thread::Builder::new().name("ahead".to_owned());
            match builder.stack_size(STACK).spawn(move || shared.work()) {
                Ok(thread) => self.threads.push(thread),
                Err(_) => {
                    self.has_failed = true;
                    return;
                }
            }
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.shared.end();
        for thread in self.threads.drain(..) {
            // It has nothing to say, not even if it panicked.
            let _ = thread.join();
        }
    }
}

/// The pieces of one file, but for the first.
pub(super) struct Pieces {
    shared: Arc<Shared>,
    position: Vec<u32>,
}

impl Pieces {
    /// A piece, if it was read. Those before are of no use any more.
    pub(super) fn take(&mut self, number: u64) -> Option<Piece> {
        let number = u32::try_from(number).ok()?;
        self.position.push(number);
        let (piece, _) = self.shared.take_piece(&self.position);
        self.position.pop();
        piece
    }
}

/// A process may have about a thousand open files, of which not all are ours.
fn most_open() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    let limit = limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    (limit / 2).min(MOST_OPEN)
}

const FEWEST_THREADS: usize = 8;
const MOST_THREADS: usize = 64;

/// Nothing that they do is deep.
const STACK: usize = 128 << 10;

/// Open directories and files, at most.
const MOST_OPEN: usize = 2048;

/// How many members are worked on ahead of a walk that only looks at them: as many as all threads do
/// in a good many round trips, since directories are of different sizes. They take some 200 bytes
/// each.
const MOST_MEMBERS: usize = 8192;

/// Bytes of names, at most.
const MOST_NAMES: usize = 2 << 20;

/// Bytes of content, at most.
const MOST_CONTENT: usize = 4 << 20;

#[cfg(test)]
mod tests;
