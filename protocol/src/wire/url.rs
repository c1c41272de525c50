//! URLs, taken apart as little as possible: an origin, and a target that is kept byte for byte.
//!
//! Registries put state and signatures into the queries of upload locations, in an order and an
//! escaping of their own. Whoever parses and writes such a query again breaks it.

use std::fmt;

use super::origin::{Origin, Scheme};
use crate::redaction::redacted;

/// An absolute `http` or `https` URL without user information and fragment.
///
/// `Debug` and `Display` leave the query out: it may be a signature. What looks like a secret in the path
/// goes, too.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    origin: Origin,
    /// Path and query; begins with a slash.
    target: String,
}

/// Why a text is not a URL to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    #[error("it is empty")]
    Empty,
    #[error("it has characters that no URL has")]
    Characters,
    #[error("its scheme is neither http nor https")]
    Scheme,
    #[error("it has a user name in front of the host")]
    UserInformation,
    #[error("its host or port is malformed")]
    Authority,
    #[error("it is too long")]
    Length,
}

impl HttpUrl {
    pub(crate) fn new(origin: Origin, target: String) -> Self {
        debug_assert!(target.starts_with('/'), "a target begins with a slash");
        Self { origin, target }
    }

    /// Parses an absolute URL.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let text = checked(text)?;
        let (scheme, rest) = split_scheme(text).ok_or(UrlError::Scheme)?;
        let rest = rest.strip_prefix("//").ok_or(UrlError::Authority)?;
        Self::from_authority(known_scheme(scheme)?, rest)
    }

    /// Resolves a reference against this URL (RFC 3986, section 5.2). The query of the reference
    /// stays as it is; dot segments are removed from its path alone.
    pub(crate) fn join(&self, reference: &str) -> Result<Self, UrlError> {
        let text = checked(reference)?;
        if let Some((scheme, rest)) = split_scheme(text) {
            let scheme = known_scheme(scheme)?;
            let rest = rest.strip_prefix("//").ok_or(UrlError::Authority)?;
            return Self::from_authority(scheme, rest);
        }
        if let Some(rest) = text.strip_prefix("//") {
            return Self::from_authority(self.origin.scheme(), rest);
        }
        let (path, query) = split_query(text);
        // What has a colon there is an absolute URL that went wrong (RFC 3986, section 4.2).
        if path
            .split('/')
            .next()
            .is_some_and(|first| first.contains(':'))
        {
            return Err(UrlError::Scheme);
        }
        let own_path = split_query(&self.target).0;
        let path = if path.is_empty() {
            own_path.to_owned()
        } else if path.starts_with('/') {
            without_dots(path)
        } else {
            let directory = own_path.rfind('/').map_or("/", |slash| &own_path[..=slash]);
            without_dots(&format!("{directory}{path}"))
        };
        Ok(Self::new(self.origin.clone(), format!("{path}{query}")))
    }

    /// The same URL with `pair` at the end of its query.
    pub(crate) fn with_query_pair(&self, pair: &str) -> Self {
        let separator = match self.target.rfind('?') {
            None => "?",
            Some(at) if at + 1 == self.target.len() => "",
            Some(_) if self.target.ends_with('&') => "",
            Some(_) => "&",
        };
        Self::new(
            self.origin.clone(),
            format!("{}{separator}{pair}", self.target),
        )
    }

    /// The same URL at another origin.
    pub(crate) fn at(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Whether path and query are those of `other`.
    pub(crate) fn is_same_target(&self, other: &Self) -> bool {
        self.target == other.target
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The whole URL, query included: for the request alone.
    pub(crate) fn to_uri(&self) -> Result<http::Uri, UrlError> {
        format!("{}{}", self.origin, self.target)
            .parse()
            .map_err(|_| UrlError::Characters)
    }

    /// The values of its query that may be secret, as they are: a registry's state and signatures, which
    /// need not have telling names.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        let query = split_query(&self.target).1.trim_start_matches('?');
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let ours = ["digest", "mount", "from", "scope", "service"];
        pairs
            .filter(|(name, value)| !ours.contains(name) && value.len() >= LONG_VALUE)
            .map(|(_, value)| value)
            .collect()
    }

    fn from_authority(scheme: Scheme, rest: &str) -> Result<Self, UrlError> {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::UserInformation);
        }
        let (host, port) = split_port(authority)?;
        let target = match target.strip_prefix('/') {
            Some(_) => {
                let (path, query) = split_query(target);
                format!("{}{query}", without_dots(path))
            }
            None => format!("/{target}"),
        };
        Ok(Self::new(Origin::new(scheme, host, port), target))
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = split_query(&self.target).0;
        write!(f, "{}{}", self.origin, redacted(path))
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Percent-encodes `text` for a query's name or value (RFC 3986, section 2.1), leaving readable
/// what needs no encoding there.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/,".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// The text without its fragment, if it has only characters that a URL may have.
fn checked(text: &str) -> Result<&str, UrlError> {
    let text = text.trim_matches([' ', '\t']);
    let text = text.split_once('#').map_or(text, |(before, _)| before);
    if text.is_empty() {
        Err(UrlError::Empty)
    } else if text.len() > MAX_URL {
        Err(UrlError::Length)
    } else if text.bytes().all(may_be_in_a_url) {
        Ok(text)
    } else {
        Err(UrlError::Characters)
    }
}

fn may_be_in_a_url(byte: u8) -> bool {
    let is_delimiter = matches!(
        byte,
        b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
    );
    byte.is_ascii_graphic() && !is_delimiter
}

fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    let is_scheme = bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    is_scheme.then_some((scheme, rest))
}

fn known_scheme(scheme: &str) -> Result<Scheme, UrlError> {
    [Scheme::Https, Scheme::Http]
        .into_iter()
        .find(|known| known.name().eq_ignore_ascii_case(scheme))
        .ok_or(UrlError::Scheme)
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), UrlError> {
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => {
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        _ => (authority, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_host = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(is_name),
    };
    let port = match port {
        None | Some("") => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            let port: u16 = digits.parse().map_err(|_| UrlError::Authority)?;
            Some(port).filter(|port| *port != 0)
        }
        Some(_) => return Err(UrlError::Authority),
    };
    if is_host {
        Ok((host, port))
    } else {
        Err(UrlError::Authority)
    }
}

/// Path, and query with its question mark.
fn split_query(text: &str) -> (&str, &str) {
    text.split_at(text.find('?').unwrap_or(text.len()))
}

/// Removes `.` and `..` segments (RFC 3986, section 5.2.4) from an absolute path.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";
/// Shorter values of a query are words.
const LONG_VALUE: usize = 12;
/// `http::Uri` holds no more than 65,534 bytes.
const MAX_URL: usize = 60_000;

#[cfg(test)]
mod tests;
