//! Where things are.

use serde::{Deserialize, Serialize};

use super::check;

/// `[location]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LocationKnobs {
    /// The form for sessions and blobs.
    pub form: LocationForm,
    /// The form for manifests.
    pub manifest_form: LocationForm,
    /// Which host an absolute one names.
    pub host: LocationHost,
    /// The query of a session's URL.
    pub state: LocationState,
    /// Whether that query must come back byte by byte, at the beginning. Otherwise it may be
    /// encoded anew and reordered, as Go's clients do.
    pub verbatim: bool,
    /// The query itself; `{state}` is the part that changes.
    #[serde(deserialize_with = "check::query")]
    pub query: String,
    /// The scheme of an absolute one.
    pub scheme: LocationScheme,
    /// Where sessions are, if not at the specification's place: a path that ends in `{id}`, with
    /// `{first}` for the first component of the repository's name and `{rest}` for the others.
    #[serde(deserialize_with = "check::upload_path")]
    pub upload_path: String,
    /// How many characters identify a session; 0 for a UUID.
    pub id_length: usize,
}

/// Absolute or relative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocationForm {
    /// With scheme and host.
    Absolute,
    /// An absolute path.
    Relative,
}

/// The host of an absolute `Location`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocationHost {
    /// As the request's `Host` has it.
    Request,
    /// As configured.
    Configured,
}

/// The query of a session's URL, which the client must send back as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocationState {
    /// None.
    None,
    /// One per session.
    Fixed,
    /// A new one with every answer; the old one is dead.
    Rotating,
    /// One that holds how many bytes are stored: dead as soon as that is not true any more.
    Offset,
}

/// The scheme of an absolute `Location`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocationScheme {
    /// That of the registry.
    Own,
    /// Always `http`, as behind a proxy that ends TLS and does not say so.
    Http,
}

/// `[range]`: templates, in which `{stored}` is the number n of bytes stored, `{last}` is n−1 (−1
/// for an empty session), `{last0}` is n−1 or 0, `{first}` is the end of the first chunk, or 0, and `{chunk}` that of the last, counted
/// from its own start. An
/// empty template means no header.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RangeKnobs {
    /// On the answer to `POST`.
    #[serde(deserialize_with = "check::range")]
    pub opening: String,
    /// On the answer to `PATCH`.
    #[serde(deserialize_with = "check::range")]
    pub patch: String,
    /// On the answer to a status `GET`.
    #[serde(deserialize_with = "check::range")]
    pub status: String,
    /// On a 416.
    #[serde(deserialize_with = "check::range")]
    pub mismatch: String,
    /// Whether a 416 has a JSON body.
    pub mismatch_body: bool,
    /// Whether a session without any bytes has no such header.
    pub absent_when_empty: bool,
    /// The code on the 416.
    pub mismatch_code: String,
    /// Whether the 416 carries `Location`.
    pub mismatch_location: bool,
}
