//! Looking after a packer from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A handle on work in progress: how far it is, and a way to stop it. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    cancelled: Arc<AtomicBool>,
    counts: Arc<Counts>,
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

    pub(crate) fn add_member(&self) {
        self.counts.members.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_bytes(&self, count: u64) {
        self.counts.bytes.fetch_add(count, Ordering::Relaxed);
    }
}
