//! One request and its answer.

use std::time::Duration;

use serde::Serialize;

use crate::fault::Step;

/// Where a request arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Listener {
    /// At the registry.
    #[default]
    Registry,
    /// At the second origin, which nobody should trust.
    Elsewhere,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// Where it connected to.
    pub listener: Listener,
    /// The number of its connection, from 1; 0 without a socket.
    pub connection: u64,
    /// Whether the connection is encrypted.
    pub secure: bool,
}

/// What is wrong with a request's head, if whoever read it from the network could tell. It is handed
/// on among the extensions of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flaws(pub Vec<&'static str>);

/// A request, and what was answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exchange {
    /// Its number, from 1.
    pub id: u64,
    /// When its head arrived, in seconds since the start.
    #[serde(serialize_with = "seconds")]
    pub at: Duration,
    /// How long it took until the answer was decided.
    #[serde(serialize_with = "seconds")]
    pub took: Duration,
    /// Where it arrived.
    pub listener: Listener,
    /// The number of its connection.
    pub connection: u64,
    /// Whether the connection was encrypted.
    pub secure: bool,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub protocol: String,
    /// How many requests were being served, this one included.
    pub busy: u64,
    /// Which step of a push it is.
    #[serde(serialize_with = "step")]
    pub step: Step,
    /// The repository, empty where there is none.
    pub repository: String,
    /// Session, digest or reference, as the path names it.
    pub subject: String,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// All headers, in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// What is wrong with the head as it came, which the headers here do not show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flaws: Vec<&'static str>,
    /// The body.
    pub body: BodyRecord,
    /// The answer; `None` if the client got none.
    pub answer: Option<AnswerRecord>,
    /// The faults that played.
    pub faults: Vec<String>,
    /// The secrets that were in it.
    pub secrets: Vec<Sighting>,
}

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BodyRecord {
    /// How many bytes arrived.
    pub size: u64,
    /// Whether an answer was given to it.
    pub complete: bool,
    /// Its sha256, where bodies are hashed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Itself, if it is a manifest or a form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerRecord {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// The length of its body.
    pub size: u64,
    /// The beginning of its body, if that is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A secret, and where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sighting {
    /// Which: `<password:alice>`.
    pub label: String,
    /// Where: `target`, `body`, or the name of a header.
    pub place: String,
}

impl Exchange {
    /// The value of the first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The values of all headers of that name.
    pub fn header_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.headers.iter().filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref().map(|answer| answer.status)
    }

    /// Whether the answer was a success.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status()
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// The value of a header of the answer.
    #[must_use]
    pub fn answer_header(&self, name: &str) -> Option<&str> {
        let answer = self.answer.as_ref()?;
        let found = answer.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query, empty if there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of a parameter of the query.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<String> {
        crate::fault::pair(self.query(), key)
    }

    /// How much memory it takes, in bytes, more or less.
    pub(super) fn weight(&self) -> usize {
        let listed = |headers: &[(String, String)]| -> usize {
            let each = headers.iter();
            each.map(|(name, value)| ENTRY + name.len() + value.len())
                .sum()
        };
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let answer = self.answer.as_ref();
        let answer = answer.map_or(0, |answer| listed(&answer.headers) + text(&answer.text));
        size_of::<Self>()
            + self.target.len()
            + listed(&self.headers)
            + text(&self.body.text)
            + answer
    }

    /// When the answer was decided.
    #[must_use]
    pub fn done(&self) -> Duration {
        self.at + self.took
    }

    /// The code of the answer's first error.
    #[must_use]
    pub fn error_code(&self) -> Option<String> {
        let text = self.answer.as_ref()?.text.as_ref()?;
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        Some(value["errors"].get(0)?["code"].as_str()?.to_owned())
    }
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_micros() as f64 / 1e6)
}

fn step<S: serde::Serializer>(step: &Step, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(step.name())
}

const ENTRY: usize = size_of::<(String, String)>();
