//! How many blocks are on their way at once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A number of slots for blocks between a tree and a sink. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Slots(Arc<Shared>);

/// One of the slots. It is free again when this is dropped.
pub(super) struct Slot(Arc<Shared>);

impl Slots {
    /// This many.
    pub(super) fn new(count: usize) -> Self {
        Self(Arc::new(Shared {
            free: Mutex::new(count),
            freed: Condvar::new(),
        }))
    }

    /// Waits for a slot.
    pub(super) fn take(&self) -> Slot {
        let Shared { freed, .. } = &*self.0;
        let free = freed.wait_while(self.0.free(), |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        Slot(Arc::clone(&self.0))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.0.free() += 1;
        self.0.freed.notify_one();
    }
}

#[derive(Debug)]
struct Shared {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Shared {
    /// A number is whole even where a thread that held it has panicked.
    fn free(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
