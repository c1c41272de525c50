//! The knobs of a profile, section by section. `profiles/oci.toml` lists them with their values.

use serde::{Deserialize, Serialize};

/// `[auth]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AuthKnobs {
    /// The scheme once there are users.
    pub scheme: Auth,
    /// How failures of a token look.
    pub dialect: Dialect,
    /// The path of the token endpoint.
    pub token_path: String,
    /// Whether challenges name the scope needed.
    pub challenge_scope: ChallengeScope,
    /// Whether challenges carry `error=`.
    pub challenge_error: bool,
    /// Whether the 200 of `GET /v2/` carries a challenge too.
    pub challenge_on_success: bool,
    /// The status for a valid token of too small a scope.
    pub refused_status: u16,
    /// Which members hold the token.
    pub token_field: TokenField,
    /// What `expires_in` says.
    pub expires_in: ExpiresIn,
    /// Seconds until a token expires.
    pub lifetime: u64,
    /// Seconds of grace after that.
    pub leeway: u64,
    /// Whether `issued_at` is sent.
    pub issued_at: bool,
    /// 200 if `POST` (the OAuth2 form) works, otherwise the status that refuses it.
    pub token_post: u16,
    /// What happens to a scope beyond the user's rights.
    pub partial_grant: Grant,
    /// Which of several `scope` parameters count.
    pub scope_params: ScopeParams,
    /// What a request without credentials gets when nothing is public.
    pub anonymous_token: Grant,
    /// Whether pulling something public needs an anonymous token.
    pub public_needs_token: bool,
    /// Whether cancelling a session needs the `delete` action.
    pub cancel_needs_delete: bool,
    /// Whether logins are refused with 429 for a while after a wrong password.
    pub login_backoff: bool,
}

/// How a registry authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// Not at all.
    None,
    /// HTTP Basic on every request.
    Basic,
    /// Bearer tokens from the built-in token endpoint.
    Bearer,
}

/// Whose habits the authentication has beyond the knobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// CNCF distribution and what follows it.
    Distribution,
    /// Quay.
    Quay,
}

/// Whether a challenge names a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChallengeScope {
    /// Exactly the one that the request needs.
    Exact,
    /// None.
    Absent,
}

/// Which member of the token answer holds the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenField {
    /// `token`.
    Token,
    /// `access_token`.
    AccessToken,
    /// Both, with the same value.
    Both,
}

/// What the token answer says about the token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum ExpiresIn {
    /// This many seconds, true or not.
    Seconds(u64),
    /// One of the words.
    Word(ExpiresInWord),
}

/// See [`ExpiresIn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpiresInWord {
    /// Nothing.
    Absent,
    /// The real lifetime.
    Lifetime,
}

/// How a wish beyond the rights is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// With a token for what is allowed, perhaps nothing.
    Subset,
    /// With a refusal.
    Refuse,
}

/// Which `scope` parameters of a token request count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeParams {
    /// All.
    All,
    /// Only the first.
    FirstOnly,
}

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
}

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
    pub status_get: u16,
    /// Whether the status answer carries `Location`.
    pub status_location: bool,
    /// 204, or the status that refuses to cancel.
    pub cancel: u16,
    /// Whether answers carry `Docker-Upload-UUID`.
    pub upload_uuid: bool,
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
    pub malformed_status: u16,
    /// The code for one that is not `<start>-<end>`.
    pub malformed_code: String,
    /// The status of a chunk that was taken.
    pub patch_status: u16,
    /// `OCI-Chunk-Min-Length`, in bytes; zero for none.
    pub min_length: u64,
    /// `OCI-Chunk-Max-Length`, in bytes; zero for none. A longer chunk is refused with 413.
    pub max_length: u64,
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

/// `[range]`: templates, in which `{stored}` is the number n of bytes stored, `{last}` is n−1 (−1
/// for an empty session) and `{last0}` is n−1 or 0. An empty template means no header.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RangeKnobs {
    /// On the answer to `POST`.
    pub opening: String,
    /// On the answer to `PATCH`.
    pub patch: String,
    /// On the answer to a status `GET`.
    pub status: String,
    /// On a 416.
    pub mismatch: String,
    /// Whether a 416 has a JSON body.
    pub mismatch_body: bool,
}

/// `[blob]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BlobKnobs {
    /// 201 if a `POST` with digest and body is a whole upload, 202 if it only opens a session.
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
    pub delete: u16,
    /// The largest blob in bytes; zero for no limit.
    pub max_size: u64,
    /// Whether the well-known gzipped empty layer, once stored, shows in every repository.
    pub shared_empty_layer: bool,
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
}

/// `[manifest]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ManifestKnobs {
    /// The rules a manifest is judged by.
    pub rules: ManifestRules,
    /// The largest one taken, in bytes.
    pub limit: u64,
    /// The status for a larger one.
    pub too_big_status: u16,
    /// The code for a larger one.
    pub too_big_code: String,
    /// The media types taken (by the generic rules).
    pub media_types: MediaTypes,
    /// The status for another one.
    pub bad_type_status: u16,
    /// Whether the media type is judged before or after authentication.
    pub type_check: TypeCheck,
    /// Whether manifests may name content that is not there (by the generic rules).
    pub missing_blob: MissingBlob,
    /// How many tags a push by digest may set with `?tag=`; 0 if the parameter is ignored.
    pub tag_params: usize,
    /// Whether `subject` is honoured: `OCI-Subject` on the answer, and the referrers endpoint.
    pub oci_subject: bool,
    /// 202 if manifests can be deleted, otherwise the status that refuses it.
    pub delete: u16,
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
    /// `MANIFEST_BLOB_UNKNOWN`, one entry per digest.
    Refuse,
    /// As before for the config of an image; layers and the manifests of an index may be missing,
    /// as in the sparse images of the specification's conformance program.
    Sparse,
    /// They may.
    Accept,
}

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

/// `[errors]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ErrorKnobs {
    /// What an unknown path answers.
    pub routing: RoutingErrors,
    /// Whether every answer carries `Docker-Distribution-API-Version`.
    pub headers_always: bool,
}

/// The body of an answer to an unknown path or method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoutingErrors {
    /// The specification's JSON.
    Json,
    /// A page.
    Html,
}
