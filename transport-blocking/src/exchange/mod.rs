//! One HTTP exchange: a request sent once, as it is, and its answer or what went wrong.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use longshore_protocol::{Extent, Failure, FailureKind, Limits, Receipt};

use crate::client::Client;
use crate::source::Source;

/// The answer and what was sent for it, or what went wrong and what was sent before.
pub type Outcome = Result<(http::Response<Bytes>, Receipt), Failure>;

/// The body of a request, as [`Payload`](longshore_protocol::Payload) with its source at hand.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// No body. `POST`, `PUT`, `PATCH` and `DELETE` carry `Content-Length: 0` all the same.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// A part of what a source yields.
    Source {
        /// Opened when the first byte is about to be sent.
        source: Arc<dyn Source>,
        /// The first byte.
        offset: u64,
        /// Up to where.
        extent: Extent,
        /// How many bytes the source holds, where that is known.
        size: Option<u64>,
    },
}

/// Seen from outside: how far a request's body is. Shown to it: that it should stop.
#[derive(Debug, Default)]
pub struct Gauge {
    sent: AtomicU64,
    abort: AtomicBool,
}

impl Gauge {
    /// How many body bytes have been taken from the source, so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Asks the exchange to stop as soon as it can.
    pub fn abort(&self) {
        self.abort.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.abort.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn receipt(&self) -> Receipt {
        Receipt {
            sent: self.sent(),
            end: None,
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Source { offset, extent, .. } => write!(f, "Source({offset}, {extent:?})"),
        }
    }
}

impl Client {
    /// Performs one exchange.
    pub fn perform(&self, request: http::Request<Body>, limits: &Limits, gauge: &Gauge) -> Outcome {
        let _ = (request, limits);
        Err(Failure::new(FailureKind::Refused, "").with_receipt(gauge.receipt()))
    }
}
