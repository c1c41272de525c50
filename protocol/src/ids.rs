//! Handles: what the driver and the machine call things between them.

use std::fmt;

/// A blob of this push, as [`Push::add_blob`](crate::Push::add_blob) named it.
///
/// Ids are given in order from zero, so a driver can keep its sources in a list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub(crate) u32);

impl BlobId {
    /// The position among the blobs of this push, from zero.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "blob#{}", self.0)
    }
}

/// A request that is, or was, in the air: for progress and for aborts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(crate) u64);

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request#{}", self.0)
    }
}

/// The right to answer one request, once.
///
/// It can be neither copied nor made, so a driver cannot answer twice or answer what was not asked.
/// A ticket that is lost is not fatal: the machine gives the request up when its time is over.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "every exchange owes the machine one answer"]
pub struct Ticket {
    pub(crate) request: RequestId,
}

impl Ticket {
    /// The request this ticket answers.
    #[must_use]
    pub fn id(&self) -> RequestId {
        self.request
    }
}

/// The right to answer one question for credentials, once.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the push waits until the question is answered"]
pub struct CredentialsTicket {
    pub(crate) question: u32,
}
