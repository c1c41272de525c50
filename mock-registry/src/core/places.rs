//! Where things are: `Location`, and the identifiers in it.

use http::header;
use http::request::Parts;
use sha2::{Digest as _, Sha256};

use super::Core;
use super::route::{Route, encode};
use crate::profile::{LocationForm, LocationHost, LocationScheme};

impl Core {
    /// What an absolute `Location` on the answer to this request starts with.
    pub(super) fn base_of(&self, parts: &Parts) -> String {
        let own = self.origin.split_once("://");
        let (scheme, own_host) = own.unwrap_or(("http", self.origin.as_str()));
        let scheme = match self.profile.location.scheme {
            LocationScheme::Own => scheme,
            LocationScheme::Http => "http",
        };
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
        match (self.profile.location.host, host) {
            (LocationHost::Request, Some(host)) => format!("{scheme}://{host}"),
            _ => format!("{scheme}://{own_host}"),
        }
    }

    pub(super) fn blob_location(&self, base: &str, name: &str, digest: &str) -> String {
        let name = encode(name, true);
        place(
            self.profile.location.form,
            base,
            &format!("/v2/{name}/blobs/{digest}"),
        )
    }

    pub(super) fn manifest_location(&self, base: &str, name: &str, digest: &str) -> String {
        let name = encode(name, true);
        place(
            self.profile.location.manifest_form,
            base,
            &format!("/v2/{name}/manifests/{digest}"),
        )
    }

    pub(super) fn session_location(&self, base: &str, name: &str, id: &str, state: &str) -> String {
        let name = encode(name, true);
        let own = &self.profile.location.upload_path;
        let path = if own.is_empty() {
            format!("/v2/{name}/blobs/uploads/{id}")
        } else {
            let (first, rest) = name.split_once('/').unwrap_or((&name, ""));
            let path = own.replace("{first}", first).replace("{rest}", rest);
            path.replace("{id}", id)
        };
        let path = if state.is_empty() {
            path
        } else {
            format!("{path}?{}", self.session_query(state))
        };
        place(self.profile.location.form, base, &path)
    }

    /// The query of a session's URL.
    pub(super) fn session_query(&self, state: &str) -> String {
        self.profile.location.query.replace("{state}", state)
    }

    /// The parameter of that query whose value changes.
    pub(super) fn state_parameter(&self) -> &str {
        let pairs = self.profile.location.query.split('&');
        let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(_, value)| *value == "{state}");
        found.map_or("", |(name, _)| name)
    }

    /// The session that a path names, where sessions have a place of their own.
    pub(super) fn route_of_session(&self, path: &str) -> Option<Route> {
        let own = self.profile.location.upload_path.split('{').next();
        let own = own.filter(|own| !own.is_empty())?;
        if !path.starts_with(own) {
            return None;
        }
        let id = path.rsplit('/').next().unwrap_or_default();
        let name = self.sessions.get(id).map(|session| session.name.clone());
        Some(Route::Upload {
            // Nobody who may not push there learns whether there is such a session.
            name: name.unwrap_or_else(|| "unknown/unknown/unknown".to_owned()),
            session: id.to_owned(),
        })
    }

    /// The name of a new session.
    pub(super) fn new_id(&mut self) -> String {
        let length = self.profile.location.id_length.min(LONGEST_ID);
        if length == 0 {
            return uuid(self.next_secret("session"));
        }
        let mut id = String::with_capacity(length);
        while id.len() < length {
            id.extend(hex(&self.next_secret("session")));
        }
        id.truncate(length);
        id
    }

    /// The next sixteen bytes that nobody outside can guess from the last, the same for the same
    /// seed.
    pub(super) fn next_secret(&mut self, what: &str) -> [u8; 16] {
        self.issued += 1;
        let mut hasher = Sha256::new();
        hasher.update(self.seed.to_be_bytes());
        hasher.update(self.issued.to_be_bytes());
        hasher.update(what.as_bytes());
        let digest = hasher.finalize();
        let mut secret = [0; 16];
        secret.copy_from_slice(&digest[..16]);
        secret
    }
}

/// Sixteen bytes in the form of a UUID.
pub(super) fn uuid(bytes: [u8; 16]) -> String {
    let hex: String = hex(&bytes).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// The two digits of each byte.
pub(super) fn hex(bytes: &[u8]) -> impl Iterator<Item = char> {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes
        .iter()
        .flat_map(move |byte| [digit(byte >> 4), digit(byte & 15)])
}

fn place(form: LocationForm, base: &str, path: &str) -> String {
    match form {
        LocationForm::Absolute => format!("{base}{path}"),
        LocationForm::Relative => path.to_owned(),
    }
}

/// The longest identifier of a session, whatever a profile says.
const LONGEST_ID: usize = 64 << 10;
