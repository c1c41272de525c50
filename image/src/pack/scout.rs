//! Reading ahead of the packer.
//!
//! Small files that are not in memory cost a wait each, and a packer that reads one after the other
//! has one request under way at a time: a disk or a file server that could answer a hundred at once
//! is idle. So where files turn out to be slow, a scout walks the same way ahead and asks the system
//! for what is in them, without waiting for it. It decides nothing about the layer: the packer reads
//! every file itself, and what the scout cannot do is the packer's to find out.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::divide::Selection;
use super::trail::Trail;
use crate::error::PackError;
use crate::rules::BuildCache;
use crate::walk::{Kind, Walk};

/// Notes how long files take to be read, and sends a scout ahead when that is too long.
pub(super) struct Pace {
    directory: PathBuf,
    selection: Option<Selection>,
    files: u64,
    window: Window,
    scout: Option<Scout>,
}

/// How many of the latest files were slow.
#[derive(Default)]
struct Window {
    files: u32,
    slow: u32,
}

impl Pace {
    pub(super) fn new(directory: &Path, selection: Option<&Selection>) -> Self {
        Self {
            directory: directory.to_owned(),
            selection: selection.cloned(),
            files: 0,
            window: Window::default(),
            scout: None,
        }
    }

    /// Notes that the next file of the walk has been read, and how long the system took for that.
    pub(super) fn read(&mut self, bytes: u64, waited: Duration) {
        self.files += 1;
        if let Some(scout) = &self.scout {
            scout.follow(self.files);
            return;
        }
        self.window.add(bytes, waited);
        if self.window.files < WINDOW {
            return;
        }
        if std::mem::take(&mut self.window).is_slow() {
            self.scout = Scout::send(&self.directory, self.selection.clone(), self.files);
        }
    }
}

impl Window {
    fn add(&mut self, bytes: u64, waited: Duration) {
        self.files += 1;
        let copied = Duration::from_nanos(bytes);
        self.slow += u32::from(waited.saturating_sub(copied) > PATIENCE);
    }

    /// Half of them, and not only those that had to wait for a processor.
    fn is_slow(&self) -> bool {
        2 * self.slow >= self.files
    }
}

/// A walk ahead of another one. It ends with this value.
struct Scout {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Scout {
    /// Sends one ahead of a packer that has read so many files; none where there can be no thread.
    fn send(directory: &Path, selection: Option<Selection>, read: u64) -> Option<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                read,
                is_over: false,
            }),
            changed: Condvar::new(),
        });
        let (theirs, directory) = (Arc::clone(&shared), directory.to_owned());
        let work = move || {
            // What goes wrong here goes wrong for the packer as well, and it says so.
            let _ = walk(&directory, selection.as_ref(), &theirs);
        };
        let thread = thread::Builder::new().name("scout".to_owned()).spawn(work);
        let thread = Some(thread.ok()?);
        Some(Self { shared, thread })
    }

    fn follow(&self, read: u64) {
        self.shared.state().read = read;
        self.shared.changed.notify_one();
    }
}

impl Drop for Scout {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It has nothing to say, not even if it panicked.
            let _ = thread.join();
        }
    }
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Files that the packer has read.
    read: u64,
    is_over: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until file number `file` is not too far ahead. Whether it is still to be read, or
    /// nothing if there is no packer to be ahead of.
    fn wait_for(&self, file: u64) -> Option<bool> {
        let is_far = |state: &mut State| !state.is_over && file > state.read + AHEAD;
        let waited = self.changed.wait_while(self.state(), is_far);
        let state = waited.unwrap_or_else(PoisonError::into_inner);
        (!state.is_over).then_some(file > state.read)
    }
}

fn walk(directory: &Path, selection: Option<&Selection>, shared: &Shared) -> Result<(), PackError> {
    let mut build_cache = BuildCache::default();
    let mut trail = Trail::default();
    let mut walk = Walk::new(directory)?;
    let mut file = 0;
    while let Some(entry) = walk.next()? {
        if build_cache.owns(walk.path(), entry.kind) {
            walk.prune();
            continue;
        }
        if let Some(selection) = selection
            && !selection.has(&mut trail, &mut walk, &entry)
        {
            continue;
        }
        // Of a file with several names the packer reads the first. To count the others moves the
        // scout ahead by as many, which does no harm.
        if entry.kind != Kind::File {
            continue;
        }
        file += 1;
        match shared.wait_for(file) {
            None => return Ok(()),
            Some(true) if entry.stamp.size > 0 => walk.read_ahead(MOST),
            Some(_) => {}
        }
    }
    Ok(())
}

/// How many files the scout is ahead: enough for any disk to be busy, and little enough for the
/// memory that is filled ahead.
const AHEAD: u64 = 512;

/// How much of a file is read ahead, in bytes: the system reads ahead by itself in larger ones.
const MOST: u64 = 128 << 10;

/// How many files are looked at before it is decided whether they are slow. Tests send a scout
/// after the first one, so that all they say of packing is said of packing with a scout.
const WINDOW: u32 = if cfg!(test) { 1 } else { 64 };

/// How long a file may take beside its bytes, for which there is a nanosecond each. Opened, read
/// and closed in memory it takes less than ten microseconds; an answer from a disk or over a network
/// takes a hundred at least.
const PATIENCE: Duration = Duration::from_micros(if cfg!(test) { 0 } else { 40 });

#[cfg(test)]
mod tests;
