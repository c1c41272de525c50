//! Where things are: `Location`, and the identifiers in it.

use http::header;
use http::request::Parts;
use sha2::{Digest as _, Sha256};

use super::Core;
use super::route::encode;
use crate::profile::{LocationForm, LocationHost};

impl Core {
    /// What an absolute `Location` on the answer to this request starts with.
    pub(super) fn base_of(&self, parts: &Parts) -> String {
        let scheme = self.origin.split("://").next().unwrap_or("http");
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
        match (self.profile.location.host, host) {
            (LocationHost::Request, Some(host)) => format!("{scheme}://{host}"),
            _ => self.origin.clone(),
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
        let path = format!("/v2/{name}/blobs/uploads/{id}");
        let path = if state.is_empty() {
            path
        } else {
            format!("{path}?{}", session_query(state))
        };
        place(self.profile.location.form, base, &path)
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

/// The query of a session's URL: two parameters, and characters that tempt a client to encode them
/// anew.
pub(super) fn session_query(state: &str) -> String {
    format!("_nouploadcache=false&_state={state}")
}

/// Sixteen bytes in the form of a UUID.
pub(super) fn uuid(bytes: [u8; 16]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

fn place(form: LocationForm, base: &str, path: &str) -> String {
    match form {
        LocationForm::Absolute => format!("{base}{path}"),
        LocationForm::Relative => path.to_owned(),
    }
}
