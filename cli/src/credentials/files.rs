//! Credentials that podman and docker keep: `auth.json`, `config.json`, and the credential helpers
//! that both name.

use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use longshore_protocol::{Credentials, Registry, Repository};
use serde_json::{Map, Value};

use super::helper;
use super::key::{Key, names};
use crate::bounded;
use crate::console::plain;
use crate::environment::Environment;

/// A file that may hold credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    path: PathBuf,
    /// Somebody named this very file, so it should be there.
    is_named: bool,
}

impl Place {
    pub(super) fn shown(&self) -> String {
        plain(&self.path.display().to_string())
    }
}

/// The files to look into, in order.
pub(super) fn places(environment: &Environment) -> Vec<Place> {
    let usual = |path: PathBuf| Place {
        path,
        is_named: false,
    };
    let home = |path: &str| environment.home.as_ref().map(|home| home.join(path));
    let mut places = Vec::new();
    if let Some(path) = &environment.registry_auth_file {
        places.push(Place {
            path: path.clone(),
            is_named: true,
        });
    } else {
        let config_home = environment.config_home.clone().or_else(|| home(".config"));
        let podman = [environment.runtime_dir.clone(), config_home];
        places.extend(
            podman
                .into_iter()
                .flatten()
                .map(|dir| usual(dir.join(AUTH_JSON))),
        );
    }
    let docker = environment
        .docker_config
        .clone()
        .or_else(|| home(".docker"));
    places.extend(docker.map(|path| {
        // Meant for a directory; but it is plain what is meant by a file.
        if path.is_file() {
            usual(path)
        } else {
            usual(path.join("config.json"))
        }
    }));
    places
}

/// What the file at `place` has for `registry`, or more closely for `repository` there.
///
/// Errors are sentences for a person and never quote the file or a helper's output: either may
/// hold a password.
pub(super) fn look_up(
    place: &Place,
    registry: &Registry,
    repository: &Repository,
) -> Result<Option<Credentials>, String> {
    let Some(config) = read(place)? else {
        return Ok(None);
    };
    let (part, whole) = entries(&config, registry, repository);
    if let Some(credentials) = first(&part)? {
        return Ok(Some(credentials));
    }
    // A helper that does not work is no reason not to use what the file itself has.
    let problem = match from_helper(&config, registry) {
        Ok(None) => None,
        Ok(found) => return Ok(found),
        Err(problem) => Some(problem),
    };
    match (first(&whole)?, problem) {
        (None, Some(problem)) => Err(problem),
        (found, _) => Ok(found),
    }
}

fn read(place: &Place) -> Result<Option<Map<String, Value>>, String> {
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
        _ => Err("it is not a JSON object".to_owned()),
    }
}

/// An entry of `auths`, and what it is called.
type Entry<'a> = (&'a str, &'a Value);

/// The entries for `repository`: those for a part of `registry`, then those for all of it, each
/// beginning with the one that counts most.
fn entries<'a>(
    config: &'a Map<String, Value>,
    registry: &Registry,
    repository: &Repository,
) -> (Vec<Entry<'a>>, Vec<Entry<'a>>) {
    let names = names(registry);
    let rank = |name: &str| {
        let known = names.iter().position(|known| known == name);
        known.unwrap_or(names.len())
    };
    let mut entries: Vec<_> = config
        .get("auths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, entry)| {
            let closeness = Key::parse(name).closeness(registry, repository)?;
            Some((closeness, (name.as_str(), entry)))
        })
        .collect();
    entries.sort_by_key(|(closeness, (name, _))| (usize::MAX - closeness, rank(name)));
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
            Err(reason) => return Err(format!("its entry for {}: {reason}", plain(name))),
        }
    }
    Ok(None)
}

/// Docker and podman write empty members, and whole empty entries, where they mean absent ones;
/// scripts write `null`.
fn read_entry(entry: &Value) -> Result<Option<Credentials>, &'static str> {
    let member = |name: &str| {
        let text = entry.get(name)?.as_str()?;
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

/// What the helper has that is named for `registry`, or for all of them.
fn from_helper(
    config: &Map<String, Value>,
    registry: &Registry,
) -> Result<Option<Credentials>, String> {
    let of_registry = config
        .get("credHelpers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .find(|(name, _)| Key::parse(name).is(registry))
        .map(|(_, helper)| helper);
    // An empty name for a registry means: this one in the file, whatever `credsStore` says.
    let helper = of_registry.or_else(|| config.get("credsStore"));
    let Some(helper) = helper.and_then(Value::as_str).map(str::trim) else {
        return Ok(None);
    };
    if helper.is_empty() {
        return Ok(None);
    }
    for server in names(registry) {
        let found = helper::get(helper, &server)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

const AUTH_JSON: &str = "containers/auth.json";
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
