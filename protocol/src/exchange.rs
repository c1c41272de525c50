//! What tasks and the push say to each other about one exchange.

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::classify::{Step, Verdict};
use crate::error::{Cause, ErrorKind, Problem};
use crate::payload::{Payload, Receipt};
use crate::wire::digest::Digest;
use crate::wire::location::{Border, LocationError};
use crate::wire::urls::{Endpoints, Url};

/// A request as a task wants it: without authentication, agent and limits.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) step: Step,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) payload: Payload,
}

/// What became of a task's request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) step: Step,
    pub(crate) verdict: Verdict,
    /// Where the request went; locations are relative to it.
    pub(crate) url: Url,
    /// The answer's status, if there was an answer.
    pub(crate) status: Option<StatusCode>,
    /// The answer's headers; empty if there was no answer.
    pub(crate) headers: HeaderMap,
    /// What the driver read from the source.
    pub(crate) receipt: Receipt,
    /// What to blame, unless the verdict is a success.
    pub(crate) cause: Option<Cause>,
}

/// What a task does next.
#[derive(Debug)]
pub(crate) enum Turn {
    /// The next thing, at once.
    On,
    /// Another try, after a pause.
    Later(Cause),
}

/// The registry as this push knows it: its endpoints, where it may send us, and the upload sessions
/// that nobody uses.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) endpoints: Endpoints,
    pub(crate) border: Border,
    /// A session that was opened before there was a blob for it.
    pub(crate) spare: Option<Session>,
    /// Sessions to delete.
    pub(crate) abandoned: Vec<Session>,
}

/// An upload session: where its next request goes.
#[derive(Clone, Debug)]
pub(crate) struct Session(pub(crate) Url);

impl Draft {
    pub(crate) fn new(step: Step, method: Method, url: Url) -> Self {
        Self { step, method, url, headers: Vec::new(), payload: Payload::Empty }
    }

    pub(crate) fn with_payload(mut self, payload: Payload, media_type: &str) -> Self {
        let value = HeaderValue::from_str(media_type)
            .unwrap_or(HeaderValue::from_static("application/octet-stream"));
        self.headers.push((CONTENT_TYPE, value));
        self.payload = payload;
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Answer {
    /// The digest that the registry gives to what it was asked about.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.headers.get(DOCKER_CONTENT_DIGEST)?.to_str().ok()?.trim().parse().ok()
    }

    /// What to blame.
    pub(crate) fn cause_or(&mut self, otherwise: &str) -> Cause {
        self.cause.take().unwrap_or_else(|| {
            let kind = crate::error::FailureKind::Interrupted;
            crate::error::Failure::new(kind, otherwise).into()
        })
    }

    /// A problem of `kind` with this answer.
    pub(crate) fn problem(&mut self, kind: ErrorKind) -> Problem {
        Problem { kind, cause: self.cause.take() }
    }

    /// The problem that a verdict is which no task can do anything about.
    pub(crate) fn dead_end(&mut self) -> Option<Problem> {
        let kind = match self.verdict {
            Verdict::Denied => ErrorKind::Denied,
            Verdict::Rejected => ErrorKind::Rejected,
            Verdict::Source => ErrorKind::Source,
            Verdict::Unreachable => match &self.cause {
                Some(Cause::Failure(failure))
                    if failure.kind == crate::error::FailureKind::UnknownHost =>
                {
                    ErrorKind::UnknownHost
                }
                _ => ErrorKind::Tls,
            },
            _ => return None,
        };
        Some(self.problem(kind))
    }
}

impl Registry {
    /// Where an answer says that its upload session goes on. Without a `Location` it goes on where
    /// it was, if it was a session already.
    pub(crate) fn session(&self, answer: &Answer) -> Result<Session, Problem> {
        let location = match answer.headers.get(http::header::LOCATION) {
            Some(location) => location.as_bytes(),
            None if matches!(answer.step, Step::Patch | Step::Status) => {
                return Ok(Session(answer.url.clone()));
            }
            None => return Err(unintelligible("it opened an upload and does not say where")),
        };
        self.follow(&answer.url, location).map(Session)
    }

    /// Where a `Location` leads.
    pub(crate) fn follow(&self, base: &Url, location: &[u8]) -> Result<Url, Problem> {
        let text = std::str::from_utf8(location)
            .map_err(|_| unintelligible("its Location is no text"))?;
        self.border.follow(base, text).map_err(|error| {
            let reason = error.to_string();
            Problem::bare(match error {
                LocationError::Unintelligible { .. } => ErrorKind::Unintelligible(reason),
                _ => ErrorKind::Untrusted(reason),
            })
        })
    }

    /// Remembers a session that is of no more use.
    pub(crate) fn abandon(&mut self, session: Session) {
        self.abandoned.push(session);
    }
}

impl Session {
    /// Where the session is closed and its content named.
    pub(crate) fn commit(&self, digest: &Digest) -> Url {
        self.0.with_parameter("digest", &digest.to_string())
    }
}

/// The problem with a registry that says what makes no sense.
pub(crate) fn unintelligible(reason: &str) -> Problem {
    Problem::bare(ErrorKind::Unintelligible(reason.to_owned()))
}

const DOCKER_CONTENT_DIGEST: &str = "docker-content-digest";
