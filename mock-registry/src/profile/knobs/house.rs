//! Repositories, rates and errors.

use serde::{Deserialize, Serialize};

use super::check;

/// `[repository]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RepositoryKnobs {
    /// How repositories come to be.
    pub create: Creation,
    /// Which names are taken.
    pub grammar: Grammar,
    /// Whether a name of one component stands for `library/<name>`.
    pub library_namespace: bool,
    /// How many components of a name are the parent.
    pub parent_depth: usize,
    /// The status for a repository that is not there and that a push does not create.
    #[serde(deserialize_with = "check::status")]
    pub missing_status: u16,
    /// The code for that.
    pub missing_code: String,
    /// The challenge that goes with it.
    pub missing_challenge: MissingChallenge,
    /// Whether requests that upload to such a repository are hung up on instead.
    pub missing_hang_up: bool,
    /// How many components a name must have.
    pub depth_min: usize,
    /// How many it may have; 0 for any number.
    pub depth_max: usize,
    /// The status for another number.
    #[serde(deserialize_with = "check::status")]
    pub depth_status: u16,
    /// The code for that.
    pub depth_code: String,
    /// How many repositories there may be; 0 for any number. One more is refused with 429.
    pub most: usize,
}

/// How repositories come to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Creation {
    /// With the first push.
    Auto,
    /// With the first token for a push; with the first push when there are no tokens.
    AtToken,
    /// Only by [`Core::create_repository`](crate::Core::create_repository).
    Never,
    /// With the first push, if another repository shares its first components: the project, the
    /// owner.
    UnderParent,
}

/// Which repository names are taken, and when they are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grammar {
    /// The specification's, on every request.
    Oci,
    /// Quay's wider one, when a token is issued.
    Quay,
}

/// The challenge on the refusal of a repository that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingChallenge {
    /// None.
    None,
    /// An empty header.
    Empty,
}

/// `[rate]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RateKnobs {
    /// How many requests are answered in a window; 0 for any number.
    pub limit: u64,
    /// The length of a window, in seconds.
    pub window: u64,
    /// Which requests count.
    pub of: Counted,
    /// The status for one too many.
    #[serde(deserialize_with = "check::status")]
    pub status: u16,
    /// Its code.
    pub code: String,
    /// Its message; `{seconds}` is the time until the next window.
    pub message: String,
    /// The body of the refusal.
    pub body: RateBody,
    /// How the time until the next window is told.
    pub retry_after: RetryAfter,
    /// Whether answers carry `RateLimit-Limit` and `RateLimit-Remaining`.
    pub headers: bool,
}

/// Which requests count for the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// All but those for a token.
    All,
    /// All but `GET` and `HEAD`.
    Writes,
    /// Manifests that are put.
    Manifests,
}

/// The body of the refusal of one request too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RateBody {
    /// The specification's JSON.
    Json,
    /// Plain text.
    Text,
    /// A page.
    Html,
}

/// How the time until the next window is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryAfter {
    /// `Retry-After` in seconds.
    Seconds,
    /// `Retry-After` as a date.
    Date,
    /// Not at all.
    Absent,
}

/// `[errors]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ErrorKnobs {
    /// What an unknown path answers.
    pub routing: RoutingErrors,
    /// Whether every answer carries `Docker-Distribution-API-Version`.
    pub headers_always: bool,
    /// The body of an error.
    pub form: ErrorForm,
    /// The `Content-Type` of the specification's JSON.
    #[serde(rename = "type")]
    pub media_type: String,
    /// How 411, 413, 414 and what is beyond 499 look, which a proxy in front may answer.
    pub proxy: RoutingErrors,
    /// The body of a 401 as plain text, or none to have it in the usual form.
    pub unauthorized_text: String,
}

/// The body of an answer to an unknown path or method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoutingErrors {
    /// The specification's JSON.
    Json,
    /// A page.
    Html,
    /// A line of plain text.
    Text,
}

/// The body of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorForm {
    /// The specification's JSON.
    Oci,
    /// The message as plain text.
    Text,
    /// A page.
    Html,
    /// None.
    Empty,
    /// `{}`.
    Braces,
}
