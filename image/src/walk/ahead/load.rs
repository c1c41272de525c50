//! What is held for a walk, counted, since there is a bound for each kind of thing.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much is held at the moment.
#[derive(Clone, Default)]
pub(in crate::walk) struct Load {
    /// Open directories and files.
    pub(in crate::walk) open: Count,
    /// Bytes of names of directories that the walk has not left.
    pub(super) names: Count,
    /// Bytes of files.
    pub(super) content: Count,
}

/// How much there is of one kind. Clones share it.
#[derive(Clone, Default)]
pub(in crate::walk) struct Count(Arc<AtomicUsize>);

impl Count {
    pub(super) fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts `amount` for as long as what is returned lives.
    pub(in crate::walk) fn hold(&self, amount: usize) -> Permit {
        self.0.fetch_add(amount, Ordering::Relaxed);
        let count = self.clone();
        Permit { count, amount }
    }
}

/// Something that is counted until this is dropped.
pub(in crate::walk) struct Permit {
    count: Count,
    amount: usize,
}

impl Permit {
    /// Counts no more than `amount` of it from now on.
    pub(super) fn shrink(&mut self, amount: usize) {
        let less = self.amount.saturating_sub(amount);
        self.count.0.fetch_sub(less, Ordering::Relaxed);
        self.amount -= less;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.count.0.fetch_sub(self.amount, Ordering::Relaxed);
    }
}

/// An open file or directory, which is counted if it was opened ahead of the walk.
pub(in crate::walk) struct Handle {
    file: OwnedFd,
    _permit: Option<Permit>,
}

impl Handle {
    pub(in crate::walk) fn counted(file: OwnedFd, permit: Permit) -> Self {
        let _permit = Some(permit);
        Self { file, _permit }
    }
}

impl From<OwnedFd> for Handle {
    fn from(file: OwnedFd) -> Self {
        Self {
            file,
            _permit: None,
        }
    }
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
