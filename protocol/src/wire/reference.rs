//! References: where an image is, or goes.

mod shown;

use std::str::FromStr;

use super::digest::Digest;
use super::origin::{Origin, Scheme};
use crate::redaction::{PLACEHOLDER, has_credentials, without_credentials};

/// Where an image goes: a registry, a repository, and a tag or digest or both.
///
/// Written `[registry/]repository[:tag][@digest]`. Names follow the OCI distribution
/// specification ("Pulling manifests"); which first component is a registry, and what stands in for
/// a missing one, follows docker and Charliecloud: a component with a dot or a colon, or
/// `localhost`, is a registry. `%` and `+` may stand for `/` and `:`, as in the names of
/// Charliecloud's image directories. `docker://` may stand in front, as skopeo and podman want it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    registry: Registry,
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

/// A registry's host and port.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Registry {
    host: String,
    port: Option<u16>,
}

/// A repository's name (OCI distribution specification: `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`,
/// slash-separated).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(String);

/// A tag (OCI distribution specification: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// What stands in for the parts that a reference leaves out.
///
/// The default is Docker Hub. Charliecloud takes other ones from its `CH_REGY_*` environment
/// variables; the program that reads the environment hands them in here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReferenceDefaults {
    /// The registry's host.
    pub host: String,
    /// The registry's port.
    pub port: Option<u16>,
    /// Components put in front of the repository, without slashes at its ends.
    pub path_prefix: Option<String>,
}

/// Why a text is not a reference, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not an image reference: character {position}: {reason}")]
#[non_exhaustive]
pub struct ReferenceError {
    /// The text, with `<secret>` in place of [credentials](Self::has_credentials).
    pub text: String,
    /// The character that cannot be there, counted from one; one past the end where something is
    /// missing.
    pub position: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Reference {
    /// Parses a reference, with `defaults` for what it leaves out. Without tag and digest the tag
    /// is `latest`.
    ///
    /// # Errors
    /// The text does not follow the grammar; the error names the position.
    pub fn parse(text: &str, defaults: &ReferenceDefaults) -> Result<Self, ReferenceError> {
        let Some(bare) = text.strip_prefix(TRANSPORT) else {
            return Parser { text }.reference(defaults);
        };
        let parsed = Parser { text: bare }.reference(defaults);
        parsed.map_err(|error| ReferenceError {
            text: format!("{TRANSPORT}{}", error.text),
            position: error.position + TRANSPORT.len(),
            ..error
        })
    }

    /// Whether `text` says which registry it means, so that parsing it needs no default for that.
    #[must_use]
    pub fn names_registry(text: &str) -> bool {
        let plain = unpacked(text.strip_prefix(TRANSPORT).unwrap_or(text));
        let first = plain.split_once('/');
        first.is_some_and(|(first, _)| is_registry(first))
    }

    /// The registry.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag, which is there unless a digest is.
    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What the manifest is put under: the tag if there is one, else the digest.
    #[must_use]
    pub fn manifest_name(&self) -> String {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => tag.to_string(),
            (None, Some(digest)) => digest.to_string(),
            (None, None) => LATEST.to_owned(),
        }
    }
}

impl ReferenceError {
    /// Whether the text has a user name or a password in front of the host, as URLs may have
    /// (RFC 3986, section 3.2.1) and references never do: a reference is shown, logged and kept.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.reason == CREDENTIALS
    }
}

impl Registry {
    /// The host as people write it, an IPv6 address in brackets: `docker.io`, although another one
    /// answers for it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, if one is given.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The origin that `scheme` makes of it.
    #[must_use]
    pub fn origin(&self, scheme: Scheme) -> Origin {
        let host = match self.host.as_str() {
            // The name that people know is that of a web site.
            DOCKER_HUB => DOCKER_HUB_SERVER,
            host => host,
        };
        Origin::new(scheme, host, self.port)
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

impl Default for ReferenceDefaults {
    fn default() -> Self {
        Self {
            host: DOCKER_HUB.to_owned(),
            port: None,
            path_prefix: None,
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Self::parse(text, &ReferenceDefaults::default())
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let parser = Parser { text };
        parser.no_credentials()?;
        parser.repository(0, text)
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let parser = Parser { text };
        parser.no_credentials()?;
        parser.tag(0, text)
    }
}

/// Parses parts of `text`, all by byte offsets into it, so that every error knows where.
struct Parser<'a> {
    text: &'a str,
}

impl Parser<'_> {
    fn reference(&self, defaults: &ReferenceDefaults) -> Result<Reference, ReferenceError> {
        self.no_credentials()?;
        if let Some(reason) = scheme(self.text) {
            return self.error(0, reason);
        }
        let plain = unpacked(self.text);
        let (name, digest) = match plain.split_once('@') {
            Some((name, digest)) => (name, Some((name.len() + 1, digest))),
            None => (plain.as_str(), None),
        };
        let (registry, rest) = match name.split_once('/') {
            Some((first, rest)) if is_registry(first) => (Some(first), rest),
            _ => (None, name),
        };
        let start = name.len() - rest.len();
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) => (path, Some((start + path.len() + 1, tag))),
            None => (rest, None),
        };
        self.characters(start, path)?;
        let registry = match registry {
            Some(text) => Some(self.registry(text)?),
            None => None,
        };
        let tag = tag.map(|(at, tag)| self.tag(at, tag)).transpose()?;
        let digest = digest.map(|(at, digest)| self.digest(at, digest));
        let digest = digest.transpose()?;
        let given = self.repository(start, path)?;
        let repository = match (&registry, &defaults.path_prefix) {
            (None, Some(prefix)) => match format!("{prefix}/{given}").parse() {
                Ok(repository) => repository,
                // What is wrong with both together is at no place of the text that was given.
                Err(ReferenceError { reason, .. }) => return self.error(start, reason),
            },
            _ => given,
        };
        let registry = registry.unwrap_or_else(|| Registry {
            host: defaults.host.clone(),
            port: defaults.port,
        });
        let tag = match (tag, &digest) {
            (None, None) => Some(Tag(LATEST.to_owned())),
            (tag, _) => tag,
        };
        let reference = on_docker_hub(registry, repository, tag, digest);
        if reference.repository.0.len() > MAX_REPOSITORY {
            return self.error(start + path.len(), TOO_LONG);
        }
        Ok(reference)
    }

    /// Says first of all that there are credentials: of such a text nothing else may be quoted.
    fn no_credentials(&self) -> Result<(), ReferenceError> {
        if !has_credentials(self.text) {
            return Ok(());
        }
        let text = without_credentials(self.text);
        let before = text.split(PLACEHOLDER).next().unwrap_or_default();
        Err(ReferenceError {
            position: before.chars().count() + 1,
            text,
            reason: CREDENTIALS,
        })
    }

    fn registry(&self, text: &str) -> Result<Registry, ReferenceError> {
        let (host, port) = match text.rfind(':') {
            Some(colon) if !text[colon..].contains(']') => {
                let port = match text[colon + 1..].parse() {
                    Ok(0) | Err(_) => {
                        return self.error(colon + 1, "a port is a number from 1 to 65535");
                    }
                    Ok(port) => port,
                };
                (&text[..colon], Some(port))
            }
            _ => (text, None),
        };
        if let Some(inner) = host.strip_prefix('[') {
            let address = inner
                .strip_suffix(']')
                .map(str::parse::<std::net::Ipv6Addr>);
            if !matches!(address, Some(Ok(_))) {
                return self.error(0, "an IPv6 address stands in brackets");
            }
        } else if let Some(at) = host.find(|c: char| !is_host_character(c)) {
            return self.error(at, "a host has letters, digits, dots and hyphens");
        } else if host.is_empty() || host.starts_with(['.', '-']) || host.ends_with(['-', '.']) {
            return self.error(0, "a host begins and ends with a letter or digit");
        }
        Ok(Registry {
            host: host.to_ascii_lowercase(),
            port,
        })
    }

    /// Says of a character that can be in no repository that it is wrong, before anything else is
    /// said: it is what a person sees first.
    fn characters(&self, start: usize, path: &str) -> Result<(), ReferenceError> {
        for (at, character) in path.char_indices() {
            if character.is_ascii_uppercase() {
                return self.error(start + at, "a repository is in lower case");
            }
            if !is_repository_character(character) && character != '/' {
                return self.error(
                    start + at,
                    "a repository has letters, digits, '.', '_', '-' and '/'",
                );
            }
        }
        Ok(())
    }

    fn repository(&self, start: usize, path: &str) -> Result<Repository, ReferenceError> {
        self.characters(start, path)?;
        if path.len() > MAX_REPOSITORY {
            return self.error(start + MAX_REPOSITORY, TOO_LONG);
        }
        let mut at = start;
        for component in path.split('/') {
            self.component(at, component)?;
            at += component.len() + 1;
        }
        Ok(Repository(path.to_owned()))
    }

    fn component(&self, start: usize, component: &str) -> Result<(), ReferenceError> {
        let edge = "a component of a repository begins and ends with a letter or digit";
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = component.as_bytes();
        match (bytes.first(), bytes.last()) {
            (Some(first), _) if !is_word(*first) => return self.error(start, edge),
            (_, Some(last)) if !is_word(*last) => {
                return self.error(start + bytes.len() - 1, edge);
            }
            (Some(_), Some(_)) => {}
            _ => return self.error(start, "a component of a repository is missing"),
        }
        let mut at = 0;
        while at < bytes.len() {
            let run = bytes[at..]
                .iter()
                .take_while(|byte| !is_word(**byte))
                .count();
            let separator = &component[at..at + run];
            let is_separator = matches!(separator, "" | "." | "_" | "__")
                || separator.bytes().all(|byte| byte == b'-');
            if !is_separator {
                return self.error(
                    start + at,
                    "words are separated by '.', '_', '__' or hyphens",
                );
            }
            at += run.max(1);
        }
        Ok(())
    }

    fn tag(&self, start: usize, tag: &str) -> Result<Tag, ReferenceError> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match tag.chars().next() {
            None => return self.error(start, "the tag is missing"),
            Some(first) if !is_word(first) => {
                return self.error(start, "a tag begins with a letter, digit or '_'");
            }
            Some(_) => {}
        }
        if let Some(at) = tag.find(|c| !is_word(c) && c != '.' && c != '-') {
            return self.error(start + at, "a tag has letters, digits, '_', '.' and '-'");
        }
        if tag.len() > MAX_TAG {
            return self.error(start + MAX_TAG, "a tag has 128 characters at most");
        }
        Ok(Tag(tag.to_owned()))
    }

    fn digest(&self, start: usize, digest: &str) -> Result<Digest, ReferenceError> {
        match digest.parse() {
            Ok(digest) => Ok(digest),
            Err(_) => self.error(start, "a digest is sha256: and 64 lower-case hex digits"),
        }
    }

    /// An error at byte `at` of the text, told in characters.
    fn error<T>(&self, at: usize, reason: &'static str) -> Result<T, ReferenceError> {
        let before = self
            .text
            .char_indices()
            .take_while(|(i, _)| *i < at)
            .count();
        Err(ReferenceError {
            text: self.text.to_owned(),
            position: before + 1,
            reason,
        })
    }
}

/// Why a text with a scheme in front is no reference.
fn scheme(text: &str) -> Option<&'static str> {
    let (scheme, _) = text.split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Some("a reference is no address: drop https://"),
        // That it is not encrypted is for a person to say otherwise.
        "http" => Some("a reference is no address: drop http://"),
        "oci" => Some("a reference is no address: drop oci://"),
        "docker" => Some("docker:// is in lower case and stands in front once"),
        _ if scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            Some("a reference is no address: drop everything up to and including //")
        }
        _ => None,
    }
}

/// One byte for one byte: offsets stay true.
fn unpacked(text: &str) -> String {
    text.replace('%', "/").replace('+', ":")
}

fn is_registry(component: &str) -> bool {
    component.contains(['.', ':', '[']) || component.eq_ignore_ascii_case("localhost")
}

fn is_host_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_')
}

fn is_repository_character(character: char) -> bool {
    character.is_ascii_lowercase()
        || character.is_ascii_digit()
        || matches!(character, '.' | '_' | '-')
}

/// Docker Hub answers to three names, of which people know one, and keeps repositories of one
/// component under `library`.
fn on_docker_hub(
    mut registry: Registry,
    mut repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
) -> Reference {
    let is_hub =
        [DOCKER_HUB, "index.docker.io", DOCKER_HUB_SERVER].contains(&registry.host.as_str());
    if is_hub {
        DOCKER_HUB.clone_into(&mut registry.host);
        // It has no other, and credentials are kept without.
        registry.port = registry.port.filter(|port| *port != 443);
    }
    if is_hub && !repository.0.contains('/') {
        repository.0.insert_str(0, "library/");
    }
    Reference {
        registry,
        repository,
        tag,
        digest,
    }
}

const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_SERVER: &str = "registry-1.docker.io";
const TRANSPORT: &str = "docker://";
const LATEST: &str = "latest";
const MAX_REPOSITORY: usize = 255;
const CREDENTIALS: &str = "user name and password do not belong in a reference";
const TOO_LONG: &str = "a repository has 255 characters at most";
const MAX_TAG: usize = 128;

#[cfg(test)]
mod tests;
