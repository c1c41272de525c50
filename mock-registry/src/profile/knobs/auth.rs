//! Authentication and the token endpoint.

use serde::{Deserialize, Serialize};

use super::check;

/// `[ping]`: `GET /v2/`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PingKnobs {
    /// The body of the 200.
    pub body: String,
    /// Its `Content-Type`, or none.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Whether, where anyone may pull, the answer is 200 and a challenge for a request without
    /// credentials.
    pub open: bool,
    /// How that challenge is written.
    pub open_form: ChallengeForm,
    /// The `scope` of the challenge, or none.
    pub scope: String,
    /// Whether the challenge names the service.
    pub service: bool,
}

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
    #[serde(deserialize_with = "check::status")]
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
    #[serde(deserialize_with = "check::status")]
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
    /// How the challenge is written.
    pub challenge_form: ChallengeForm,
    /// What stands beside the challenge for a bearer token.
    pub second_challenge: SecondChallenge,
    /// What challenge a request gets that presented credentials in vain.
    pub challenge_again: ChallengeAgain,
    /// The realm of a Basic challenge: `{host}` and `{origin}` are those of the registry, `{url}` is
    /// what was asked.
    pub basic_realm: String,
    /// The `service` of a Basic challenge, or none.
    pub basic_service: String,
    /// Whether Basic credentials are taken where tokens are.
    pub basic_too: bool,
    /// What a token looks like.
    pub token_format: TokenFormat,
    /// The `Content-Type` of the answer with the token.
    pub token_type: String,
    /// Whether the form flow takes a password.
    pub password_grant: bool,
    /// Whether refresh tokens are issued to those who ask, and taken.
    pub refresh_tokens: bool,
    /// How many tokens a password buys; 0 for any number.
    pub password_uses: u32,
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
    /// An empty one.
    Empty,
    /// `*`.
    Star,
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
    /// With 401 as for a wrong password, if nothing at all of a scope is allowed.
    Unauthorized,
}

/// Which `scope` parameters of a token request count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeParams {
    /// All.
    All,
    /// Only the first.
    FirstOnly,
    /// All, but the same one twice is refused with 400.
    RejectDuplicate,
}

/// How a challenge is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChallengeForm {
    /// `Bearer realm="…"`, all values quoted.
    Quoted,
    /// `bearer realm=…`, the scheme in lower case and the realm not quoted.
    Unquoted,
}

/// What stands beside the challenge for a bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondChallenge {
    /// Nothing.
    None,
    /// A second header, `Basic realm="…"`.
    Basic,
    /// A second header, `Basic` and nothing else.
    BareBasic,
    /// `Basic realm="…"` in the same header, after a comma.
    JoinedBasic,
}

/// What challenge a request gets that presented credentials in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChallengeAgain {
    /// The same as without credentials.
    Same,
    /// None.
    None,
    /// One for Basic credentials.
    Basic,
    /// An empty header.
    Empty,
}

/// What a token looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenFormat {
    /// A JSON web token.
    Jwt,
    /// Nothing that can be read.
    Opaque,
}
