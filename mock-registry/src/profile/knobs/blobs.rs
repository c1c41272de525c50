//! Blobs and mounts.

use serde::{Deserialize, Serialize};

use super::check;

/// `[blob]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BlobKnobs {
    /// 201 if a `POST` with digest and body is a whole upload, 202 if it only opens a session.
    #[serde(deserialize_with = "check::status")]
    pub single_post: u16,
    /// Whether `Range` on `GET` is honoured.
    pub range_requests: bool,
    /// `Cache-Control` of blobs; empty for none.
    pub cache_control: String,
    /// Whether the digest of a commit is judged before its session is looked up.
    pub digest_check_first: bool,
    /// The code for a digest that does not match the content.
    pub wrong_digest_code: String,
    /// The code for a commit without digest.
    pub missing_digest_code: String,
    /// Whether sha512 digests are taken.
    pub sha512: bool,
    /// 202 if blobs can be deleted, otherwise the status that refuses it.
    #[serde(deserialize_with = "check::status")]
    pub delete: u16,
    /// The largest blob in bytes; zero for no limit.
    pub max_size: u64,
    /// Whether the well-known gzipped empty layer, once stored, shows in every repository.
    pub shared_empty_layer: bool,
    /// The status for a larger one.
    #[serde(deserialize_with = "check::status")]
    pub too_large_status: u16,
    /// The largest body of a closing `PUT`, in bytes; zero for no limit. A larger one is refused with
    /// 413.
    pub max_put: u64,
    /// Whether `HEAD` says how long the blob is.
    pub head_length: bool,
    /// Whether `GET` and `HEAD` carry `Docker-Content-Digest`.
    pub digest_header: bool,
    /// Which requests for a blob are sent elsewhere, to a URL that is good without a token.
    pub redirect: Redirect,
    /// The status of that.
    #[serde(deserialize_with = "check::status")]
    pub redirect_status: u16,
    /// The status for an `Accept` that a blob's type does not fit; 0 if it is not looked at.
    #[serde(deserialize_with = "check::status_or_zero")]
    pub accept_status: u16,
    /// 201, or the status for a blob that the repository has already.
    #[serde(deserialize_with = "check::status")]
    pub again_status: u16,
    /// The status for a `POST` without `Content-Length`; 0 if it is taken.
    #[serde(deserialize_with = "check::status_or_zero")]
    pub post_length_status: u16,
    /// The status for a whole upload by `POST` that is not of type `application/octet-stream`; 0 if it
    /// is taken.
    #[serde(deserialize_with = "check::status_or_zero")]
    pub post_type_status: u16,
    /// In which other repositories a blob shows.
    pub sharing: Sharing,
}

/// Which requests for a blob are sent elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Redirect {
    /// None.
    None,
    /// `GET`.
    Get,
    /// `GET` and `HEAD`.
    All,
}

/// In which other repositories a blob shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// In none.
    Never,
    /// In all.
    AfterUpload,
    /// In all, once a manifest names it.
    AfterManifest,
}

/// `[mount]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MountKnobs {
    /// Whether a mount with `from` works; otherwise it opens a session.
    pub with_from: bool,
    /// What a mount without `from` does.
    pub without_from: AnonymousMount,
    /// What a mount does whose source may not be pulled from.
    pub bad_source: BadSource,
    /// Whether `from` is not looked at: any repository that has the blob will do.
    pub any_source: bool,
    /// Whether only blobs are mounted that a manifest of the source names.
    pub only_referenced: bool,
    /// Whether the 201 carries `Docker-Content-Digest`.
    pub digest_header: bool,
}

/// What a mount without `from` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnonymousMount {
    /// It mounts from any repository that has the blob.
    Mount,
    /// It opens a session.
    Session,
    /// It is refused with 400.
    Refuse,
}

/// What a mount does whose source may not be pulled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadSource {
    /// It opens a session.
    Session,
    /// It answers 401 and challenges for both scopes.
    Unauthorized,
    /// It answers 403.
    Forbidden,
    /// It answers 404.
    NotFound,
}
