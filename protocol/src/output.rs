//! What the machine asks of its driver.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::credentials::CredentialsRequest;
use crate::event::Event;
use crate::ids::{RequestId, Ticket};
use crate::payload::Payload;
use crate::redaction::Redaction;
use crate::time::Timestamp;

/// What [`Push::poll`](crate::Push::poll) asks for next.
///
/// Exhaustive on purpose: each variant is a duty, and a driver that does not know one must not
/// compile.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "each arm is a duty of the driver")]
#[expect(
    clippy::large_enum_variant,
    reason = "outputs are matched at once, one at a time, and a box would be an allocation each"
)]
pub enum Output {
    /// Stop this request if you can; its answer no longer matters. Said once.
    Abort(RequestId),
    /// End the body of this request where it is, as if its source had come to its end, with no
    /// [`end`](crate::Receipt::end) in the receipt, and answer its ticket as ever. Said once, and of
    /// bodies of unknown length only: a registry that sees one break off keeps what it has, in a
    /// session that may be known by no name any more (docker-registry 2.8.2). A driver that cannot do
    /// it breaks off and reports that. After the answer, or [`Abort`](Self::Abort), it is over.
    CutShort(RequestId),
    /// News, which may be dropped. Said once.
    Event(Event),
    /// Find credentials and answer with
    /// [`handle_credentials`](crate::Push::handle_credentials). Said once; what needs them waits.
    Ask(CredentialsRequest),
    /// Send this request and answer its ticket, once, with
    /// [`handle_response`](crate::Push::handle_response) or
    /// [`handle_failure`](crate::Push::handle_failure). Said once.
    Send(Exchange),
    /// Nothing more until an answer arrives, or until this instant if there is one. Repeated as
    /// long as nothing changes.
    Wait(Option<Timestamp>),
    /// The push has ended: call [`finish`](crate::Push::finish). Repeated for ever.
    Done,
}

/// One request to send.
///
/// The request has an absolute URI and every header but those that frame it: `Host`,
/// `Content-Length` and `Transfer-Encoding` follow from the URI and the [`Payload`]. A driver sends
/// it as it is, once: it does not retry, redirect, authenticate, decompress or keep cookies.
///
/// `Debug` leaves out the query, which may be a signature, marked header values, and in host and path what
/// is or looks like a secret.
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver must honour every member"
)]
pub struct Exchange {
    /// For the answer.
    pub ticket: Ticket,
    /// What to send. [`NamedBy`] is in its extensions where the registry named the place.
    pub request: http::Request<Payload>,
    /// How long it may take and how much may come back.
    pub limits: Limits,
}

/// In the extensions of a request to a host that is not the registry's own: a `Location`, a redirect
/// or a realm named it.
///
/// The machine has refused addresses inside our network as far as the text tells; what a name stands
/// for, only the driver sees. It sends such a request to no address to which
/// [`Reach::may_lead_to`](crate::Reach::may_lead_to) says no, from where the registry itself was
/// found to be ([`Reach::Public`](crate::Reach::Public), if that is not known), and fails it with
/// [`FailureKind::Refused`](crate::FailureKind::Refused).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver must honour every member"
)]
pub struct NamedBy {
    /// The registry's host, an IPv6 address in brackets.
    pub registry: Arc<str>,
}

/// How long a request may take and how much of its answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver must honour every member"
)]
pub struct Limits {
    /// The longest pause while connecting or sending: no byte moved for this long is
    /// [`TimedOut`](crate::FailureKind::TimedOut). A long body that keeps moving never times out.
    pub idle: Duration,
    /// The longest wait for the answer once the last byte of the request is sent. Longer than
    /// `idle` where the registry has work to do first: hashing or copying a blob, say.
    pub answer: Duration,
    /// The longest the whole exchange may take, for requests that must not hold anything up.
    pub total: Option<Duration>,
    /// How many bytes of the answer's body to return. A longer body is cut there, which is not an
    /// error.
    pub response_body: usize,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.request.uri();
        let redaction = self.request.extensions().get::<Arc<Redaction>>();
        let redaction = redaction.cloned().unwrap_or_default();
        let authority = uri.authority().map_or("", http::uri::Authority::as_str);
        f.debug_struct("Exchange")
            .field("ticket", &self.ticket)
            .field("method", self.request.method())
            .field("authority", &redaction.redacted(authority))
            .field("path", &redaction.redacted(uri.path()))
            .field("headers", self.request.headers())
            .field("payload", self.request.body())
            .field("limits", &self.limits)
            .finish()
    }
}
