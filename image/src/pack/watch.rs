//! Looking after a packer from another thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A handle on work in progress: how far it is, and a way to stop it. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    cancelled: Arc<AtomicBool>,
    counts: Arc<Counts>,
    gate: Arc<Gate>,
}

/// Where work waits for leave to go on.
#[derive(Debug, Default)]
struct Gate {
    /// Bytes of content that may be read before that, if there is a bound.
    limit: Mutex<Option<u64>>,
    lifted: Condvar,
    #[cfg(test)]
    is_waiting: AtomicBool,
}

#[derive(Debug, Default)]
struct Counts {
    members: AtomicU64,
    bytes: AtomicU64,
}

impl Watch {
    /// A watch that cancels when `flag` becomes true, which a signal handler may do.
    #[must_use]
    pub fn with_flag(flag: Arc<AtomicBool>) -> Self {
        Self {
            cancelled: flag,
            counts: Arc::default(),
            gate: Arc::default(),
        }
    }

    /// A watch of a part of the same work: it is cancelled with this one, and counts for itself.
    #[must_use]
    pub fn part(&self) -> Self {
        Self {
            cancelled: Arc::clone(&self.cancelled),
            counts: Arc::default(),
            gate: Arc::default(),
        }
    }

    /// Stops the work soon: at the next member or block.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the work was told to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Members packed so far.
    #[must_use]
    pub fn members(&self) -> u64 {
        self.counts.members.load(Ordering::Relaxed)
    }

    /// Bytes of file content read so far; [`survey`](crate::survey) tells how many there will be.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::Relaxed)
    }

    /// Lets the work go on for `bytes` more and then wait for [`release`](Self::release): what can be
    /// done before it is known whether it is wanted.
    pub fn hold_after(&self, bytes: u64) {
        *self.limit() = Some(self.bytes().saturating_add(bytes));
    }

    /// Lets the work go on.
    pub fn release(&self) {
        *self.limit() = None;
        self.gate.lifted.notify_all();
    }

    /// Waits for leave, if so much was read that it is needed.
    pub(crate) fn wait_for_leave(&self) {
        let mut limit = self.limit();
        while limit.is_some_and(|limit| self.bytes() > limit) && !self.is_cancelled() {
            #[cfg(test)]
            self.gate.is_waiting.store(true, Ordering::Relaxed);
            // A signal handler that cancels can wake nothing.
            let waited = self.gate.lifted.wait_timeout(limit, TICK);
            limit = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether the work has come so far that it had to wait for leave.
    #[cfg(test)]
    pub(super) fn is_waiting(&self) -> bool {
        self.gate.is_waiting.load(Ordering::Relaxed)
    }

    fn limit(&self) -> MutexGuard<'_, Option<u64>> {
        self.gate
            .limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add_member(&self) {
        self.counts.members.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_bytes(&self, count: u64) {
        self.counts.bytes.fetch_add(count, Ordering::Relaxed);
    }
}

/// How long it takes at most until work that waits notices that it is cancelled.
const TICK: Duration = Duration::from_millis(50);
