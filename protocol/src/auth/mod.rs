//! Authentication: one small machine that every request shares.
//!
//! It knows the registry's challenge, asks for credentials when they are first needed, fetches
//! tokens one at a time, and fetches the next one before the last one dies. Every header it hands
//! out has a generation, so that an answer to an old token is told from an answer to the current
//! one.

pub(crate) mod challenge;
pub(crate) mod scope;
pub(crate) mod token;

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use self::challenge::{Bearer, Challenge};
use self::scope::{Scope, Scopes};
use crate::credentials::{Credentials, CredentialsReason, CredentialsRequest, Secret};
use crate::event::Authentication;
use crate::ids::CredentialsTicket;
use crate::payload::Payload;
use crate::time::Timestamp;
use crate::wire::location::{Refusal, permitted};
use crate::wire::origin::Origin;
use crate::wire::url::HttpUrl;

/// Which of the headers handed out so far. Zero is no header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Generation(u64);

#[derive(Debug)]
pub(crate) struct Auth {
    origin: Origin,
    registry: String,
    client: String,
    scopes: Scopes,
    challenge: Option<Challenge>,
    credentials: Option<Credentials>,
    /// The token server does not take the form of OAuth2.
    form_refused: bool,
    questions: u64,
    generation: Generation,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Requests go without a header.
    Bare,
    /// Credentials are asked for; the question with this number, once it is put.
    Asking {
        reason: CredentialsReason,
        put: bool,
    },
    /// A token is needed, not before this time.
    Fetching {
        from: Timestamp,
        in_air: bool,
        /// The token that is to be replaced, if it may be good for longer than its server said.
        last: Option<Grant>,
    },
    Ready(Grant),
}

/// A header that is good until it is not.
#[derive(Clone, Debug)]
struct Grant {
    header: HeaderValue,
    /// When to replace it.
    renew: Option<Timestamp>,
    kind: Authentication,
}

/// What a request may carry right now.
#[derive(Debug)]
pub(crate) enum Readiness {
    Go(Option<HeaderValue>, Generation),
    Blocked,
}

/// What authentication itself needs next.
#[derive(Debug)]
pub(crate) enum Need {
    Nothing,
    Ask(CredentialsRequest),
    Fetch(TokenRequest),
}

/// A request for a token.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) method: Method,
    pub(crate) url: HttpUrl,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
}

/// Why authentication cannot go on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody has credentials, or the registry takes none that were offered.
    NoCredentials(CredentialsReason),
    /// A 401 without a challenge that could be answered.
    NoChallenge,
    /// The challenge names a place where credentials must not go.
    Realm(Refusal),
    /// User name, password or token cannot stand in a header.
    Malformed,
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
    pub(crate) fn new(origin: Origin, registry: String, client: String, scope: Scope) -> Self {
        let mut scopes = Scopes::default();
        scopes.add(scope);
        Self {
            origin,
            registry,
            client,
            scopes,
            challenge: None,
            credentials: None,
            form_refused: false,
            questions: 0,
            generation: Generation::default(),
            state: State::Bare,
        }
    }

    /// What a request sent now may carry. A token that is about to die blocks, and is replaced.
    pub(crate) fn readiness(&mut self, now: Timestamp) -> Readiness {
        if let State::Ready(grant) = &self.state
            && grant.renew.is_some_and(|renew| renew <= now)
        {
            self.fetch(now, Some(grant.clone()));
        }
        match &self.state {
            State::Bare => Readiness::Go(None, self.generation),
            State::Ready(grant) => Readiness::Go(Some(grant.header.clone()), self.generation),
            State::Asking { .. } | State::Fetching { .. } => Readiness::Blocked,
        }
    }

    /// The header there is, good or not: for requests that must not wait.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        match &self.state {
            State::Ready(grant)
            | State::Fetching {
                last: Some(grant), ..
            } => Some(grant.header.clone()),
            _ => None,
        }
    }

    /// How requests are authenticated, once that is settled.
    pub(crate) fn kind(&self) -> Option<Authentication> {
        match &self.state {
            State::Bare => Some(Authentication::None),
            State::Ready(grant) => Some(grant.kind),
            State::Asking { .. } | State::Fetching { .. } => None,
        }
    }

    pub(crate) fn is_anonymous(&self) -> bool {
        self.credentials.is_none()
    }

    pub(crate) fn poll(&mut self, now: Timestamp) -> Need {
        match &mut self.state {
            State::Asking { put: true, .. } | State::Fetching { in_air: true, .. } => Need::Nothing,
            State::Asking { put, reason } => {
                *put = true;
                self.questions += 1;
                let recipient = match &self.challenge {
                    Some(Challenge::Bearer(bearer)) => bearer.realm.origin(),
                    _ => &self.origin,
                };
                Need::Ask(CredentialsRequest {
                    ticket: CredentialsTicket(self.questions),
                    registry: self.registry.clone(),
                    recipient: recipient.clone(),
                    reason: *reason,
                })
            }
            State::Fetching { from, .. } if *from > now => Need::Nothing,
            State::Fetching { in_air, .. } => match &self.challenge {
                Some(Challenge::Bearer(bearer)) => {
                    *in_air = true;
                    Need::Fetch(self.token_request(bearer))
                }
                _ => Need::Nothing,
            },
            State::Bare | State::Ready(_) => Need::Nothing,
        }
    }

    /// Whether [`poll`](Self::poll) has something to say.
    pub(crate) fn has_need(&self, now: Timestamp) -> bool {
        match &self.state {
            State::Asking { put, .. } => !put,
            State::Fetching { from, in_air, .. } => !in_air && *from <= now,
            State::Bare | State::Ready(_) => false,
        }
    }

    /// When it needs something by itself next.
    pub(crate) fn wakes(&self) -> Option<Timestamp> {
        match &self.state {
            State::Fetching {
                from,
                in_air: false,
                ..
            } => Some(*from),
            _ => None,
        }
    }

    /// Asks for a scope. A token that lacks it is replaced.
    pub(crate) fn want(&mut self, now: Timestamp, scope: Scope) {
        let is_new = self.scopes.add(scope);
        if is_new && self.is_fetched() {
            self.fetch(now, None);
        }
    }

    /// Takes note of a challenge that came without a refusal: somebody who means to push had
    /// better answer it before packing.
    pub(crate) fn invited(&mut self, headers: &HeaderMap) -> Result<(), Trouble> {
        match challenge::best(headers) {
            None => Ok(()),
            Some(challenge) => {
                self.remember(challenge)?;
                self.ask(CredentialsReason::Challenged)
            }
        }
    }

    /// A 401 to a request that carried the header of generation `used`. `scoped` is false where
    /// the challenge's scope is not about the push (the probe's).
    pub(crate) fn challenged(
        &mut self,
        now: Timestamp,
        headers: &HeaderMap,
        used: Generation,
        scoped: bool,
    ) -> Result<(), Trouble> {
        let is_settled = matches!(self.state, State::Bare | State::Ready(_));
        if !is_settled || used != self.generation {
            return Ok(());
        }
        match challenge::best(headers) {
            // With credentials on it, Harbor challenges anew with Basic; the Bearer challenge that
            // it began with is the one it means.
            Some(Challenge::Basic) if self.challenge.is_some() => {}
            Some(challenge) => {
                if let (Challenge::Bearer(bearer), true) = (&challenge, scoped) {
                    for scope in &bearer.scopes {
                        self.scopes.add(scope.clone());
                    }
                }
                self.remember(challenge)?;
            }
            None if self.challenge.is_none() => return Err(Trouble::NoChallenge),
            None => {}
        }
        if self.is_fetched() {
            self.fetch(now, None);
            return Ok(());
        }
        match (&self.state, self.questions) {
            (State::Bare, 0) => self.ask(CredentialsReason::Challenged),
            (State::Bare, _) => self.ask(CredentialsReason::AnonymousRefused),
            _ => self.ask(CredentialsReason::Refused),
        }
    }

    /// Asks for credentials, or for other ones.
    pub(crate) fn ask(&mut self, reason: CredentialsReason) -> Result<(), Trouble> {
        if self.questions >= MAX_QUESTIONS {
            return Err(Trouble::NoCredentials(reason));
        }
        self.state = State::Asking { reason, put: false };
        Ok(())
    }

    /// The answer to the question that `ticket` is for. Answers to older ones are ignored.
    pub(crate) fn answered(
        &mut self,
        now: Timestamp,
        ticket: &CredentialsTicket,
        credentials: Option<Credentials>,
    ) -> Result<(), Trouble> {
        let State::Asking { put: true, reason } = self.state else {
            return Ok(());
        };
        if ticket.0 != self.questions {
            return Ok(());
        }
        if credentials.is_none() && reason != CredentialsReason::Challenged {
            return Err(Trouble::NoCredentials(reason));
        }
        self.credentials = credentials;
        match (&self.challenge, &self.credentials) {
            (_, Some(Credentials::RegistryToken(text))) => {
                let header = token::bearer_header(text);
                self.grant(header, None, Authentication::Bearer)
            }
            (Some(Challenge::Bearer(_)), _) => {
                self.fetch(now, None);
                Ok(())
            }
            (_, Some(Credentials::Password { username, password })) => {
                let header = token::basic_header(username, password);
                self.grant(header, None, Authentication::Basic)
            }
            (_, Some(Credentials::IdentityToken(text))) => {
                let header = token::basic_header(IDENTITY_TOKEN_USER, text);
                self.grant(header, None, Authentication::Basic)
            }
            (_, None) => {
                self.state = State::Bare;
                Ok(())
            }
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
            let margin = (token.life / 4).min(RENEWAL_MARGIN);
            let renew = now + token.life.saturating_sub(margin);
            let kind = if self.is_anonymous() {
                Authentication::Anonymous
            } else {
                Authentication::Bearer
            };
            let header = token::bearer_header(&token.text);
            return match self.grant(header, Some(renew), kind) {
                Ok(()) => Fetched::Settled,
                Err(_) => Fetched::NoToken,
            };
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

    /// The text without the secrets that are known here, in case a server repeats them.
    pub(crate) fn scrubbed(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut scrub = |secret: &str| {
            if secret.len() >= MIN_SECRET {
                text = text.replace(secret, "<secret>");
            }
        };
        match &self.credentials {
            Some(Credentials::Password { password, .. }) => scrub(password.expose()),
            Some(Credentials::IdentityToken(token) | Credentials::RegistryToken(token)) => {
                scrub(token.expose());
            }
            None => {}
        }
        if let Some(header) = self.header()
            && let Some((_, token)) = header.to_str().ok().and_then(|h| h.split_once(' '))
        {
            scrub(token);
        }
        text
    }

    /// Whether the current header came from a token server.
    fn is_fetched(&self) -> bool {
        let is_own = matches!(self.credentials, Some(Credentials::RegistryToken(_)));
        matches!(self.state, State::Ready(_))
            && matches!(self.challenge, Some(Challenge::Bearer(_)))
            && !is_own
    }

    fn remember(&mut self, challenge: Challenge) -> Result<(), Trouble> {
        self.challenge = Some(match challenge {
            Challenge::Basic => Challenge::Basic,
            Challenge::Bearer(bearer) => {
                let realm = permitted(&self.origin, bearer.realm).map_err(Trouble::Realm)?;
                Challenge::Bearer(Bearer { realm, ..bearer })
            }
        });
        Ok(())
    }

    fn fetch(&mut self, from: Timestamp, last: Option<Grant>) {
        self.state = State::Fetching {
            from,
            in_air: false,
            last,
        };
    }

    fn grant(
        &mut self,
        header: Option<HeaderValue>,
        renew: Option<Timestamp>,
        kind: Authentication,
    ) -> Result<(), Trouble> {
        let header = header.ok_or(Trouble::Malformed)?;
        self.generation.0 += 1;
        self.state = State::Ready(Grant {
            header,
            renew,
            kind,
        });
        Ok(())
    }

    fn refresh_token(&self) -> Option<&Secret> {
        match &self.credentials {
            Some(Credentials::IdentityToken(token)) if !self.form_refused => Some(token),
            _ => None,
        }
    }

    fn token_request(&self, bearer: &Bearer) -> TokenRequest {
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
}

/// How long before its end a token is replaced, at most: long enough for a request to reach the
/// registry, which looks at the token when the request begins.
const RENEWAL_MARGIN: Duration = Duration::from_secs(10);
/// What servers answer that know the token request by `GET` alone.
const FORM_UNKNOWN: [u16; 4] = [400, 401, 404, 405];
/// The user name that stands for "the password is a token" in docker's configuration.
const IDENTITY_TOKEN_USER: &str = "<token>";
/// A person at a prompt gives up before that; a program that always gives the same answer never
/// would.
const MAX_QUESTIONS: u64 = 5;
/// Shorter texts occur by chance; blanking them out would garble messages.
const MIN_SECRET: usize = 6;

#[cfg(test)]
mod tests;
