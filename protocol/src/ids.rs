//! Handles: how the machine and its driver speak about the same thing.

use std::fmt;

/// A blob of this push, as [`Push::add_blob`](crate::Push::add_blob) numbered it.
///
/// Also the key under which a driver keeps the blob's source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub(crate) u32);

/// A request in the air. Copyable, for progress and aborts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(crate) u64);

/// The right to answer one exchange, once: neither `Clone` nor `Copy`.
///
/// A ticket that is never handed back does no harm: the machine gives the request up when its
/// deadline has passed. An answer that comes later than that is ignored.
#[must_use = "an exchange is answered with its ticket; without an answer it times out"]
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket(pub(crate) RequestId);

/// The right to answer one question for credentials, once.
#[must_use = "the push waits until the question for credentials is answered"]
#[derive(Debug, PartialEq, Eq)]
pub struct CredentialsTicket(pub(crate) u64);

impl BlobId {
    /// The position in the order of `add_blob` calls, from zero.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Ticket {
    /// The request that this ticket answers.
    #[must_use]
    pub const fn id(&self) -> RequestId {
        self.0
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "blob {}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}", self.0)
    }
}
