//! What is to be done ahead of a walk, what is being done, and what was found.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::fs::FileType;

use super::job::{self, Check, Checked, Found, Listing, More, Opened, PIECE, Piece};
use super::load::{Handle, Held, Load};
use crate::walk::entry::FileId;
use crate::walk::{MOST_OPEN, Reads};

/// Where in the walk something is: the number of its name in the root, the number of the next one in
/// that directory, and so on. A piece of a file has its number at the end. The order is the walk's.
pub(super) type Position = Vec<u32>;

pub(super) struct Shared {
    pub(super) load: Load,
    limits: Limits,
    reads: Reads,
    state: Mutex<State>,
    /// There is work, or it is over.
    work: Condvar,
    /// There is a result that somebody waits for.
    done: Condvar,
}

/// How much may be held.
pub(super) struct Limits {
    pub(super) open: usize,
    pub(super) members: usize,
    pub(super) names: usize,
    pub(super) content: usize,
}

#[derive(Default)]
pub(super) struct State {
    /// Directories and files of which not everything was begun.
    cursors: BinaryHeap<Cursor>,
    checks: VecDeque<Check>,
    /// Checks that are being made.
    checking: usize,
    failed: Option<Checked>,
    /// What was begun and not yet taken.
    slots: BTreeMap<Position, Slot>,
    /// Where the walk is.
    passed: Position,
    /// Files with several names of which one was read.
    first_names: HashSet<FileId>,
    idle: usize,
    is_awaited: bool,
    is_over: bool,
}

enum Slot {
    Busy,
    Member(Found),
    Piece(Piece),
}

/// Work in a row.
struct Cursor {
    /// Where its next piece is.
    position: Position,
    source: Source,
}

enum Source {
    Directory(Listing),
    File { file: Arc<Handle>, size: u64 },
}

/// Something to be done now.
enum Job {
    Member {
        listing: Listing,
        index: usize,
        content: Option<Held>,
    },
    Piece {
        file: Arc<Handle>,
        offset: u64,
        length: usize,
        content: Held,
    },
    Check(Check),
}

impl Shared {
    pub(super) fn new(reads: Reads, limits: Limits) -> Self {
        Self {
            load: Load::default(),
            limits,
            reads,
            state: Mutex::default(),
            work: Condvar::new(),
            done: Condvar::new(),
        }
    }

    /// Works until it is over.
    pub(super) fn work(&self) {
        while let Some((position, job)) = self.next() {
            self.carry_out(position, job);
        }
    }

    /// Works as long as it need not wait, and says how much that was.
    #[cfg(test)]
    pub(super) fn work_now(&self) -> usize {
        let mut count = 0;
        loop {
            let next = self.state().next(self);
            let Some((position, job)) = next else {
                return count;
            };
            self.carry_out(position, job);
            count += 1;
        }
    }

    fn carry_out(&self, position: Position, job: Job) {
        // Declared first, dropped last: whatever happens, the walk does not wait for ever.
        let mut task = Task {
            shared: self,
            position,
            outcome: None,
            checked: None,
            is_check: matches!(job, Job::Check(_)),
        };
        match job {
            Job::Check(check) => task.checked = Some(check.run()),
            Job::Member {
                listing,
                index,
                content,
            } => {
                let found = job::member(self, &listing, index, content);
                task.outcome = found.map(Slot::Member);
            }
            Job::Piece {
                file,
                offset,
                length,
                content,
            } => task.outcome = job::piece(&file, offset, length, content).map(Slot::Piece),
        }
    }

    /// Whether this is the first of a file's names that is read.
    pub(super) fn is_first_name(&self, file: FileId) -> bool {
        self.state().first_names.insert(file)
    }

    /// Has the names of a directory worked on, which is at `position`.
    pub(super) fn enter(&self, listing: Listing, position: &[u32]) {
        self.state().enter(listing, position.to_vec());
        self.work.notify_one();
    }

    /// Has a file read whose first piece is read by another.
    pub(super) fn read(&self, file: Arc<Handle>, size: u64, position: &[u32]) {
        self.state().read(file, size, position);
        self.work.notify_one();
    }

    /// Has a directory looked at that the walk has left.
    pub(super) fn check(&self, check: Check) {
        self.state().checks.push_back(check);
        self.work.notify_one();
    }

    /// A directory that was found to be wrong, if any was. At the walk's end, all of them are looked
    /// at first.
    pub(super) fn failed(&self, is_end: bool) -> Option<Checked> {
        let mut state = self.state();
        if !is_end {
            return state.failed.take();
        }
        loop {
            if let Some(check) = state.checks.pop_front() {
                drop(state);
                let checked = check.run();
                state = self.state();
                if is_wrong(&checked) {
                    state.failed.get_or_insert(checked);
                }
            } else if state.checking > 0 {
                state.is_awaited = true;
                state = wait(&self.done, state);
            } else {
                return state.failed.take();
            }
        }
    }

    /// What was found at `position`, to which the walk has come. Waits for what is being done.
    fn take(&self, position: &[u32]) -> (Option<Slot>, bool) {
        let mut state = self.state();
        state.pass(position);
        let mut has_waited = false;
        while let Some(Slot::Busy) = state.slots.get(position) {
            has_waited = true;
            state.is_awaited = true;
            state = wait(&self.done, state);
        }
        let slot = state.slots.remove(position);
        has_waited |= slot.is_none();
        if state.idle > 0 && state.has_room(self) {
            self.work.notify_one();
        }
        (slot, has_waited)
    }

    /// What was found out about the member at `position`, and whether that was too late.
    pub(super) fn take_member(&self, position: &[u32]) -> (Option<Found>, bool) {
        match self.take(position) {
            (Some(Slot::Member(found)), is_late) => (Some(found), is_late),
            (_, is_late) => (None, is_late),
        }
    }

    /// What was read of the file at `position[..]`, whose last number is the piece's.
    pub(super) fn take_piece(&self, position: &[u32]) -> (Option<Piece>, bool) {
        match self.take(position) {
            (Some(Slot::Piece(piece)), is_late) => (Some(piece), is_late),
            (_, is_late) => (None, is_late),
        }
    }

    pub(super) fn end(&self) {
        let mut state = self.state();
        state.is_over = true;
        state.slots.clear();
        state.cursors.clear();
        self.work.notify_all();
    }

    /// The next job, which is waited for; none when it is over.
    fn next(&self) -> Option<(Position, Job)> {
        let mut state = self.state();
        loop {
            if state.is_over {
                return None;
            }
            if let Some(next) = state.next(self) {
                if state.idle > 0 && state.has_room(self) {
                    self.work.notify_one();
                }
                return Some(next);
            }
            state.idle += 1;
            state = wait(&self.work, state);
            state.idle -= 1;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enter(&mut self, listing: Listing, mut position: Position) {
        if listing.names.len() > 0 && position.len() < MOST_OPEN {
            position.push(0);
            let source = Source::Directory(listing);
            self.cursors.push(Cursor { position, source });
        }
    }

    fn read(&mut self, file: Arc<Handle>, size: u64, position: &[u32]) {
        let mut position = position.to_vec();
        position.push(1);
        let source = Source::File { file, size };
        self.cursors.push(Cursor { position, source });
    }

    /// The walk has come to `position`. What lies before is of no use any more.
    fn pass(&mut self, position: &[u32]) {
        self.passed.clear();
        self.passed.extend_from_slice(position);
        while let Some(first) = self.slots.first_entry() {
            if first.key().as_slice() >= position {
                break;
            }
            first.remove();
        }
    }

    /// Whether as much is held as may be, or nearly.
    fn has_room(&self, shared: &Shared) -> bool {
        !self.checks.is_empty()
            || (!self.cursors.is_empty()
                && self.slots.len() <= shared.limits.members / 8 * 7
                && shared.load.content.now() <= shared.limits.content / 8 * 7)
    }

    fn next(&mut self, shared: &Shared) -> Option<(Position, Job)> {
        if let Some(check) = self.checks.pop_front() {
            self.checking += 1;
            return Some((Position::new(), Job::Check(check)));
        }
        if self.slots.len() >= shared.limits.members {
            return None;
        }
        loop {
            let mut cursor = self.cursors.pop()?;
            if !cursor.skip(&self.passed) {
                continue;
            }
            let Some(job) = cursor.job(shared) else {
                self.cursors.push(cursor);
                return None;
            };
            let position = cursor.position.clone();
            self.slots.insert(position.clone(), Slot::Busy);
            if let Some(number) = cursor.position.last_mut() {
                *number += 1;
            }
            if cursor.is_more() {
                self.cursors.push(cursor);
            }
            return Some((position, job));
        }
    }

    /// Takes in what a job has found.
    fn finish(&mut self, position: Position, outcome: Option<Slot>) {
        let Some(slot) = self.slots.get_mut(&position) else {
            // The walk went past.
            return;
        };
        let Some(outcome) = outcome else {
            self.slots.remove(&position);
            return;
        };
        let mut next = None;
        if let Slot::Member(Found { entry, more }) = &outcome {
            match more {
                More::Directory(listing) => next = Some(Source::Directory(listing.clone())),
                More::File(Opened::Open {
                    file,
                    start: Some(_),
                }) => {
                    let (file, size) = (Arc::clone(file), entry.stamp.size);
                    next = Some(Source::File { file, size });
                }
                _ => {}
            }
        }
        *slot = outcome;
        match next {
            Some(Source::Directory(listing)) => self.enter(listing, position),
            Some(Source::File { file, size }) => self.read(file, size, &position),
            None => {}
        }
    }
}

impl Cursor {
    /// Leaves out what the walk has come to, and says whether anything is left.
    fn skip(&mut self, passed: &[u32]) -> bool {
        if self.position.as_slice() > passed {
            return self.is_more();
        }
        let last = self.position.len() - 1;
        // Where the walk is in another place, it has left this one.
        let is_here = passed.len() > last && passed[..last] == self.position[..last];
        if is_here {
            self.position[last] = passed[last] + 1;
        }
        is_here && self.is_more()
    }

    fn is_more(&self) -> bool {
        let number = self.number();
        match &self.source {
            Source::Directory(listing) => number < listing.names.len(),
            Source::File { size, .. } => ((number * PIECE) as u64) < *size,
        }
    }

    fn number(&self) -> usize {
        self.position.last().map_or(0, |number| *number as usize)
    }

    /// What is to be done next, unless too much is held for that.
    fn job(&self, shared: &Shared) -> Option<Job> {
        let Shared {
            load,
            limits,
            reads,
            ..
        } = shared;
        let number = self.number();
        let is_full = load.content.now() >= limits.content;
        match &self.source {
            Source::File { .. } if is_full => None,
            Source::File { file, size } => {
                let offset = (number * PIECE) as u64;
                let rest = usize::try_from(size - offset).unwrap_or(PIECE);
                Some(Job::Piece {
                    file: Arc::clone(file),
                    offset,
                    length: rest.min(PIECE),
                    content: load.content.hold(PIECE),
                })
            }
            Source::Directory(listing) => {
                let kind = listing.names.kind(number);
                let may_be = |wanted| kind == wanted || kind == FileType::Unknown;
                let is_read = *reads == Reads::Files && may_be(FileType::RegularFile);
                let opens = is_read || may_be(FileType::Directory);
                if (is_read && is_full)
                    || (opens && load.open.now() >= limits.open)
                    || (may_be(FileType::Directory) && load.names.now() >= limits.names)
                {
                    return None;
                }
                Some(Job::Member {
                    listing: listing.clone(),
                    index: number,
                    content: is_read.then(|| load.content.hold(PIECE)),
                })
            }
        }
    }
}

/// The earliest comes out first.
impl Ord for Cursor {
    fn cmp(&self, other: &Self) -> Ordering {
        other.position.cmp(&self.position)
    }
}

impl PartialOrd for Cursor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cursor {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position
    }
}

impl Eq for Cursor {}

/// A job in progress. What came of it is handed over when this is dropped.
struct Task<'a> {
    shared: &'a Shared,
    position: Position,
    outcome: Option<Slot>,
    checked: Option<Checked>,
    is_check: bool,
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if self.is_check {
            state.checking -= 1;
            let wrong = self.checked.take().filter(is_wrong);
            if state.failed.is_none() {
                state.failed = wrong;
            }
        } else {
            let position = std::mem::take(&mut self.position);
            state.finish(position, self.outcome.take());
        }
        if std::mem::take(&mut state.is_awaited) {
            self.shared.done.notify_all();
        }
    }
}

fn wait<'a>(news: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    news.wait(state).unwrap_or_else(PoisonError::into_inner)
}

fn is_wrong(checked: &Checked) -> bool {
    !matches!(&checked.now, Ok(now) if checked.stamp.change(&now.stamp).is_none())
}
