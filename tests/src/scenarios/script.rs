//! What stands between a client and the registry: rules, each for some requests.

use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, Method};

/// What a request is for, as far as anybody can tell who sees no more than its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// `GET /v2/`
    Probe,
    /// The token endpoint.
    Token,
    /// `POST` for a session.
    Open,
    /// `POST` to mount a blob.
    Mount,
    /// `HEAD` of a blob.
    Check,
    /// `PUT` of a blob's bytes.
    Put,
    /// `PATCH` without a length.
    Stream,
    /// `PATCH` with a length.
    Chunk,
    /// `GET` of a session.
    Status,
    /// `PUT` that closes a session without bytes.
    Commit,
    /// `PUT` of a manifest.
    Manifest,
    /// `HEAD` or `GET` of a manifest.
    Confirm,
    /// `DELETE` of a session.
    Delete,
    /// Anything else.
    Other,
}

/// What happens to some of the requests of one step.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which step.
    pub step: Step,
    /// The first such request that it is for, from one.
    pub first: u32,
    /// How many it is for.
    pub count: u32,
    /// What happens to them.
    pub act: Act,
}

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// This answer, instead of doing anything. `{origin}` and `{host}` stand for the registry's.
    Answer(Canned),
    /// The same, before the body is read. Only where the body waits for leave.
    Early(Canned),
    /// It is done, and another answer is given.
    DoneBut(Canned),
    /// It is done, and the answer is without this header.
    Without(&'static str),
    /// It is done, and this header of the answer says something else.
    With(&'static str, &'static str),
    /// It is not done, and there is no answer: the connection closes.
    Drop,
    /// It is done, and there is no answer.
    Lose,
    /// The connection closes when this much of the body has arrived.
    CutAfter(usize),
    /// Nothing comes back.
    Hang,
    /// So many seconds pass on the registry's clock before it looks at the request.
    Later(u64),
    /// The push is cancelled while the request is in the air.
    Cancel,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Canned {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: String,
}

/// The rules, and how often each step has come.
#[derive(Debug, Default)]
pub struct Script {
    rules: Vec<Rule>,
    seen: Vec<Step>,
}

impl Canned {
    /// This status and nothing else.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// This status and an error document.
    #[must_use]
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let error = serde_json::json!({ "errors": [{ "code": code, "message": message }] });
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: error.to_string(),
        }
    }

    /// The same with this header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Script {
    /// These rules.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self {
            rules,
            seen: Vec::new(),
        }
    }

    /// What happens to this request. It counts.
    pub fn act(&mut self, step: Step) -> Option<Act> {
        self.seen.push(step);
        let nth = self.seen.iter().filter(|seen| **seen == step).count();
        let nth = u32::try_from(nth).unwrap_or(u32::MAX);
        let is_for = |rule: &&Rule| {
            rule.step == step && (rule.first..rule.first.saturating_add(rule.count)).contains(&nth)
        };
        self.rules.iter().find(is_for).map(|rule| rule.act.clone())
    }

    /// How often that step has come.
    #[must_use]
    pub fn count(&self, step: Step) -> usize {
        self.seen.iter().filter(|seen| **seen == step).count()
    }
}

impl Step {
    /// What the request with this head is for.
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        let path = parts.uri.path();
        let query = parts.uri.query().unwrap_or_default();
        let is_session = path.contains("/blobs/uploads/") && !path.ends_with("/uploads/");
        match parts.method {
            Method::GET if path == "/v2/" => Self::Probe,
            _ if path.contains("token") || path.ends_with("/auth") => Self::Token,
            Method::POST if query.contains("mount=") => Self::Mount,
            Method::POST if path.contains("/blobs/uploads") => Self::Open,
            Method::HEAD if path.contains("/blobs/") => Self::Check,
            Method::PUT if path.contains("/manifests/") => Self::Manifest,
            Method::GET | Method::HEAD if path.contains("/manifests/") => Self::Confirm,
            Method::PUT if is_session && is_empty(&parts.headers) => Self::Commit,
            Method::PUT if is_session => Self::Put,
            Method::PATCH if parts.headers.contains_key(CONTENT_LENGTH) => Self::Chunk,
            Method::PATCH => Self::Stream,
            Method::GET if is_session => Self::Status,
            Method::DELETE => Self::Delete,
            _ => Self::Other,
        }
    }
}

fn is_empty(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_LENGTH)
        .is_some_and(|length| length == "0")
}
