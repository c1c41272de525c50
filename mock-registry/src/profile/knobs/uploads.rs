//! Upload sessions and chunks.

use serde::{Deserialize, Serialize};

use super::check;

/// `[session]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SessionKnobs {
    /// Seconds that a session lives without being written to.
    pub lifetime: u64,
    /// What becomes of the session when the client vanishes in mid-body.
    pub short_body: ShortBody,
    /// What becomes of it after a commit with a wrong digest.
    pub failed_commit: Fate,
    /// What becomes of it after a 416 on the closing `PUT`.
    pub failed_range: Fate,
    /// 204, or the status that refuses to tell.
    #[serde(deserialize_with = "check::status")]
    pub status_get: u16,
    /// Whether the status answer carries `Location`.
    pub status_location: bool,
    /// 204, or the status that refuses to cancel.
    #[serde(deserialize_with = "check::status")]
    pub cancel: u16,
    /// The header that names the session, or none.
    pub uuid_header: String,
    /// Seconds that a session lives, written to or not; 0 for no limit.
    pub longest: u64,
    /// Whether the status is refused if the query of the URL is stale.
    pub status_state: bool,
    /// The status for a query that was right before: 416 for the answer to a gap.
    #[serde(deserialize_with = "check::status")]
    pub stale_state_status: u16,
    /// The status for a query that never was or did not come back.
    #[serde(deserialize_with = "check::status")]
    pub lost_state_status: u16,
}

/// What a broken body leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShortBody {
    /// What arrived stays.
    Keep,
    /// The session is as it was before the request.
    Rollback,
    /// The session is gone.
    Destroy,
}

/// What becomes of a session after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It stays.
    Keep,
    /// It is gone.
    Destroy,
}

/// `[chunk]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChunkKnobs {
    /// How `Content-Range` is taken.
    pub content_range: ContentRange,
    /// The status for one that is not `<start>-<end>`.
    #[serde(deserialize_with = "check::status")]
    pub malformed_status: u16,
    /// The code for one that is not `<start>-<end>`.
    pub malformed_code: String,
    /// The status of a chunk that was taken.
    #[serde(deserialize_with = "check::status")]
    pub patch_status: u16,
    /// `OCI-Chunk-Min-Length`, in bytes; zero for none.
    pub min_length: u64,
    /// The longest chunk taken, in bytes; zero for no limit.
    pub max_length: u64,
    /// Whether that is announced as `OCI-Chunk-Max-Length`.
    pub max_announced: bool,
    /// Which chunks it applies to.
    pub max_applies: MaxApplies,
    /// The status for a longer one.
    #[serde(deserialize_with = "check::status")]
    pub max_status: u16,
    /// The code for a longer one.
    pub max_code: String,
    /// Bytes that every chunk but the last must have, announced or not; zero for any.
    pub smallest: u64,
    /// Whether all chunks but the last must have the same length.
    pub equal: bool,
    /// Whether a chunk of a single byte is taken.
    pub one_byte: bool,
    /// The status for what goes on after a chunk that was too small.
    #[serde(deserialize_with = "check::status")]
    pub unfit_status: u16,
    /// The code for that.
    pub unfit_code: String,
    /// How many chunks a session takes; zero for any number.
    pub most: u32,
    /// The status for one more.
    #[serde(deserialize_with = "check::status")]
    pub most_status: u16,
    /// The status for a missing `Content-Range` where it is required.
    #[serde(deserialize_with = "check::status")]
    pub missing_status: u16,
    /// The status for a `PATCH` without `Content-Length`; 0 if it is taken.
    #[serde(deserialize_with = "check::status_or_zero")]
    pub length_status: u16,
    /// The code for that.
    pub length_code: String,
    /// The status for a `PATCH` of another type than `application/octet-stream`; 0 if it is taken.
    #[serde(deserialize_with = "check::status_or_zero")]
    pub type_status: u16,
    /// What becomes of the body of the closing `PUT`.
    pub closing_body: ClosingBody,
}

/// How `Content-Range` is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentRange {
    /// If present it must continue exactly where the session stands.
    Checked,
    /// As `Checked`, and required on every piece after the first.
    Required,
    /// Not looked at.
    Ignored,
    /// A gap is refused, an overlap skipped, a surplus dropped.
    Lenient,
}

/// Which chunks must not be too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaxApplies {
    /// All.
    Always,
    /// Those with a `Content-Range`.
    ContentRange,
}

/// What becomes of the body of the closing `PUT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosingBody {
    /// It is the last piece of the blob.
    Appended,
    /// It is dropped if there were chunks.
    IgnoredAfterChunk,
    /// It is dropped if it came without `Content-Length`.
    IgnoredWithoutLength,
}
