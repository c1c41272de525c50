//! What the machine asks of its driver.

use std::time::Duration;

use crate::auth::Credentials;
use crate::event::Event;
use crate::ids::{CredentialsTicket, RequestId, Ticket};
use crate::payload::Payload;
use crate::time::Timestamp;

/// What the driver must do next. Every arm but `Event` is a duty.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "each arm is a duty of the driver")]
pub enum Output {
    /// Stop this request if it can be stopped; its answer no longer matters.
    Abort(RequestId),
    /// News. May be dropped.
    Event(Event),
    /// Answer with [`Push::handle_credentials`](crate::Push::handle_credentials).
    Ask(CredentialsRequest),
    /// Perform the exchange and answer its ticket with
    /// [`Push::handle_response`](crate::Push::handle_response) or
    /// [`Push::handle_failure`](crate::Push::handle_failure).
    Send(Exchange),
    /// There is nothing to do until an answer arrives or, if one is given, until this instant.
    Wait(Option<Timestamp>),
    /// The push is over: call [`Push::finish`](crate::Push::finish). Said for ever after.
    Done,
}

/// One HTTP exchange for the driver to perform.
///
/// The driver sets the framing headers (`Host`, `Content-Length`, `Transfer-Encoding`) from the URL
/// and the payload and adds nothing else; it does not retry, follow a redirect, decode a body or
/// keep a cookie.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "each field is a duty of the driver")]
pub struct Exchange {
    /// The right to answer.
    pub ticket: Ticket,
    /// The request, with an absolute URL. Secret header values are marked sensitive.
    pub request: http::Request<Payload>,
    /// How long to wait and how much to read.
    pub limits: Limits,
}

/// How long an exchange may take and how much of its answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "each field is a duty of the driver")]
pub struct Limits {
    /// How long no byte of the request may move before the exchange counts as stalled.
    pub idle: Duration,
    /// How long the answer may take once the request is sent.
    pub answer: Duration,
    /// How much of the response's body to keep, in bytes; the rest is cut off, not an error.
    pub response_body: usize,
}

/// A question for credentials.
#[derive(Debug)]
#[non_exhaustive]
pub struct CredentialsRequest {
    /// The right to answer.
    pub ticket: CredentialsTicket,
    /// The registry's host, with its port unless that is the scheme's own.
    pub registry: String,
    /// What the registry calls its protection space (`realm`), if it says.
    pub realm: Option<String>,
    /// Whether the registry may let the push go on without credentials.
    pub anonymous: bool,
    /// Whether earlier credentials were good for one use only, so that new ones are needed.
    pub renewal: bool,
}

/// The answer to a [`CredentialsRequest`]: none means "without credentials, if that is possible".
pub type CredentialsAnswer = Option<Credentials>;
