//! Credentials that podman and docker keep: `auth.json`, `config.json`, and the credential helpers
//! that both name.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use longshore_protocol::redaction::redacted;
use longshore_protocol::{Credentials, Registry, Repository};
use serde_json::{Map, Value};

use super::helper;
use super::key::{Key, names};
use super::places::{Format, Place};
use crate::bounded;
use crate::console::plain;

/// Files that were read. Each is read once: a pipe (`<(…)`) has its bytes once only.
#[derive(Debug, Default)]
pub(super) struct Files {
    read: HashMap<PathBuf, Result<Option<Map<String, Value>>, String>>,
}

impl Files {
    /// What the file at `place` has for `registry`, or more closely for `repository` there.
    ///
    /// A helper that is named for the registry comes first, as it does for podman and docker (skopeo
    /// 1.9.3, docker 7.1.0 of PyPI); then entries for a part of the registry, the helper that is named
    /// for all registries, and the entry for all of the registry.
    ///
    /// Errors are sentences for a person and never quote the file or a helper's output: either may
    /// hold a password.
    pub(super) fn look_up(
        &mut self,
        place: &Place,
        registry: &Registry,
        repository: &Repository,
    ) -> Result<Option<Credentials>, String> {
        let read = self.read.entry(place.path.clone());
        let config = match read.or_insert_with(|| read_from(place)) {
            Ok(Some(config)) => config,
            Ok(None) => return Ok(None),
            Err(problem) => return Err(problem.clone()),
        };
        let (part, whole) = entries(config, place.format, registry, repository);
        let (of_registry, of_all) = helpers(config, registry);
        // A helper that does not work is no reason not to use what the file itself has.
        let mut problem = None;
        let mut ask = |helper: Option<&str>| match from_helper(helper, registry, &whole) {
            Ok(found) => found,
            Err(new) => {
                problem = Some(new);
                None
            }
        };
        if let Some(credentials) = ask(of_registry) {
            return Ok(Some(credentials));
        }
        if let Some(credentials) = first(&part)? {
            return Ok(Some(credentials));
        }
        if let Some(credentials) = ask(of_all) {
            return Ok(Some(credentials));
        }
        match (first(&whole)?, problem) {
            (None, Some(problem)) => Err(problem),
            (found, _) => Ok(found),
        }
    }
}

fn read_from(place: &Place) -> Result<Option<Map<String, Value>>, String> {
    let bytes = match bounded::read(&place.path, LARGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !place.is_named => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    };
    // Some editors begin files with a mark that is no part of them.
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    // An empty file is what `podman logout` and careless scripts leave.
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(config)) => Ok(Some(config)),
        // Before JSON, docker's first file had lines of its own. No program reads them any more.
        _ if place.format == Format::Legacy => Ok(None),
        _ => Err("it is not a JSON object".to_owned()),
    }
}

/// A member, in whichever case its name is written: podman and docker, being in Go, take each (Go's
/// `encoding/json`).
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        let mut members = object.iter();
        members
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// An entry of `auths`, and what it is called.
type Entry<'a> = (&'a str, &'a Value);

/// The entries for `repository`: those for a part of `registry`, then those for all of it, each
/// beginning with the one that counts most.
fn entries<'a>(
    config: &'a Map<String, Value>,
    format: Format,
    registry: &Registry,
    repository: &Repository,
) -> (Vec<Entry<'a>>, Vec<Entry<'a>>) {
    let names = names(registry);
    let rank = |name: &str| {
        let known = names.iter().position(|known| known == name);
        known.unwrap_or(names.len())
    };
    let auths = match format {
        Format::Current => member(config, "auths").and_then(Value::as_object),
        Format::Legacy => Some(config),
    };
    let mut entries: Vec<_> = auths
        .into_iter()
        .flatten()
        .filter_map(|(name, entry)| {
            let closeness = Key::parse(name).closeness(registry, repository)?;
            Some((closeness, (name.as_str(), entry)))
        })
        .collect();
    // Of two addresses of one registry, the one with TLS; of two that differ in nothing else, the
    // first in the alphabet. skopeo 1.9.3 chooses by chance.
    let is_plain = |name: &str| {
        name.get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case("http://"))
    };
    entries
        .sort_by_key(|(closeness, (name, _))| (usize::MAX - closeness, rank(name), is_plain(name)));
    let part = entries.iter().filter(|(closeness, _)| *closeness > 0);
    let whole = entries.iter().filter(|(closeness, _)| *closeness == 0);
    let entry = |(_, entry): &(usize, Entry<'a>)| *entry;
    (part.map(entry).collect(), whole.map(entry).collect())
}

/// What the first of `entries` that says anything says.
fn first(entries: &[Entry<'_>]) -> Result<Option<Credentials>, String> {
    for (name, entry) in entries {
        match read_entry(entry) {
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(reason) => {
                return Err(format!(
                    "its entry for {}: {reason}",
                    redacted(&plain(name))
                ));
            }
        }
    }
    Ok(None)
}

/// Docker and podman write empty members, and whole empty entries, where they mean absent ones;
/// scripts write `null`.
fn read_entry(entry: &Value) -> Result<Option<Credentials>, &'static str> {
    let member = |name: &str| {
        let text = member(entry.as_object()?, name)?.as_str()?;
        (!text.is_empty()).then_some(text)
    };
    if let Some(token) = member("registrytoken") {
        return Ok(Some(Credentials::RegistryToken(token.into())));
    }
    if let Some(token) = member("identitytoken") {
        return Ok(Some(Credentials::IdentityToken(token.into())));
    }
    if let Some(auth) = member("auth") {
        return read_auth(auth);
    }
    let named = member("username").zip(member("password"));
    Ok(named.map(|(username, password)| Credentials::password(username, password)))
}

/// `auth`: user name, a colon and password in base64, which some programs wrap into lines.
fn read_auth(auth: &str) -> Result<Option<Credentials>, &'static str> {
    let auth: String = auth.split_ascii_whitespace().collect();
    let bytes = BASE64
        .decode(auth)
        .map_err(|_| "`auth` is not base64 from end to end")?;
    // Docker once encoded its buffer to the end, and drops that when it reads such a file.
    let end = bytes.iter().rposition(|&byte| byte != 0);
    let bytes = bytes.get(..end.map_or(0, |last| last + 1)).unwrap_or(&[]);
    let Some(colon) = bytes.iter().position(|&byte| byte == b':') else {
        return if bytes.is_empty() {
            Ok(None)
        } else {
            Err("`auth` is not a user name, a colon and a password")
        };
    };
    let (username, password) = bytes.split_at(colon);
    let username =
        str::from_utf8(username).map_err(|_| "the user name in `auth` is not in UTF-8")?;
    // podman and skopeo send a password that is in another encoding as it is (skopeo 1.9.3).
    let password = password.get(1..).unwrap_or(&[]).to_vec();
    if username.is_empty() && password.is_empty() {
        return Ok(None);
    }
    Ok(Some(Credentials::password(username, password)))
}

/// The helper for `registry`, or else the one for all registries.
///
/// An empty name for a registry means: this one in the file, whatever `credsStore` says (docker
/// 27, `cli/config/configfile/file.go`).
fn helpers<'a>(
    config: &'a Map<String, Value>,
    registry: &Registry,
) -> (Option<&'a str>, Option<&'a str>) {
    let of_registry = member(config, "credHelpers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .find(|(name, _)| Key::parse(name).is(registry))
        .map(|(_, helper)| helper);
    let of_all = member(config, "credsStore").filter(|_| of_registry.is_none());
    let name = |helper: Option<&'a Value>| {
        let name = helper.and_then(Value::as_str).map(str::trim);
        name.filter(|name| !name.is_empty())
    };
    (name(of_registry), name(of_all))
}

/// What `helper` has for `registry`. It is asked for each name of the registry, and for each under
/// which `docker login` left an entry, mostly an empty one.
fn from_helper(
    helper: Option<&str>,
    registry: &Registry,
    entries: &[Entry<'_>],
) -> Result<Option<Credentials>, String> {
    let Some(helper) = helper else {
        return Ok(None);
    };
    let mut servers = names(registry);
    for (name, _) in entries {
        if !servers.iter().any(|server| server == name) {
            servers.push((*name).to_owned());
        }
    }
    for server in servers {
        let found = helper::get(helper, &server)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// As docker has it, but does not insist on the `=` at the end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// More than any list of passwords: somebody gave a wrong path.
const LARGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests;
