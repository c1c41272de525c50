//! URLs, taken apart and put together by hand: upload locations carry signatures and state in their
//! queries, and every byte of them has to come back as it went out, which general URL types do not
//! promise.

use std::fmt;

use http::uri::PathAndQuery;

use super::digest::Digest;
use super::reference::{Repository, Target};

/// How a host is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the two schemes of HTTP")]
pub enum Scheme {
    /// In the clear: for registries on the same machine, and where a person asked for it.
    Http,
    /// Over TLS.
    Https,
}

/// Scheme, host and port (RFC 6454): what credentials are bound to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    /// `None` is the scheme's own.
    port: Option<u16>,
}

/// An absolute URL, its path and query kept byte for byte.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Url {
    origin: Origin,
    path_and_query: String,
}

/// Why a text is not the URL of something to talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    #[error("it is not http or https")]
    Scheme,
    #[error("it has no usable host and port")]
    Authority,
    #[error("it carries a user name or password")]
    UserInfo,
    #[error("it has characters that no URL has")]
    Characters,
    #[error("it is longer than any URL should be")]
    Length,
}

impl Scheme {
    /// The scheme's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Origin {
    /// An origin; the scheme's own port and no port are the same, and so are hosts in any case.
    #[must_use]
    pub fn new(scheme: Scheme, host: impl Into<String>, port: Option<u16>) -> Self {
        Self {
            scheme,
            host: host.into().to_ascii_lowercase(),
            port: port.filter(|port| *port != scheme.default_port()),
        }
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host, in lower case; IPv6 addresses in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host, and the port unless it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    fn parse(scheme: Scheme, authority: &str) -> Result<Self, UrlError> {
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let colon = match authority.rfind(']') {
            Some(close) => authority[close..].find(':').map(|at| close + at),
            None => authority.find(':'),
        };
        let (host, port) = match colon {
            Some(at) => (&authority[..at], &authority[at + 1..]),
            None => (authority, ""),
        };
        let port = match port {
            "" => None,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| UrlError::Authority)?)
            }
            _ => return Err(UrlError::Authority),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let bracketed = |inner: &str| inner.parse::<std::net::Ipv6Addr>().is_ok();
        let legal = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inner) => bracketed(inner),
            None => !host.is_empty() && host.bytes().all(plain),
        };
        if !legal {
            return Err(UrlError::Authority);
        }
        Ok(Self::new(scheme, host, port))
    }
}

impl Url {
    /// The URL of `path_and_query`, which begins with a slash and is made of legal characters.
    fn on(origin: &Origin, path_and_query: String) -> Self {
        Self { origin: origin.clone(), path_and_query }
    }

    /// An absolute URL.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = split_scheme(text).ok_or(UrlError::Scheme)?;
        Self::after_scheme(scheme?, rest)
    }

    fn after_scheme(scheme: Scheme, rest: &str) -> Result<Self, UrlError> {
        let rest = rest.strip_prefix("//").ok_or(UrlError::Authority)?;
        let rest = without_fragment(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let origin = Origin::parse(scheme, &rest[..end])?;
        let path_and_query = match &rest[end..] {
            query if query.starts_with('?') => format!("/{query}"),
            "" => "/".to_owned(),
            path => path.to_owned(),
        };
        Self { origin, path_and_query }.checked()
    }

    /// Where `reference` leads, seen from this URL (RFC 3986 §5.2, without its fragment).
    pub(crate) fn join(&self, reference: &str) -> Result<Self, UrlError> {
        if let Some((scheme, rest)) = split_scheme(reference) {
            return Self::after_scheme(scheme?, rest);
        }
        if reference.starts_with("//") {
            return Self::after_scheme(self.origin.scheme, reference);
        }
        let reference = without_fragment(reference);
        let (path, query) = match reference.find('?') {
            Some(at) => reference.split_at(at),
            None => (reference, ""),
        };
        let path = if path.is_empty() {
            self.path().to_owned()
        } else if path.starts_with('/') {
            without_dots(path)
        } else {
            let directory = self.path().rfind('/').map_or("/", |at| &self.path()[..=at]);
            without_dots(&format!("{directory}{path}"))
        };
        Self::on(&self.origin, format!("{path}{query}")).checked()
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The same path and query on another origin.
    pub(crate) fn moved_to(&self, origin: &Origin) -> Self {
        Self::on(origin, self.path_and_query.clone())
    }

    fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or("/")
    }

    /// The same with one more query parameter at its end; what is there already stays as it is.
    /// `value` is percent-encoded.
    pub(crate) fn with_parameter(&self, name: &str, value: &str) -> Self {
        let mut text = self.path_and_query.clone();
        if !text.contains('?') {
            text.push('?');
        } else if !text.ends_with(['?', '&']) {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(&percent_encoded(value));
        Self::on(&self.origin, text)
    }

    /// The whole of it, for a request. It may hold secrets in its query: nothing to show.
    pub(crate) fn to_uri(&self) -> http::Uri {
        let text = format!("{}{}", self.origin, self.path_and_query);
        text.parse().expect("characters and length were checked when the URL was made")
    }

    fn checked(self) -> Result<Self, UrlError> {
        if self.path_and_query.len() > LONGEST {
            return Err(UrlError::Length);
        }
        match self.path_and_query.parse::<PathAndQuery>() {
            Ok(parsed) if parsed.as_str() == self.path_and_query => Ok(self),
            _ => Err(UrlError::Characters),
        }
    }
}

/// Without the query's contents: signatures and session states are secrets.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path())?;
        if self.path_and_query.contains('?') {
            f.write_str("?…")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The URLs of a repository (OCI distribution specification, "Endpoints").
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    registry: Origin,
    repository: Repository,
}

impl Endpoints {
    pub(crate) fn new(registry: Origin, repository: Repository) -> Self {
        Self { registry, repository }
    }

    pub(crate) fn registry(&self) -> &Origin {
        &self.registry
    }

    pub(crate) fn ping(&self) -> Url {
        Url::on(&self.registry, "/v2/".to_owned())
    }

    pub(crate) fn blob(&self, digest: &Digest) -> Url {
        self.below(&format!("blobs/{digest}"))
    }

    pub(crate) fn uploads(&self) -> Url {
        self.below("blobs/uploads/")
    }

    pub(crate) fn mount(&self, digest: &Digest, from: &Repository) -> Url {
        self.uploads()
            .with_parameter("mount", &digest.to_string())
            .with_parameter("from", from.as_str())
    }

    pub(crate) fn manifest(&self, target: &Target) -> Url {
        self.below(&format!("manifests/{target}"))
    }

    fn below(&self, rest: &str) -> Url {
        Url::on(&self.registry, format!("/v2/{}/{rest}", self.repository))
    }
}

/// The scheme and what follows its colon, if the text begins with a scheme.
fn split_scheme(text: &str) -> Option<(Result<Scheme, UrlError>, &str)> {
    let colon = text.find(':')?;
    let name = &text[..colon];
    let legal = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !legal {
        return None;
    }
    let scheme = match name.to_ascii_lowercase().as_str() {
        "http" => Ok(Scheme::Http),
        "https" => Ok(Scheme::Https),
        _ => Err(UrlError::Scheme),
    };
    Some((scheme, &text[colon + 1..]))
}

fn without_fragment(text: &str) -> &str {
    text.split('#').next().unwrap_or(text)
}

/// Takes out `.` and `..` (RFC 3986 §5.2.4). `path` begins with a slash.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path[1..].split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

/// All but the unreserved characters of RFC 3986 §2.3 percent-encoded.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// What a registry may hand out. `http::Uri` takes twice as much, which leaves room for parameters.
const LONGEST: usize = 30_000;

#[cfg(test)]
mod tests;
