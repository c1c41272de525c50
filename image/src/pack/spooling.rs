//! A layer in a temporary file that is read while it is written.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::spool::SpooledLayer;
use super::{Packer, Watch};
use crate::error::PackError;
use crate::notice::Notice;

impl Packer {
    /// Packs `directory` on another thread into a temporary file in `spool`, as
    /// [`pack_to_spool`](Self::pack_to_spool) does, and lets it be read meanwhile.
    ///
    /// `notices` is called on that thread.
    ///
    /// # Errors
    ///
    /// [`PackError::Spool`] and [`PackError::Thread`]; everything else comes out of the readers and
    /// of [`finish`](Spooling::finish).
    pub fn start_to_spool(
        &self,
        directory: PathBuf,
        spool: &Path,
        mut notices: impl FnMut(Notice) + Send + 'static,
        watch: Watch,
    ) -> Result<Spooling, PackError> {
        let spool = spool.to_owned();
        let file = tempfile::tempfile_in(&spool).map_err(|source| PackError::Spool {
            directory: spool.clone(),
            source,
        })?;
        let shared = Arc::new(Shared {
            file: Arc::new(file),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let packer = self.clone();
        let sink = Sink(Arc::clone(&shared));
        let work = move || {
            // Declared first, dropped last: a panic counts as an end, too.
            let end = End(Arc::clone(&sink.0));
            let packed = packer.pack_and_look(
                &directory,
                sink,
                packer.buffers.clone(),
                &mut notices,
                &watch,
            );
            let mut state = end.0.state();
            let outcome = match packed {
                Ok((layer, fingerprint)) => Ok(SpooledLayer::new(
                    layer,
                    fingerprint,
                    Arc::clone(&end.0.file),
                )),
                Err(PackError::Sink(_)) if state.is_abandoned => Err(PackError::Cancelled),
                Err(PackError::Sink(source)) => Err(PackError::Spool {
                    directory: spool,
                    source,
                }),
                Err(error) => Err(error),
            };
            state.outcome = Some(outcome.map_err(Arc::new));
        };
        let started = thread::Builder::new().name("pack".to_owned()).spawn(work);
        started.map_err(PackError::Thread)?;
        Ok(Spooling { shared })
    }
}

/// A layer that is being packed into a temporary file. Dropping it stops the packer; its readers
/// then fail.
#[derive(Debug)]
pub struct Spooling {
    shared: Arc<Shared>,
}

impl Spooling {
    /// A reader of the layer's bytes from `offset` on, which waits for those that are not there
    /// yet. Any number of them may read at once, each at its own place.
    #[must_use]
    pub fn open_at(&self, offset: u64) -> SpoolingReader {
        SpoolingReader {
            shared: Arc::clone(&self.shared),
            offset,
        }
    }

    /// What was packed, if the packer is done.
    ///
    /// # Errors
    ///
    /// Why packing failed.
    pub fn outcome(&self) -> Option<Result<SpooledLayer, Arc<PackError>>> {
        self.shared.state().outcome.clone()
    }

    /// Waits for the packer, but not for longer than `time`.
    ///
    /// # Errors
    ///
    /// Why packing failed.
    pub fn wait_for(&self, time: Duration) -> Option<Result<SpooledLayer, Arc<PackError>>> {
        let is_busy = |state: &mut State| state.outcome.is_none();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(self.shared.state(), time, is_busy);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.outcome.clone()
    }

    /// Waits for the packer.
    ///
    /// # Errors
    ///
    /// Why packing failed.
    pub fn finish(&self) -> Result<SpooledLayer, Arc<PackError>> {
        let state = self.shared.wait(|state| state.outcome.is_some());
        let outcome = state.outcome.clone();
        outcome.unwrap_or_else(|| Err(Arc::new(PackError::Cancelled)))
    }
}

impl Drop for Spooling {
    fn drop(&mut self) {
        self.shared.state().is_abandoned = true;
    }
}

/// Reads a [`Spooling`] layer from some offset to its end.
#[derive(Debug)]
pub struct SpoolingReader {
    shared: Arc<Shared>,
    offset: u64,
}

impl Read for SpoolingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = {
            let is_news = |state: &State| state.written > self.offset || state.outcome.is_some();
            let state = self.shared.wait(is_news);
            match &state.outcome {
                Some(Err(error)) => return Err(io::Error::other(Arc::clone(error))),
                _ => state.written.saturating_sub(self.offset),
            }
        };
        let limit = usize::try_from(ready)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if limit == 0 {
            return Ok(0);
        }
        let file = &self.shared.file;
        file.read_exact_at(&mut buffer[..limit], self.offset)?;
        self.offset += limit as u64;
        Ok(limit)
    }
}

#[derive(Debug)]
struct Shared {
    file: Arc<File>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes that can be read.
    written: u64,
    is_abandoned: bool,
    outcome: Option<Result<SpooledLayer, Arc<PackError>>>,
}

impl Shared {
    /// What is in the state is whole even where a thread that held it has panicked.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, is_enough: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        self.changed
            .wait_while(self.state(), |state| !is_enough(state))
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The packer's end.
struct Sink(Arc<Shared>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.state().is_abandoned {
            return Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "nobody wants the layer any more",
            ));
        }
        let count = (&*self.0.file).write(bytes)?;
        self.0.state().written += count as u64;
        self.0.changed.notify_all();
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Tells everybody who waits that nothing more comes.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if state.outcome.is_none() {
            state.outcome = Some(Err(Arc::new(PackError::Cancelled)));
        }
        drop(state);
        self.0.changed.notify_all();
    }
}
