//! Fetching a token: the request, and what its answer means.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::challenge::Bearer;
use super::{Auth, Grant, IDENTITY_TOKEN_USER, State, token};
use crate::credentials::{Credentials, CredentialsReason, Secret};
use crate::event::Authentication;
use crate::payload::Payload;
use crate::time::Timestamp;
use crate::wire::url::HttpUrl;

/// A request for a token.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) method: Method,
    pub(crate) url: HttpUrl,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
}

/// What became of a token request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// There is a token, or a question for credentials, or another way to ask.
    Settled,
    /// The answer has no token in it.
    NoToken,
    /// The server refuses, and there is no other way to ask.
    Refused,
}

impl Auth {
    /// Takes the tokens in a token server's answer out of what is said from now on.
    pub(crate) fn know_tokens(&mut self, body: &[u8]) {
        for token in token::all(body) {
            Arc::make_mut(&mut self.redaction).know_token(&token);
        }
    }

    /// An answer to the token request in the air.
    pub(crate) fn token_answered(
        &mut self,
        now: Timestamp,
        status: StatusCode,
        body: &[u8],
    ) -> Fetched {
        let State::Fetching {
            in_air: true, last, ..
        } = &self.state
        else {
            return Fetched::Settled;
        };
        let last = last.clone();
        if status.is_success() {
            let Some(token) = token::read(body) else {
                return Fetched::NoToken;
            };
            let margin = (token.life / 4).clamp(ROUNDING, RENEWAL_MARGIN);
            let margin = margin.min(token.life / 2);
            let renew = now + token.life.saturating_sub(margin);
            let kind = if self.is_anonymous() {
                Authentication::Anonymous
            } else {
                Authentication::Bearer
            };
            let header = token::bearer_header(&token.text);
            if self.grant(now, header, Some(renew), kind).is_err() {
                return Fetched::NoToken;
            }
            if self.outdated {
                self.fetch(now, None);
            }
            return Fetched::Settled;
        }
        let by_form = self.refresh_token().is_some();
        if by_form && FORM_UNKNOWN.contains(&status.as_u16()) {
            self.form_refused = true;
            self.fetch(now, last);
        } else if self.scopes.keep_first() {
            // Some servers refuse everything when one of the scopes is not to be had. The push
            // needs the first; a mount that fails for want of another is not missed.
            self.fetch(now, last);
        } else if let Some(last) = last {
            self.state = State::Ready(Grant {
                renew: None,
                ..last
            });
        } else if status != StatusCode::UNAUTHORIZED {
            return Fetched::Refused;
        } else {
            let reason = if self.is_anonymous() {
                CredentialsReason::AnonymousRefused
            } else {
                CredentialsReason::Refused
            };
            if self.ask(reason).is_err() {
                return Fetched::Refused;
            }
        }
        Fetched::Settled
    }

    /// The token request in the air failed and is to be sent again, not before `from`.
    pub(crate) fn fetch_again(&mut self, from: Timestamp) {
        if let State::Fetching { last, .. } = &self.state {
            self.fetch(from, last.clone());
        }
    }

    pub(super) fn token_request(&self, bearer: &Bearer) -> TokenRequest {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(refresh) = self.refresh_token() {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(CONTENT_TYPE, form);
            let body: Bytes = token::form(bearer, &self.scopes, refresh, &self.client);
            return TokenRequest {
                method: Method::POST,
                url: bearer.realm.clone(),
                headers,
                payload: Payload::Bytes(body),
            };
        }
        let basic = match &self.credentials {
            Some(Credentials::Password { username, password }) => {
                token::basic_header(username, password)
            }
            Some(Credentials::IdentityToken(text)) => {
                token::basic_header(IDENTITY_TOKEN_USER, text)
            }
            Some(Credentials::RegistryToken(_)) | None => None,
        };
        headers.extend(basic.map(|basic| (AUTHORIZATION, basic)));
        TokenRequest {
            method: Method::GET,
            url: token::url(bearer, &self.scopes),
            headers,
            payload: Payload::Empty,
        }
    }

    fn refresh_token(&self) -> Option<&Secret> {
        match &self.credentials {
            Some(Credentials::IdentityToken(token)) if !self.form_refused => Some(token),
            _ => None,
        }
    }
}

/// How long before its end a token is replaced, at most: long enough for a request to reach the
/// registry, which looks at the token when the request begins.
const RENEWAL_MARGIN: Duration = Duration::from_secs(10);
/// Tokens say in whole seconds when they were made (RFC 7519, `iat`), so one may die so much before
/// its time.
const ROUNDING: Duration = Duration::from_secs(1);
/// What servers answer that know the token request by `GET` alone.
const FORM_UNKNOWN: [u16; 4] = [400, 401, 404, 405];
