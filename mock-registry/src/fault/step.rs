//! Which step of a push a request is.

use std::fmt;

use http::Method;
use http::request::Parts;

/// A step of a push, as a fault names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Any request.
    Any,
    /// A new connection, before any request on it.
    Connect,
    /// `GET /v2/`.
    Probe,
    /// The token endpoint.
    Token,
    /// `HEAD` of a blob.
    Head,
    /// `GET` of a blob.
    Get,
    /// `POST` that opens a session, without a mount.
    Post,
    /// `POST` with `mount=`.
    Mount,
    /// A chunk.
    Patch,
    /// The closing `PUT` of a session.
    Put,
    /// A chunk or a closing `PUT`: whatever carries a blob's bytes.
    Upload,
    /// `GET` of a session.
    Status,
    /// `DELETE` of a session.
    Cancel,
    /// `PUT` of a manifest.
    Manifest,
    /// `HEAD` of a manifest.
    ManifestHead,
    /// `GET` of a manifest.
    ManifestGet,
    /// `DELETE` of a blob or a manifest.
    Delete,
    /// A list of tags or of referrers.
    List,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Any,
        Self::Connect,
        Self::Probe,
        Self::Token,
        Self::Head,
        Self::Get,
        Self::Post,
        Self::Mount,
        Self::Patch,
        Self::Put,
        Self::Upload,
        Self::Status,
        Self::Cancel,
        Self::Manifest,
        Self::ManifestHead,
        Self::ManifestGet,
        Self::Delete,
        Self::List,
    ];

    /// Its name in files and flags.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Connect => "connect",
            Self::Probe => "probe",
            Self::Token => "token",
            Self::Head => "head",
            Self::Get => "get",
            Self::Post => "post",
            Self::Mount => "mount",
            Self::Patch => "patch",
            Self::Put => "put",
            Self::Upload => "upload",
            Self::Status => "status",
            Self::Cancel => "cancel",
            Self::Manifest => "manifest",
            Self::ManifestHead => "manifest-head",
            Self::ManifestGet => "manifest-get",
            Self::Delete => "delete",
            Self::List => "list",
        }
    }

    /// The step of that name; `commit` is another one for `put`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = if name == "commit" { "put" } else { name };
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// Whether a request that is `actual` is meant by this step.
    #[must_use]
    pub fn covers(self, actual: Self) -> bool {
        match self {
            Self::Any => actual != Self::Connect,
            Self::Upload => matches!(actual, Self::Patch | Self::Put),
            _ => self == actual,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a fault may know of the request it plays on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// Which step it is; never [`Step::Any`] nor [`Step::Upload`].
    pub step: Step,
    /// The repository, empty where there is none.
    pub repository: String,
    /// The last part of the path: a session, a digest or a reference.
    pub subject: String,
    /// Path and query as they came.
    pub target: String,
    /// The `digest` parameter of the query.
    pub digest: Option<String>,
    /// Whether the method is `HEAD`.
    pub head: bool,
    /// Whether credentials of whatever form came along.
    pub authorized: bool,
    /// Whether the client waits for a `100 Continue`.
    pub expects: bool,
    /// Whether the body comes without a length.
    pub chunked: bool,
    /// Whether cookies came along.
    pub cookie: bool,
    /// The `Accept` header.
    pub accept: String,
    /// The body's announced length.
    pub length: Option<u64>,
    /// Where the registry is, as scheme and host.
    pub origin: String,
    /// The second origin, which must never see a secret.
    pub elsewhere: String,
    /// How many requests are being served, this one included.
    pub busy: u64,
    /// The number of the call among those that the fault matches, from 1.
    pub call: u64,
}

impl Scene {
    /// The scene of a request.
    #[must_use]
    pub fn of(parts: &Parts, token_path: &str, origin: &str, elsewhere: &str) -> Self {
        let header = |name: &str| {
            let value = parts.headers.get(name);
            value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let path = parts.uri.path();
        let query = parts.uri.query().unwrap_or_default();
        let (step, repository, subject) = step_of(&parts.method, path, query, token_path);
        Self {
            step,
            repository,
            subject,
            target: parts
                .uri
                .path_and_query()
                .map_or_else(|| path.to_owned(), |target| target.as_str().to_owned()),
            digest: pair(query, "digest"),
            head: parts.method == Method::HEAD,
            authorized: parts.headers.contains_key("authorization"),
            expects: parts.headers.contains_key("expect"),
            chunked: parts.headers.contains_key("transfer-encoding"),
            cookie: parts.headers.contains_key("cookie"),
            accept: header("accept").unwrap_or_default(),
            length: header("content-length").and_then(|text| text.parse().ok()),
            origin: origin.to_owned(),
            elsewhere: elsewhere.to_owned(),
            busy: 1,
            call: 0,
        }
    }
}

/// The value of a query's parameter, with `%3A` read as a colon.
pub(crate) fn pair(query: &str, key: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(name, _)| *name == key)?.1;
    Some(value.replace("%3A", ":").replace("%3a", ":"))
}

fn step_of(method: &Method, path: &str, query: &str, token: &str) -> (Step, String, String) {
    if path == token {
        return (Step::Token, String::new(), String::new());
    }
    let rest = path.strip_prefix("/v2/").unwrap_or_default();
    let words: Vec<&str> = rest.split('/').collect();
    let name = |ending: usize| words[..words.len().saturating_sub(ending)].join("/");
    let last = |text: &str| text.replace("%3A", ":").replace("%3a", ":");
    match words.as_slice() {
        [.., "blobs", "uploads", ""] => (opening(query), name(3), String::new()),
        [.., "blobs", "uploads"] => (opening(query), name(2), String::new()),
        [.., "blobs", "uploads", session] => {
            let step = match *method {
                Method::PATCH => Step::Patch,
                Method::PUT => Step::Put,
                Method::DELETE => Step::Cancel,
                _ => Step::Status,
            };
            (step, name(3), last(session))
        }
        [.., "blobs", digest] => {
            let step = match *method {
                Method::DELETE => Step::Delete,
                Method::HEAD => Step::Head,
                _ => Step::Get,
            };
            (step, name(2), last(digest))
        }
        [.., "manifests", reference] => {
            let step = match *method {
                Method::PUT => Step::Manifest,
                Method::DELETE => Step::Delete,
                Method::HEAD => Step::ManifestHead,
                _ => Step::ManifestGet,
            };
            (step, name(2), last(reference))
        }
        [.., "tags", "list"] => (Step::List, name(2), String::new()),
        [.., "referrers", digest] => (Step::List, name(2), last(digest)),
        _ => (Step::Probe, String::new(), String::new()),
    }
}

fn opening(query: &str) -> Step {
    if pair(query, "mount").is_some() {
        Step::Mount
    } else {
        Step::Post
    }
}
