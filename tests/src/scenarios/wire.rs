//! What was on the wire, without what may differ: ports, times, the names of sessions and tokens.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::Response;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION};
use http::request::Parts;
use longshore_protocol::Digest;

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Entry {
    method: String,
    target: String,
    headers: Vec<String>,
    body: String,
    is_text: bool,
    answer: Option<u16>,
    /// Whether it came whole, or was answered before.
    complete: bool,
    /// The session it names, or that its answer opened.
    session: Option<String>,
    /// The blob it names.
    digest: Option<String>,
}

/// All of them, in the order in which they came.
#[derive(Debug, Default)]
pub struct Tape(Vec<Entry>);

/// The requests of each blob, each in its order. What belongs to no blob is one group more, for
/// tokens another.
#[derive(Clone, PartialEq, Eq)]
pub struct Wire(Vec<(String, Vec<String>)>);

impl Entry {
    pub(super) fn new(parts: &Parts, host: &str) -> Self {
        let path = parts.uri.path();
        let query = parts.uri.query().unwrap_or_default();
        let session = path
            .split_once("/blobs/uploads/")
            .map(|(_, id)| id.to_owned())
            .filter(|id| !id.is_empty());
        let named = path
            .split_once("/blobs/")
            .map(|(_, digest)| digest.to_owned())
            .filter(|digest| digest.contains(':'));
        let digest = named.or_else(|| {
            let pair = |pair: &str| {
                let (key, value) = pair.split_once('=')?;
                let is_digest = ["digest", "mount"].contains(&key);
                is_digest.then(|| value.replace("%3A", ":").replace("%3a", ":"))
            };
            query.split('&').find_map(pair)
        });
        let target = match &session {
            Some(id) => path.replace(id.as_str(), "{session}"),
            None => path.to_owned(),
        };
        let query: Vec<_> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| match pair.split_once('=') {
                Some((key, _)) if key.contains("state") => format!("{key}={{state}}"),
                _ => hide_host(pair, host),
            })
            .collect();
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{}", query.join("&"))
        };
        let mut headers: Vec<_> = parts
            .headers
            .iter()
            .filter(|(name, _)| **name != HOST)
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                let value = if *name == AUTHORIZATION {
                    value.split(' ').next().unwrap_or_default().to_owned()
                } else {
                    hide_host(&value, host)
                };
                format!("{name}: {value}")
            })
            .collect();
        headers.sort();
        let form = "application/x-www-form-urlencoded";
        Self {
            method: parts.method.to_string(),
            target: format!("{target}{query}"),
            headers,
            body: String::new(),
            is_text: parts
                .headers
                .get(CONTENT_TYPE)
                .is_some_and(|value| value == form),
            answer: None,
            complete: false,
            session,
            digest,
        }
    }
}

impl Tape {
    pub(super) fn add(&mut self, entry: Entry) -> usize {
        self.0.push(entry);
        self.0.len() - 1
    }

    pub(super) fn body(&mut self, entry: usize, body: &Bytes, host: &str) {
        let entry = &mut self.0[entry];
        entry.complete = true;
        entry.body = if entry.is_text {
            hide_host(&String::from_utf8_lossy(body), host)
        } else {
            format!("{} bytes, {}", body.len(), Digest::sha256(body))
        };
    }

    pub(super) fn note(&mut self, entry: usize, answer: &Response<Bytes>) {
        let entry = &mut self.0[entry];
        entry.complete = true;
        entry.answer = Some(answer.status().as_u16());
        let opened = answer
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|location| location.split_once("/blobs/uploads/"))
            .map(|(_, id)| id.split('?').next().unwrap_or_default().to_owned());
        if entry.session.is_none() {
            entry.session = opened;
        }
    }

    /// How many requests there were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The requests by blob, without those that broke off in the middle: how much of them is
    /// sent is a matter of buffers.
    #[must_use]
    pub fn wire(&self) -> Wire {
        let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
        for entry in self.0.iter().filter(|entry| entry.complete) {
            if let (Some(session), Some(digest)) = (&entry.session, &entry.digest) {
                owners.insert(session, digest);
            }
        }
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for entry in self.0.iter().filter(|entry| entry.complete) {
            let session = entry.session.as_deref();
            let digest = entry.digest.as_deref();
            let owner = digest.or_else(|| session.and_then(|id| owners.get(id).copied()));
            let group = match (owner, session) {
                (Some(digest), _) => digest.to_owned(),
                (None, Some(session)) => format!("session {session}"),
                (None, None) if entry.target.contains("/manifests/") => "manifest".to_owned(),
                (None, None) if entry.target.starts_with("/v2/") => "registry".to_owned(),
                (None, None) => "token".to_owned(),
            };
            groups.entry(group).or_default().push(entry.to_string());
        }
        // Sessions that belong to no blob have names of their own in every run.
        let mut groups: Vec<_> = groups
            .into_iter()
            .map(|(name, entries)| match name.starts_with("session ") {
                true => ("session".to_owned(), entries),
                false => (name, entries),
            })
            .collect();
        groups.sort();
        Wire(groups)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)?;
        for header in &self.headers {
            write!(f, " | {header}")?;
        }
        write!(f, " | {}", self.body)?;
        match self.answer {
            Some(status) => write!(f, " -> {status}"),
            None => write!(f, " -> nothing"),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, entries) in &self.0 {
            writeln!(f, "  {group}")?;
            for entry in entries {
                writeln!(f, "    {entry}")?;
            }
        }
        Ok(())
    }
}

/// `text` without the registry's address, which differs from run to run.
pub(super) fn hide_host(text: &str, host: &str) -> String {
    let escaped = host.replace(':', "%3A");
    text.replace(&escaped, "{host}").replace(host, "{host}")
}

#[cfg(test)]
mod tests;
