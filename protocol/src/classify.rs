//! What an outcome means: the one table that every status and every failure is looked up in.

use http::StatusCode;

use crate::error::PushErrorKind;
use crate::event::Phase;
use crate::payload::FailureKind;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// `GET /v2/`
    Probe,
    /// The token server.
    Token,
    /// `POST` for a session, to see whether one may.
    Preflight,
    /// `HEAD` of a blob.
    Check,
    /// `POST` to mount a blob.
    Mount,
    /// `POST` for a session.
    Open,
    /// `PUT` of a whole blob.
    Put,
    /// `PATCH` of a whole blob whose end is not known.
    Stream,
    /// `PATCH` of a part of a blob.
    Chunk,
    /// `GET` of a session.
    Status,
    /// `PUT` without a body, to close a session.
    Commit,
    /// `PUT` of the manifest.
    Manifest,
    /// `HEAD` or `GET` of the manifest.
    Confirm,
    /// `DELETE` of a session.
    Delete,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome<'a> {
    Answer {
        status: StatusCode,
        code: &'a str,
        message: &'a str,
        /// The request carried a new token that was fetched because an earlier one was refused.
        fresh: bool,
    },
    Failure {
        kind: FailureKind,
        /// Everything there was to send had left the source.
        complete: bool,
    },
}

/// What it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// What was asked for is done, or there.
    Accept,
    /// An upload session was opened.
    Opened,
    /// What was asked for is not there.
    Absent,
    /// The answer says nothing; go on without it.
    Unclear,
    /// Look elsewhere.
    Redirect,
    /// Authenticate, then the same request again.
    Reauthenticate,
    /// The same request again, after a pause.
    Retry,
    /// Nobody knows whether it was done: ask for the result, then go on with the session.
    Doubt,
    /// It was refused, but perhaps because the result is there already: ask for the result, then
    /// take the refusal as meant.
    Dispute,
    /// The session may have a part: ask it.
    Resume,
    /// Not now. The session is not to blame, and may be gone all the same.
    Later,
    /// The session is of no use: open another.
    Restart,
    /// Too much for one request.
    Smaller,
    /// Parts are not taken: send the whole, or, where that is too much, end with this.
    Whole(PushErrorKind),
    /// Blobs are missing.
    Missing,
    /// The end.
    Fail(PushErrorKind),
}

impl Step {
    pub(crate) fn phase(self) -> Phase {
        match self {
            Self::Probe => Phase::Probe,
            Self::Token => Phase::Authentication,
            Self::Preflight => Phase::Preflight,
            Self::Check => Phase::Check,
            Self::Mount | Self::Open => Phase::Start,
            Self::Put | Self::Stream | Self::Chunk => Phase::Upload,
            Self::Status => Phase::Resume,
            Self::Commit => Phase::Commit,
            Self::Manifest => Phase::Manifest,
            Self::Confirm => Phase::Confirm,
            Self::Delete => Phase::CleanUp,
        }
    }

    /// Whether the request carries a blob's bytes.
    pub(crate) fn is_upload(self) -> bool {
        matches!(self, Self::Put | Self::Stream | Self::Chunk)
    }

    /// Whether it is refused where there is no room.
    fn needs_room(self) -> bool {
        matches!(
            self,
            Self::Preflight | Self::Open | Self::Put | Self::Stream | Self::Chunk | Self::Commit
        )
    }

    /// Whether a failure means no more than that the answer is not known.
    fn is_question(self) -> bool {
        matches!(self, Self::Check | Self::Confirm | Self::Mount)
    }
}

pub(crate) fn classify(step: Step, outcome: Outcome<'_>) -> Verdict {
    match outcome {
        Outcome::Failure { kind, complete } => failure(step, kind, complete),
        Outcome::Answer { status, .. } if status.is_success() => success(step, status),
        Outcome::Answer { .. } if step == Step::Delete => Verdict::Accept,
        Outcome::Answer { status, .. } if status.is_redirection() => Verdict::Redirect,
        Outcome::Answer {
            status,
            code,
            message,
            fresh,
        } => match status.as_u16() {
            401 => unauthorized(step, fresh),
            429 | 503 => busy(step),
            403 if is_rate_limit(message) => busy(step),
            408 | 425 | 500 | 502 | 504 | 520..=524 => broken(step),
            400..=499 => refused(step, status.as_u16(), code, message),
            _ if step == Step::Mount => Verdict::Unclear,
            501 => unknown_method(step),
            _ => Verdict::Fail(PushErrorKind::Rejected),
        },
    }
}

fn success(step: Step, status: StatusCode) -> Verdict {
    let is_created = status == StatusCode::CREATED;
    match step {
        Step::Preflight | Step::Open => Verdict::Opened,
        Step::Mount if !is_created => Verdict::Opened,
        Step::Check | Step::Confirm if status != StatusCode::OK => Verdict::Unclear,
        Step::Put | Step::Commit | Step::Manifest if !is_created => Verdict::Doubt,
        _ => Verdict::Accept,
    }
}

/// Docker Hub and Harbor say 401 of things that do not exist, so a question that is refused twice is
/// not the end.
fn unauthorized(step: Step, fresh: bool) -> Verdict {
    match step {
        Step::Token => Verdict::Fail(PushErrorKind::Unauthenticated),
        _ if !fresh => Verdict::Reauthenticate,
        step if step.is_question() => Verdict::Unclear,
        Step::Status => Verdict::Restart,
        _ => Verdict::Fail(PushErrorKind::Denied),
    }
}

/// Not now: nothing was done, but a body that was refused may have taken its session with it.
fn busy(step: Step) -> Verdict {
    match step {
        Step::Put | Step::Chunk | Step::Stream => Verdict::Later,
        _ => Verdict::Retry,
    }
}

/// Something broke over there: anything may have been done.
fn broken(step: Step) -> Verdict {
    match step {
        Step::Put | Step::Commit | Step::Manifest => Verdict::Doubt,
        Step::Chunk => Verdict::Resume,
        Step::Stream => Verdict::Restart,
        Step::Mount => Verdict::Unclear,
        _ => Verdict::Retry,
    }
}

/// The method is not known over there (RFC 9110, section 15.6.2).
fn unknown_method(step: Step) -> Verdict {
    match step {
        Step::Check | Step::Confirm => Verdict::Unclear,
        Step::Status => Verdict::Restart,
        Step::Chunk => Verdict::Whole(PushErrorKind::Rejected),
        _ => Verdict::Fail(PushErrorKind::Rejected),
    }
}

fn refused(step: Step, status: u16, code: &str, message: &str) -> Verdict {
    let rejected = Verdict::Fail(PushErrorKind::Rejected);
    match (step, status) {
        (Step::Check | Step::Confirm, 404 | 410) => Verdict::Absent,
        (Step::Check | Step::Confirm | Step::Mount, _) => Verdict::Unclear,
        // The push itself shows whether this matters.
        (Step::Probe, _) => Verdict::Accept,
        (Step::Status, _) => Verdict::Restart,
        (Step::Token, 404 | 410) => Verdict::Fail(PushErrorKind::Unintelligible),
        (Step::Token, 403 | 405) => Verdict::Fail(PushErrorKind::Denied),
        // distribution says 404 of a session whose state it cannot read, too.
        (Step::Put | Step::Stream | Step::Chunk, 404 | 410) => Verdict::Restart,
        (Step::Put | Step::Stream, 416) => Verdict::Restart,
        (Step::Chunk, 416) => Verdict::Resume,
        (Step::Put | Step::Chunk, 413) => Verdict::Smaller,
        (step, 403) if step.needs_room() && is_about_quota(message) => rejected,
        (Step::Chunk, 400 | 405 | 411 | 415) => Verdict::Whole(PushErrorKind::Rejected),
        // Firewalls that let `PUT` through and `PATCH` not say so with 403.
        (Step::Chunk, 403) => Verdict::Whole(PushErrorKind::Denied),
        (Step::Commit, 404 | 409 | 410 | 416) => Verdict::Dispute,
        (Step::Put, 409) => Verdict::Dispute,
        (Step::Put | Step::Commit, 400) if is_about_upload(code) => Verdict::Dispute,
        (Step::Manifest, 400 | 404) if is_about_blobs(code, message) => Verdict::Missing,
        (Step::Manifest, 400) if code == "TAG_INVALID" => Verdict::Dispute,
        (Step::Manifest, 403 | 409 | 412) => Verdict::Dispute,
        (_, 403) => Verdict::Fail(PushErrorKind::Denied),
        _ => rejected,
    }
}

fn failure(step: Step, kind: FailureKind, complete: bool) -> Verdict {
    match kind {
        _ if step == Step::Delete => Verdict::Accept,
        FailureKind::Tls => Verdict::Fail(PushErrorKind::Tls),
        FailureKind::Source => Verdict::Fail(PushErrorKind::Source),
        FailureKind::Refused => Verdict::Fail(PushErrorKind::Unsafe),
        FailureKind::Exhausted => Verdict::Fail(PushErrorKind::Exhausted),
        FailureKind::Unreachable => Verdict::Fail(PushErrorKind::Unreachable),
        FailureKind::Resolve | FailureKind::Connect => Verdict::Retry,
        FailureKind::Interrupted | FailureKind::TimedOut | FailureKind::Protocol => {
            match (step, complete) {
                (Step::Put, false) => Verdict::Resume,
                _ => broken(step),
            }
        }
    }
}

/// GitHub's registry says "denied" when it means "slow down", and tells in words only.
fn is_rate_limit(message: &str) -> bool {
    message.to_ascii_lowercase().contains("rate limit")
}

/// Whether a refusal is about room and not about rights: Quay ("Quota has been exceeded"), Harbor
/// ("will exceed the configured upper limit").
pub(crate) fn is_about_quota(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("quota") || message.contains("exceed") && message.contains("limit")
}

/// Whether a 400 is about the bytes or their session; it may also mean that somebody else has just
/// committed the same blob (Nexus).
fn is_about_upload(code: &str) -> bool {
    code.is_empty()
        || ["BLOB_", "DIGEST_INVALID", "SIZE_INVALID", "RANGE_INVALID"]
            .iter()
            .any(|start| code.starts_with(start))
}

/// Whether a manifest is refused because blobs are missing. Quay and Google say so in words only.
fn is_about_blobs(code: &str, message: &str) -> bool {
    matches!(code, "MANIFEST_BLOB_UNKNOWN" | "BLOB_UNKNOWN")
        || message.to_ascii_lowercase().contains("unknown blob")
}

#[cfg(test)]
mod tests;
