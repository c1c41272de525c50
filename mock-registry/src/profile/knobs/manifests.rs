//! Manifests.

use serde::{Deserialize, Serialize};

use super::check;

/// `[manifest]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ManifestKnobs {
    /// The rules a manifest is judged by.
    pub rules: ManifestRules,
    /// The largest one taken, in bytes.
    pub limit: u64,
    /// The status for a larger one.
    #[serde(deserialize_with = "check::status")]
    pub too_big_status: u16,
    /// The code for a larger one.
    pub too_big_code: String,
    /// The media types taken (by the generic rules).
    pub media_types: MediaTypes,
    /// The status for another one.
    #[serde(deserialize_with = "check::status")]
    pub bad_type_status: u16,
    /// Whether the media type is judged before or after authentication.
    pub type_check: TypeCheck,
    /// Whether manifests may name content that is not there (by the generic rules).
    pub missing_blob: MissingBlob,
    /// How many tags a push by digest may set with `?tag=`; 0 if the parameter is ignored.
    pub tag_params: usize,
    /// Whether the answer to a manifest with a `subject` carries `OCI-Subject`.
    pub oci_subject: bool,
    /// Whether there is a referrers endpoint.
    pub referrers: bool,
    /// 202 if manifests can be deleted, otherwise the status that refuses it.
    #[serde(deserialize_with = "check::status")]
    pub delete: u16,
    /// The status for content that is missing.
    #[serde(deserialize_with = "check::status")]
    pub missing_status: u16,
    /// The code for content that is missing.
    pub missing_code: String,
    /// Seconds after which a blob is missing that no manifest names, although `HEAD` still shows it;
    /// 0 for never.
    pub orphan_lifetime: u64,
    /// Whether the subject must be there.
    pub subject_needed: bool,
    /// Whether there must be a `Content-Type`.
    pub type_needed: bool,
    /// The status for a `PUT` without `Content-Length`; 0 if it is taken.
    #[serde(deserialize_with = "check::status_or_zero")]
    pub length_status: u16,
    /// Whether the 201 carries `Location`.
    pub location: bool,
    /// 200, or the status that refuses `HEAD`.
    #[serde(deserialize_with = "check::status")]
    pub head_status: u16,
    /// The status of `HEAD` for a manifest that is not there.
    #[serde(deserialize_with = "check::status")]
    pub absent_head_status: u16,
    /// Whether `GET` and `HEAD` carry `Docker-Content-Digest`.
    pub digest_header: bool,
    /// The status for a tag that is there already in a repository of immutable tags; 0 if the registry
    /// has none such.
    #[serde(deserialize_with = "check::status_or_zero")]
    pub immutable_status: u16,
    /// The code for that.
    pub immutable_code: String,
}

/// The rules a manifest is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestRules {
    /// JSON, matching media type, content present.
    Generic,
    /// Quay since 3.4: the history is judged when the image is pulled by an old client.
    QuayLazy,
    /// Quay until 3.3: the history is judged while the manifest is stored.
    QuayEager,
}

/// The media types of manifests taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MediaTypes {
    /// Any.
    Any,
    /// OCI manifests and indexes.
    Oci,
    /// Those, and Docker's schema 2 and lists.
    OciAndDocker,
}

/// When the media type of a manifest is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypeCheck {
    /// Before authentication.
    BeforeAuth,
    /// After it.
    AfterAuth,
}

/// Whether manifests may name content that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingBlob {
    /// They may not; one error per digest.
    Refuse,
    /// As before for the config of an image; layers and the manifests of an index may be missing,
    /// as in the sparse images of the specification's conformance program.
    Sparse,
    /// They may.
    Accept,
}
