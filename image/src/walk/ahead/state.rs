//! What is to be done ahead of a walk, what is being done, and what was found.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::ffi::CString;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::job::{self, Check, Found, Listing, More, Opened, Piece};
use super::load::{Handle, Load};
use super::source::{Job, Source};
use crate::error::PackError;
use crate::walk::entry::FileId;
use crate::walk::planned_directory::PlannedDirectory;
use crate::walk::{MOST_OPEN, Mounts, Reads};

/// Where in the walk something is: the number of its name in the root, the number of the next one in
/// that directory, and so on. A piece of a file has its number at the end. The order is the walk's.
pub(super) type Position = Vec<u32>;

pub(super) struct Shared {
    pub(super) load: Load,
    pub(super) limits: Limits,
    pub(super) reads: Reads,
    pub(super) mounts: Mounts,
    state: Mutex<State>,
    /// There is work, or it is over.
    work: Condvar,
    /// There is a result, which the walk may wait for.
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
    cursors: BTreeMap<Position, Source>,
    checks: VecDeque<Check>,
    /// Checks that are being made.
    checking: usize,
    failed: Option<PackError>,
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

impl Shared {
    pub(super) fn new(reads: Reads, mounts: Mounts, limits: Limits) -> Self {
        Self {
            load: Load::default(),
            limits,
            reads,
            mounts,
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
            wrong: None,
            is_check: matches!(job, Job::Check(_)),
        };
        match job {
            Job::Check(check) => task.wrong = check.run(Some(&self.load)).err(),
            Job::Member {
                listing,
                index,
                content,
                busy: _busy,
            } => {
                let found = job::member(self, &listing, index, content);
                task.outcome = found.map(Slot::Member);
            }
            Job::Planned {
                directory,
                names,
                index,
                content,
                busy: _busy,
            } => {
                let name = names.get(index);
                let found = name.and_then(|name| job::planned(self, &directory, name, content));
                task.outcome = found.map(Slot::Member);
            }
            Job::Piece {
                file,
                offset,
                length,
                is_last,
                content,
            } => {
                let piece = job::piece(&file, offset, length, is_last, content);
                task.outcome = piece.map(Slot::Piece);
            }
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

    /// Has files of a directory opened and read, of which the first has this number in the walk.
    pub(super) fn open(&self, directory: Arc<PlannedDirectory>, names: Vec<CString>, first: u32) {
        let source = Source::Planned {
            directory,
            names: Arc::new(names),
            first: first as usize,
        };
        self.state().cursors.insert(vec![first], source);
        self.work.notify_one();
    }

    /// Has a file read whose first piece is read by another.
    pub(super) fn read(&self, file: Arc<Handle>, size: u64, position: &[u32]) {
        self.state().read(file, size, position);
        self.work.notify_one();
    }

    /// Has a directory looked at that the walk has left. If too many wait for that, the walk is to
    /// look at the one that is returned.
    pub(super) fn check(&self, check: Check) -> Option<Check> {
        let mut state = self.state();
        state.checks.push_back(check);
        if state.checks.len() > MOST_CHECKS {
            return state.checks.pop_front();
        }
        self.work.notify_one();
        None
    }

    /// Looks at a directory that the walk has left.
    pub(super) fn check_now(&self, check: Check) {
        if let Err(wrong) = check.run(Some(&self.load)) {
            self.state().failed.get_or_insert(wrong);
        }
    }

    /// What is wrong with a directory, if one was found to be. At the walk's end, all of them are
    /// looked at first.
    pub(super) fn failed(&self, is_end: bool) -> Option<PackError> {
        let mut state = self.state();
        if !is_end {
            return state.failed.take();
        }
        loop {
            if let Some(check) = state.checks.pop_front() {
                drop(state);
                self.check_now(check);
                state = self.state();
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
            self.cursors.insert(position, Source::of(listing));
        }
    }

    fn read(&mut self, file: Arc<Handle>, size: u64, position: &[u32]) {
        let mut position = position.to_vec();
        position.push(1);
        let source = Source::File { file, size };
        self.cursors.insert(position, source);
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
        self.drop_passed();
        let job = self.choose(shared);
        let (position, job) = job?;
        let mut source = self.cursors.remove(&position);
        self.slots.insert(position.clone(), Slot::Busy);
        let mut next = position.clone();
        if let Some(number) = next.last_mut() {
            *number += 1;
        }
        if let Some(source) = source.take_if(|source| source.has(&next)) {
            self.cursors.insert(next, source);
        }
        Some((position, job))
    }

    /// The earliest job that can be done now. Of one directory, few are done at once while there are
    /// others: some file systems answer for one name after the other there.
    fn choose(&self, shared: &Shared) -> Option<(Position, Job)> {
        let fits = |limit: usize| self.slots.len() < limit;
        let most = shared.limits.members;
        let mut first = None;
        for (number, (position, source)) in self.cursors.iter().take(MOST_CHOICES).enumerate() {
            // What comes first may use what the others have to leave.
            let is_first = number == 0;
            if !fits(if is_first { most } else { most - most / 4 }) {
                break;
            }
            if source.crowd() >= FEW {
                if is_first {
                    first = Some((position, source));
                }
                continue;
            }
            match source.job(position, is_first, shared) {
                Some(job) => return Some((position.clone(), job)),
                // What is held is let go of by the walk, which comes to the first one first.
                None if is_first => return None,
                None => break,
            }
        }
        let (position, source) = first.filter(|(_, source)| source.crowd() < MANY)?;
        let job = source.job(position, true, shared)?;
        Some((position.clone(), job))
    }

    /// Leaves out what the walk has come to.
    fn drop_passed(&mut self) {
        while let Some(first) = self.cursors.first_entry() {
            if first.key().as_slice() > self.passed.as_slice() {
                return;
            }
            let (mut position, source) = first.remove_entry();
            let last = position.len() - 1;
            // Where the walk is in another place, it has left this one.
            if self.passed.len() > last && self.passed[..last] == position[..last] {
                position[last] = self.passed[last] + 1;
                if source.has(&position) {
                    self.cursors.insert(position, source);
                }
            }
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
                More::Directory(listing) => next = Some(Source::of(listing.clone())),
                More::File {
                    opened:
                        Opened::Open {
                            file,
                            start: Some(_),
                        },
                    ..
                } => {
                    let (file, size) = (Arc::clone(file), entry.stamp.size);
                    next = Some(Source::File { file, size });
                }
                _ => {}
            }
        }
        *slot = outcome;
        match next {
            Some(Source::Directory { listing, .. }) => self.enter(listing, position),
            Some(Source::File { file, size }) => self.read(file, size, &position),
            Some(Source::Planned { .. }) | None => {}
        }
    }
}

/// A job in progress. What came of it is handed over when this is dropped.
struct Task<'a> {
    shared: &'a Shared,
    position: Position,
    outcome: Option<Slot>,
    wrong: Option<PackError>,
    is_check: bool,
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if self.is_check {
            state.checking -= 1;
            if state.failed.is_none() {
                state.failed = self.wrong.take();
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

/// So many jobs of one directory are done at once while there are others.
const FEW: usize = 6;

/// So many are done at once where there is nothing else to do.
const MANY: usize = 32;

/// How many directories that the walk has left wait to be looked at.
const MOST_CHECKS: usize = 256;

/// How many directories and files are looked through for a job.
const MOST_CHOICES: usize = 64;
