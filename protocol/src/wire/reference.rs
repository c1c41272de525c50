//! References: the names people give to images.

use std::fmt;
use std::str::FromStr;

use super::digest::Digest;

/// An image reference as a person wrote it, `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]`, without any
/// default filled in.
///
/// The grammar is that of the OCI distribution specification ("Pulling manifests") with the host
/// part of Docker's references: the first component is a host if it has a dot, a colon or brackets,
/// or is `localhost`. As in Charliecloud, `%` may stand for `/` and `+` for `:`, so that a reference
/// can be the name of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// The registry's host, if one was given; IPv6 addresses in brackets.
    pub host: Option<String>,
    /// The registry's port, if one was given.
    pub port: Option<u16>,
    /// The repository.
    pub repository: Repository,
    /// The tag, if one was given.
    pub tag: Option<Tag>,
    /// The digest, if one was given.
    pub digest: Option<Digest>,
}

/// A repository name: lower-case components joined by slashes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(String);

/// A tag.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// What fills the gaps of a [`Reference`]. The default is Docker Hub, as in Charliecloud.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "Charliecloud's three variables")]
pub struct Defaults {
    /// The host for references that name none (`CH_REGY_DEFAULT_HOST`).
    pub host: String,
    /// Its port (`CH_REGY_DEFAULT_PORT`).
    pub port: Option<u16>,
    /// What is put in front of the repository of such references (`CH_REGY_PATH_PREFIX`).
    pub path_prefix: Option<String>,
}

/// A reference with every gap filled: where a push goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// The registry's host.
    pub host: String,
    /// The registry's port; `None` is the scheme's own.
    pub port: Option<u16>,
    /// The repository.
    pub repository: Repository,
    /// What the manifest will be called.
    pub target: Target,
}

/// What a manifest is called within its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the specification's two kinds of reference")]
pub enum Target {
    /// By a tag, which may move.
    Tag(Tag),
    /// By its digest.
    Digest(Digest),
}

/// Why a text is not a reference, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at character {position} of `{text}`")]
#[non_exhaustive]
pub struct ReferenceError {
    /// The text.
    pub text: String,
    /// Which character is the first wrong one, counted from 1.
    pub position: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Reference {
    /// The name of the directory that Charliecloud keeps this image in.
    #[must_use]
    pub fn to_directory_name(&self) -> String {
        self.to_string().replace('/', "%").replace(':', "+")
    }

    /// Where this reference leads, its gaps filled from `defaults`.
    ///
    /// Docker Hub's other names become the host that serves its API, and a one-component
    /// repository there is put under `library/`, as Docker does. Without tag or digest, the tag is
    /// `latest`; with both, the digest decides and the tag is left out.
    ///
    /// # Errors
    /// If a default is not fit to stand in a reference.
    pub fn resolve(&self, defaults: &Defaults) -> Result<Destination, ReferenceError> {
        let (host, port, mut path) = match &self.host {
            Some(host) => (host.clone(), self.port, self.repository.0.clone()),
            None => {
                let prefix = defaults.path_prefix.as_deref().unwrap_or("").trim_matches('/');
                let joined = if prefix.is_empty() {
                    self.repository.0.clone()
                } else {
                    format!("{prefix}/{}", self.repository)
                };
                (defaults.host.clone(), defaults.port, joined)
            }
        };
        let host = match host.as_str() {
            "docker.io" | "index.docker.io" => HUB.to_owned(),
            _ => host,
        };
        check_host(&host, &host, 0)?;
        if host == HUB && !path.contains('/') {
            path.insert_str(0, "library/");
        }
        let target = match (&self.digest, &self.tag) {
            (Some(digest), _) => Target::Digest(digest.clone()),
            (None, Some(tag)) => Target::Tag(tag.clone()),
            (None, None) => Target::Tag(Tag("latest".to_owned())),
        };
        Ok(Destination { host, port, repository: path.parse()?, target })
    }
}

impl Default for Defaults {
    fn default() -> Self {
        Self { host: HUB.to_owned(), port: None, path_prefix: None }
    }
}

impl Repository {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(original: &str) -> Result<Self, ReferenceError> {
        let fail = |position, what| Err(ReferenceError::new(original, position, what));
        if original.is_empty() {
            return fail(0, "nothing where a reference should be");
        }
        let text = original.replace('%', "/").replace('+', ":");
        let (host, port, start) = split_host(original, &text)?;
        let rest = &text[start..];
        let (name_and_tag, digest) = match rest.split_once('@') {
            Some((before, digest)) => match digest.parse() {
                Ok(digest) => (before, Some(digest)),
                Err(_) => return fail(start + before.len() + 1, "no digest (sha256:64 hex digits)"),
            },
            None => (rest, None),
        };
        let (name, tag) = match name_and_tag.split_once(':') {
            Some((name, tag)) => {
                check_tag(original, tag, start + name.len() + 1)?;
                (name, Some(Tag(tag.to_owned())))
            }
            None => (name_and_tag, None),
        };
        check_repository(original, name, start)?;
        Ok(Self { host, port, repository: Repository(name.to_owned()), tag, digest })
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        check_repository(text, text, 0)?;
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        check_tag(text, text, 0)?;
        Ok(Self(text.to_owned()))
    }
}

impl ReferenceError {
    fn new(text: &str, byte: usize, what: &'static str) -> Self {
        let position = text.char_indices().take_while(|(at, _)| *at < byte).count() + 1;
        Self { text: text.to_owned(), position, what }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            f.write_str(host)?;
            if let Some(port) = self.port {
                write!(f, ":{port}")?;
            }
            f.write_str("/")?;
        }
        f.write_str(&self.repository.0)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        match &self.target {
            Target::Tag(tag) => write!(f, "/{}:{tag}", self.repository),
            Target::Digest(digest) => write!(f, "/{}@{digest}", self.repository),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => fmt::Display::fmt(tag, f),
            Self::Digest(digest) => fmt::Display::fmt(digest, f),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Host, port, and where the repository begins.
fn split_host(
    original: &str,
    text: &str,
) -> Result<(Option<String>, Option<u16>, usize), ReferenceError> {
    let Some((first, _)) = text.split_once('/') else {
        return Ok((None, None, 0));
    };
    let bracketed = first.starts_with('[');
    if !(bracketed || first.contains(['.', ':']) || first == "localhost") {
        return Ok((None, None, 0));
    }
    let colon = if bracketed {
        let Some(close) = first.find(']') else {
            return Err(ReferenceError::new(original, first.len(), "no closing bracket"));
        };
        match &first[close + 1..] {
            "" => None,
            rest if rest.starts_with(':') => Some(close + 1),
            _ => {
                return Err(ReferenceError::new(original, close + 1, "no port after the address"));
            }
        }
    } else {
        first.find(':')
    };
    let host = &first[..colon.unwrap_or(first.len())];
    check_host(original, host, 0)?;
    let port = match colon {
        None => None,
        Some(at) => match first[at + 1..].parse::<u16>() {
            Ok(port) if port > 0 && !first[at + 1..].starts_with('+') => Some(port),
            _ => return Err(ReferenceError::new(original, at + 1, "no port (1 to 65535)")),
        },
    };
    Ok((Some(host.to_owned()), port, first.len() + 1))
}

fn check_host(original: &str, host: &str, start: usize) -> Result<(), ReferenceError> {
    if host.is_empty() {
        return Err(ReferenceError::new(original, start, "no host"));
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match inner.parse::<std::net::Ipv6Addr>() {
            Ok(_) => Ok(()),
            Err(_) => Err(ReferenceError::new(original, start + 1, "no IPv6 address")),
        };
    }
    let wrong = |(_, c): &(usize, char)| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    match host.char_indices().find(wrong) {
        Some((at, _)) => Err(ReferenceError::new(original, start + at, "no character of a host")),
        None => Ok(()),
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` per component, components joined by slashes.
fn check_repository(original: &str, name: &str, start: usize) -> Result<(), ReferenceError> {
    let fail = |at: usize, what| Err(ReferenceError::new(original, start + at, what));
    if name.is_empty() {
        return fail(0, "no repository name");
    }
    if name.len() > REPOSITORY_MAX {
        return fail(REPOSITORY_MAX, "repository name longer than 255 characters");
    }
    let mut offset = 0;
    for component in name.split('/') {
        if component.is_empty() {
            return fail(offset, "empty path component");
        }
        for (at, c) in component.char_indices() {
            match c {
                'a'..='z' | '0'..='9' => {}
                'A'..='Z' => return fail(offset + at, "upper-case letter (names are lower-case)"),
                '.' | '_' | '-' => {}
                _ => return fail(offset + at, "no character of a repository name"),
            }
        }
        if let Some(at) = misplaced_separator(component) {
            return fail(offset + at, "misplaced separator");
        }
        offset += component.len() + 1;
    }
    Ok(())
}

/// Where a component's separators break the grammar: at an end, or in a run other than `.`, `_`,
/// `__` or dashes.
fn misplaced_separator(component: &str) -> Option<usize> {
    let bytes = component.as_bytes();
    let separator = |byte: u8| matches!(byte, b'.' | b'_' | b'-');
    let mut at = 0;
    while at < bytes.len() {
        if !separator(bytes[at]) {
            at += 1;
            continue;
        }
        let run = bytes[at..].iter().take_while(|byte| separator(**byte)).count();
        let text = &component[at..at + run];
        let legal = matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
        if at == 0 || at + run == bytes.len() || !legal {
            return Some(at);
        }
        at += run;
    }
    None
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
fn check_tag(original: &str, tag: &str, start: usize) -> Result<(), ReferenceError> {
    let fail = |at: usize, what| Err(ReferenceError::new(original, start + at, what));
    if tag.is_empty() {
        return fail(0, "no tag after the colon");
    }
    for (at, c) in tag.char_indices() {
        let legal = c.is_ascii_alphanumeric() || c == '_' || (at > 0 && matches!(c, '.' | '-'));
        if !legal {
            return fail(at, "no character of a tag");
        }
    }
    if tag.len() > TAG_MAX {
        return fail(TAG_MAX, "tag longer than 128 characters");
    }
    Ok(())
}

/// The host that serves Docker Hub's registry API.
const HUB: &str = "registry-1.docker.io";
/// Many registries and clients refuse longer names.
const REPOSITORY_MAX: usize = 255;
const TAG_MAX: usize = 128;

#[cfg(test)]
mod tests;
