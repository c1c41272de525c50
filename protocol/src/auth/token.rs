//! Fetching a Bearer token (CNCF distribution, "Token Authentication Specification" and "OAuth2
//! Token Authentication").

use std::time::Duration;

use http::{HeaderValue, Method, Request};
use serde::Deserialize;

use super::credentials::Credentials;
use crate::payload::Payload;
use crate::wire::redact::Secret;
use crate::wire::urls::{Url, percent_encoded};

/// Where tokens come from, as a Bearer challenge says.
#[derive(Clone, Debug)]
pub(crate) struct TokenServer {
    pub(crate) realm: Url,
    pub(crate) service: Option<String>,
    /// Whether it was seen not to speak OAuth2's `POST`.
    pub(crate) get_only: bool,
}

/// A token as it came.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) text: Secret,
    pub(crate) lifetime: Duration,
}

impl TokenServer {
    /// Whether the request will be OAuth2's: for credentials that have no password to show.
    pub(crate) fn is_oauth2(&self, credentials: Option<&Credentials>) -> bool {
        !self.get_only && credentials.is_some_and(|known| known.as_identity_token().is_some())
    }

    /// The request for a token.
    pub(crate) fn request<'a>(
        &self,
        credentials: Option<&Credentials>,
        scopes: impl Iterator<Item = &'a str>,
    ) -> Request<Payload> {
        match credentials.and_then(Credentials::as_identity_token) {
            Some(identity) if !self.get_only => self.oauth2(identity, scopes),
            _ => self.plain(credentials, scopes),
        }
    }

    fn plain<'a>(
        &self,
        credentials: Option<&Credentials>,
        scopes: impl Iterator<Item = &'a str>,
    ) -> Request<Payload> {
        let mut url = self.realm.clone();
        if let Some(service) = &self.service {
            url = url.with_parameter("service", service);
        }
        for scope in scopes {
            url = url.with_parameter("scope", scope);
        }
        let mut request = request(Method::GET, &url, Payload::Empty);
        if let Some(value) = credentials.and_then(|known| sensitive(&known.basic())) {
            request.headers_mut().insert(http::header::AUTHORIZATION, value);
        }
        request
    }

    fn oauth2<'a>(
        &self,
        identity: &Secret,
        scopes: impl Iterator<Item = &'a str>,
    ) -> Request<Payload> {
        let scopes = scopes.collect::<Vec<_>>().join(" ");
        let fields = [
            ("grant_type", "refresh_token"),
            ("service", self.service.as_deref().unwrap_or("")),
            ("client_id", "longshore"),
            ("scope", &scopes),
            ("refresh_token", identity.expose()),
        ];
        let field = |(name, value): &(&str, &str)| format!("{name}={}", percent_encoded(value));
        let form = fields.iter().map(field).collect::<Vec<_>>().join("&");
        let mut request = request(Method::POST, &self.realm, Payload::Bytes(form.into()));
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(http::header::CONTENT_TYPE, kind);
        request
    }
}

impl Token {
    /// Reads a token server's answer; the error says what is wrong with it.
    pub(crate) fn read(body: &[u8]) -> Result<Self, &'static str> {
        let answer: Answer =
            serde_json::from_slice(body).map_err(|_| "its answer is not the JSON of a token")?;
        let text = [answer.token, answer.access_token]
            .into_iter()
            .flatten()
            .find(|text| !text.is_empty())
            .ok_or("its answer has neither `token` nor `access_token`")?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("its token has characters that no header can carry");
        }
        let seconds = match answer.expires_in {
            // Fractions and texts have been seen; what makes no sense is taken as not said.
            Some(serde_json::Value::Number(number)) => number.as_f64().unwrap_or(0.0),
            Some(serde_json::Value::String(text)) => text.parse().unwrap_or(0.0),
            _ => 0.0,
        };
        let known = seconds.is_finite() && seconds >= 1.0;
        let lifetime = if known { Duration::from_secs_f64(seconds.min(LONGEST)) } else { DEFAULT };
        Ok(Self { text: Secret::new(text), lifetime })
    }

    pub(crate) fn header(&self) -> Secret {
        Secret::new(format!("Bearer {}", self.text.expose()))
    }
}

/// Not derived for `Debug`: it holds the token.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

/// A header value that no one prints.
pub(crate) fn sensitive(text: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn request(method: Method, url: &Url, payload: Payload) -> Request<Payload> {
    let mut request = Request::new(payload);
    *request.method_mut() = method;
    *request.uri_mut() = url.to_uri();
    request
}

/// How long a token lives if it does not say (CNCF distribution: "defaults to 60 seconds").
const DEFAULT: Duration = Duration::from_secs(60);
/// Longer than any push.
const LONGEST: f64 = 30.0 * 24.0 * 3600.0;

#[cfg(test)]
mod tests;
