//! Blobs that are made of earlier ones: whether they are looked for.

use super::Push;
use crate::blob::{Blob, Start, State};
use crate::event::BlobOutcome;

impl Push {
    /// Settles for every derived blob whether it is looked for, as soon as that is known of what it
    /// is made of: see [`BlobSpec::derived`](crate::BlobSpec::derived).
    pub(super) fn settle_derived(&mut self) {
        if !self.has_unsettled {
            return;
        }
        self.has_unsettled = false;
        let mut is_something_new = false;
        let mut is_something_open = false;
        for blob in self.blobs.iter_mut().filter(|blob| blob.twin.is_none()) {
            if blob.is_unsettled && is_something_new {
                blob.is_unsettled = false;
                blob.state = State::Start(Start::first(&blob.facts));
            } else if blob.is_unsettled && !is_something_open {
                blob.is_unsettled = false;
            }
            self.has_unsettled |= blob.is_unsettled;
            is_something_open |= blob.is_unsought();
            is_something_new |= !blob.is_unsought() && !is_old(blob);
        }
    }
}

/// Whether the registry had it before this push.
fn is_old(blob: &Blob) -> bool {
    blob.outcome() == Some(&BlobOutcome::Existed)
}
