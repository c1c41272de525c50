//! Requests for tokens, and the answers (distribution project, "Token Authentication
//! Specification" and "OAuth2 Token Authentication").

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;

use super::challenge::Bearer;
use super::scope::Scopes;
use crate::credentials::Secret;
use crate::text::without_bom;
use crate::wire::url::{HttpUrl, encoded};

/// A token, and for how long it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: Secret,
    pub(crate) life: Duration,
}

/// Where to ask for a token with `GET`: one `scope` parameter for each scope.
pub(crate) fn url(bearer: &Bearer, scopes: &Scopes) -> HttpUrl {
    let mut url = bearer.realm.clone();
    if let Some(service) = &bearer.service {
        url = url.with_query_pair(&format!("service={}", encoded(service)));
    }
    for scope in scopes.iter() {
        url = url.with_query_pair(&format!("scope={}", encoded(&scope.to_string())));
    }
    url
}

/// The form to `POST` for a token in exchange for a refresh token: one `scope`, separated by
/// spaces.
pub(crate) fn form(bearer: &Bearer, scopes: &Scopes, refresh: &Secret, client: &str) -> Bytes {
    let scope: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    let service = bearer.service.as_deref().unwrap_or_default();
    let fields = [
        ("grant_type", "refresh_token"),
        ("service", service),
        ("client_id", client),
        ("scope", &scope.join(" ")),
        ("refresh_token", refresh.expose()),
    ];
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    Bytes::from(pairs.join("&"))
}

/// The token in a token server's answer: `token` or `access_token`, good for `expires_in` seconds
/// from now, or for 60 where that is missing or makes no sense. `issued_at` is ignored: clocks
/// differ. None where there is no token that can stand in a header.
pub(crate) fn read(body: &[u8]) -> Option<Token> {
    let json: Value = serde_json::from_slice(without_bom(body)).ok()?;
    let text = ["token", "access_token"]
        .iter()
        .filter_map(|key| json.get(key)?.as_str())
        .find(|text| !text.is_empty())?;
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let seconds = json.get("expires_in").and_then(seconds);
    let life = seconds.map_or(DEFAULT_LIFE, |s| Duration::from_secs(s.min(MAX_LIFE)));
    Some(Token {
        text: Secret::new(text),
        life,
    })
}

/// Every token in a token server's answer, those that are of no use here among them: they are not to be
/// shown either.
pub(crate) fn all(body: &[u8]) -> Vec<Secret> {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    ["token", "access_token", "refresh_token", "id_token"]
        .iter()
        .filter_map(|key| json.as_ref()?.get(key)?.as_str().map(Secret::from))
        .collect()
}

/// `Authorization: Bearer …`.
pub(crate) fn bearer_header(token: &Secret) -> Option<HeaderValue> {
    sensitive(&format!("Bearer {}", token.expose()))
}

/// `Authorization: Basic …` (RFC 7617). None for a user name with a colon, which the receiver would
/// split in the wrong place, or with control characters, which no account has. A password may have
/// them, whatever the RFC says: Google's are whole files, and base64 carries any bytes.
pub(crate) fn basic_header(username: &str, password: &Secret) -> Option<HeaderValue> {
    if username.contains(|c: char| c == ':' || c.is_control()) {
        return None;
    }
    let pair = [username.as_bytes(), b":", password.expose_bytes()].concat();
    sensitive(&format!("Basic {}", STANDARD.encode(pair)))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A number of seconds, which some servers write as a string. Not zero: a token that is dead on
/// arrival helps nobody, and means that the server does not say.
fn seconds(value: &Value) -> Option<u64> {
    let number = match value {
        Value::String(text) => text.parse().ok()?,
        other => other
            .as_u64()
            .or_else(|| Some(other.as_f64()?.max(0.0) as u64))?,
    };
    Some(number).filter(|seconds| *seconds > 0)
}

const DEFAULT_LIFE: Duration = Duration::from_secs(60);
/// Longer than any push; keeps arithmetic with the answer of a strange server sound.
const MAX_LIFE: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests;
