//! What was asked, for tests to look at.

use std::collections::VecDeque;
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName};
use http::request::Parts;
use http::{Method, StatusCode};

use crate::redact;

/// One request as the registry saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// When its head arrived, since the caller's epoch.
    pub now: Duration,
    /// Its method.
    pub method: Method,
    /// Path and query, without the values of secret parameters, cut after 8 KiB.
    pub target: String,
    /// The headers that matter to a registry, in the order of [`LoggedRequest::HEADERS`]. The value
    /// of `authorization` is never here: only `<basic>`, `<bearer>` or `<other>`.
    pub headers: Vec<(HeaderName, String)>,
    /// How many bytes of the body arrived.
    pub body: u64,
    /// What was answered; `None` while nothing is, or if the client vanished before.
    pub status: Option<StatusCode>,
}

impl LoggedRequest {
    /// The headers that are logged.
    pub const HEADERS: [HeaderName; 12] = [
        header::HOST,
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_RANGE,
        header::TRANSFER_ENCODING,
        header::EXPECT,
        header::RANGE,
        header::ACCEPT,
        header::ACCEPT_ENCODING,
        header::USER_AGENT,
        header::CONNECTION,
    ];

    /// The value of a logged header.
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// How much memory it takes, in bytes, more or less.
    fn weight(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize = headers.map(|(_, value)| ENTRY + value.len()).sum();
        size_of::<Self>() + self.target.len() + headers
    }
}

/// The requests of a core, the oldest dropped when there are too many.
#[derive(Debug)]
pub(crate) struct Log {
    requests: VecDeque<LoggedRequest>,
    dropped: u64,
    limit: usize,
    /// What the requests weigh together.
    bytes: usize,
}

/// Which request of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogIndex(u64);

impl Log {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            requests: VecDeque::new(),
            dropped: 0,
            limit: limit.max(1),
            bytes: 0,
        }
    }

    pub(crate) fn open(&mut self, now: Duration, parts: &Parts) -> LogIndex {
        let request = LoggedRequest {
            now,
            method: parts.method.clone(),
            target: cut(redact::text(&target(parts))),
            headers: select(&parts.headers),
            body: 0,
            status: None,
        };
        let weight = request.weight();
        while self.requests.len() == self.limit || self.bytes + weight > MOST_BYTES {
            let Some(oldest) = self.requests.pop_front() else {
                break;
            };
            self.bytes -= oldest.weight();
            self.dropped += 1;
        }
        let index = LogIndex(self.dropped + self.requests.len() as u64);
        self.bytes += weight;
        self.requests.push_back(request);
        index
    }

    pub(crate) fn close(&mut self, index: LogIndex, body: u64, status: Option<StatusCode>) {
        let at = index.0.checked_sub(self.dropped);
        let at = at.and_then(|at| usize::try_from(at).ok());
        if let Some(request) = at.and_then(|at| self.requests.get_mut(at)) {
            request.body = body;
            request.status = status;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &LoggedRequest> {
        self.requests.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.dropped += self.requests.len() as u64;
        self.requests.clear();
        self.bytes = 0;
    }
}

fn select(headers: &HeaderMap) -> Vec<(HeaderName, String)> {
    let mut selected = Vec::new();
    for name in LoggedRequest::HEADERS {
        for value in headers.get_all(&name) {
            let text = String::from_utf8_lossy(value.as_bytes());
            let shown = if name == header::AUTHORIZATION {
                scheme_only(&text).to_owned()
            } else {
                cut(redact::header(name.as_str(), &text))
            };
            selected.push((name.clone(), shown));
        }
    }
    selected
}

fn scheme_only(authorization: &str) -> &'static str {
    let scheme = authorization.split(' ').next().unwrap_or_default();
    if scheme.eq_ignore_ascii_case("basic") {
        "<basic>"
    } else if scheme.eq_ignore_ascii_case("bearer") {
        "<bearer>"
    } else {
        "<other>"
    }
}

fn target(parts: &Parts) -> String {
    let target = parts.uri.path_and_query();
    target.map_or_else(|| parts.uri.path().to_owned(), ToString::to_string)
}

/// A text, cut where it gets so long that many of them would fill the memory.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

const LONGEST: usize = 8 << 10;
/// The log may take so much memory, whatever is asked.
const MOST_BYTES: usize = 8 << 20;
const ENTRY: usize = size_of::<(HeaderName, String)>();

#[cfg(test)]
mod tests;
