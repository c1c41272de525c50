//! Authentication: one small machine that every request shares.
//!
//! It knows the registry's challenge, asks for credentials when they are first needed, fetches
//! tokens one at a time, and fetches the next one before the last one dies. Every header it hands
//! out has a generation, so that an answer to an old token is told from an answer to the current
//! one.

pub(crate) mod challenge;
mod fetch;
pub(crate) mod scope;
pub(crate) mod token;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use self::challenge::{Bearer, Challenge};
pub(crate) use self::fetch::{Fetched, TokenRequest};
use self::scope::{Scope, Scopes};
use crate::credentials::{Credentials, CredentialsReason, CredentialsRequest};
use crate::event::Authentication;
use crate::ids::CredentialsTicket;
use crate::redaction::Redaction;
use crate::time::Timestamp;
use crate::wire::location::{Refusal, permitted};
use crate::wire::origin::Origin;

/// Which of the headers handed out so far. Zero is no header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Generation(u64);

/// How often one request was refused in a row, whatever it carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusals {
    last: Generation,
    count: u32,
}

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
    /// The token that is under way lacks a scope that was asked for since.
    outdated: bool,
    questions: u64,
    generation: Generation,
    /// When the current header was got.
    granted: Timestamp,
    /// What was ever given or got: a server may repeat it later.
    redaction: Arc<Redaction>,
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
    /// The registry has taken it at least once.
    proved: bool,
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
    Ask(CredentialsRequest),
    Fetch(TokenRequest),
}

/// Why authentication cannot go on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody has credentials, or the registry takes none that were offered.
    NoCredentials(CredentialsReason),
    /// A 401 without a challenge that could be answered.
    NoChallenge,
    /// A 401 with challenges of these schemes only, which cannot be answered.
    OtherSchemes(String),
    /// The challenge names a place where credentials must not go.
    Realm(Refusal),
    /// User name, password or token cannot stand in a header.
    Malformed,
}

impl Refusals {
    /// One more, of the header of generation `used`.
    pub(crate) fn after(before: Option<Self>, used: Generation) -> Self {
        Self {
            last: used,
            count: before.map_or(0, |before| before.count) + 1,
        }
    }
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
            outdated: false,
            questions: 0,
            generation: Generation::default(),
            granted: Timestamp::ZERO,
            redaction: Arc::default(),
            state: State::Bare,
        }
    }

    /// The registry is at `origin` from now on, and what it gets it gets there.
    pub(crate) fn move_to(&mut self, origin: Origin) {
        self.origin = origin;
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

    /// What the registry calls itself towards its token server.
    pub(crate) fn service(&self) -> Option<&str> {
        match &self.challenge {
            Some(Challenge::Bearer(bearer)) => bearer.service.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn is_anonymous(&self) -> bool {
        self.credentials.is_none()
    }

    /// What it needs now.
    pub(crate) fn poll(&mut self, now: Timestamp) -> Option<Need> {
        if !self.has_need(now) {
            return None;
        }
        match (&mut self.state, &self.challenge) {
            (State::Asking { put, reason }, challenge) => {
                *put = true;
                self.questions += 1;
                let recipient = match challenge {
                    Some(Challenge::Bearer(bearer)) => bearer.realm.origin(),
                    _ => &self.origin,
                };
                Some(Need::Ask(CredentialsRequest {
                    ticket: CredentialsTicket(self.questions),
                    registry: self.registry.clone(),
                    recipient: recipient.clone(),
                    reason: *reason,
                }))
            }
            (State::Fetching { in_air, .. }, Some(Challenge::Bearer(bearer))) => {
                *in_air = true;
                self.outdated = false;
                Some(Need::Fetch(self.token_request(bearer)))
            }
            _ => None,
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

    /// Asks for a scope. A token that lacks it is replaced, even if it has yet to arrive.
    pub(crate) fn want(&mut self, now: Timestamp, scope: Scope) {
        let is_new = self.scopes.add(scope);
        if is_new && self.is_fetched() {
            self.fetch(now, None);
        }
        self.outdated |= is_new && matches!(self.state, State::Fetching { in_air: true, .. });
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
            None if self.challenge.is_none() => {
                return Err(match challenge::schemes(headers) {
                    Some(schemes) => Trouble::OtherSchemes(schemes),
                    None => Trouble::NoChallenge,
                });
            }
            None => {}
        }
        if self.is_fetched() {
            self.fetch(now, None);
            return Ok(());
        }
        if let State::Ready(grant) = &mut self.state
            && std::mem::replace(&mut grant.proved, false)
        {
            // It was good a moment ago. Once more, then somebody is asked.
            self.generation.0 += 1;
            return Ok(());
        }
        match (&self.state, self.questions) {
            (State::Bare, 0) => self.ask(CredentialsReason::Challenged),
            (State::Bare, _) => self.ask(CredentialsReason::AnonymousRefused),
            _ => self.ask(CredentialsReason::Refused),
        }
    }

    /// The registry has taken the header of generation `used`.
    pub(crate) fn accepted(&mut self, used: Generation) {
        if let State::Ready(grant) = &mut self.state
            && used == self.generation
        {
            grant.proved = true;
        }
    }

    /// Whether a header is got from a server, so that one that is refused may just be too old.
    pub(crate) fn is_renewable(&self) -> bool {
        matches!(self.challenge, Some(Challenge::Bearer(_)))
            && !matches!(self.credentials, Some(Credentials::RegistryToken(_)))
    }

    /// Whether a request that was refused `before` is refused for good, now that it was sent at
    /// `sent` with the header of generation `used`: it carried what was got for it, and that had no
    /// time to grow old. A token may die in a pause, however long its server says that it lives;
    /// but not every time.
    pub(crate) fn is_final(
        &self,
        before: Option<Refusals>,
        used: Generation,
        sent: Timestamp,
    ) -> bool {
        let Some(before) = before else {
            return false;
        };
        let is_another = used == self.generation && used > before.last;
        let is_young = sent.saturating_since(self.granted) <= YOUNG;
        self.is_renewable() && is_another && (is_young || before.count >= MAX_REFUSALS)
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
        if let Some(credentials) = &credentials {
            Arc::make_mut(&mut self.redaction).know(credentials);
        }
        let is_first = reason == CredentialsReason::Challenged;
        if !is_first && credentials.is_none() {
            return Err(Trouble::NoCredentials(reason));
        }
        // What was refused is not sent again: servers lock accounts for that.
        if !is_first && credentials == self.credentials {
            return self.ask(CredentialsReason::Refused);
        }
        // A token server would otherwise be asked without them, as for a push without credentials.
        if let Some(Credentials::Password { username, password }) = &credentials
            && token::basic_header(username, password).is_none()
        {
            return Err(Trouble::Malformed);
        }
        self.credentials = credentials;
        match (&self.challenge, &self.credentials) {
            (_, Some(Credentials::RegistryToken(text))) => {
                let header = token::bearer_header(text);
                self.grant(now, header, None, Authentication::Bearer)
            }
            (Some(Challenge::Bearer(_)), _) => {
                self.fetch(now, None);
                Ok(())
            }
            (_, Some(Credentials::Password { username, password })) => {
                let header = token::basic_header(username, password);
                self.grant(now, header, None, Authentication::Basic)
            }
            (_, Some(Credentials::IdentityToken(text))) => {
                let header = token::basic_header(IDENTITY_TOKEN_USER, text);
                self.grant(now, header, None, Authentication::Basic)
            }
            (_, None) => {
                self.state = State::Bare;
                Ok(())
            }
        }
    }

    /// The secrets that are known here, to be taken out of what is said.
    pub(crate) fn redaction(&self) -> &Arc<Redaction> {
        &self.redaction
    }

    /// Whether the current header came from a token server.
    fn is_fetched(&self) -> bool {
        matches!(self.state, State::Ready(_)) && self.is_renewable()
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
        now: Timestamp,
        header: Option<HeaderValue>,
        renew: Option<Timestamp>,
        kind: Authentication,
    ) -> Result<(), Trouble> {
        let header = header.ok_or(Trouble::Malformed)?;
        self.generation.0 += 1;
        self.granted = now;
        self.state = State::Ready(Grant {
            header,
            renew,
            kind,
            proved: false,
        });
        Ok(())
    }
}

/// How long a token surely lives.
const YOUNG: Duration = Duration::from_secs(1);
/// Tokens that died of old age, one after the other, are no accident.
const MAX_REFUSALS: u32 = 4;
/// The user name that stands for "the password is a token" in docker's configuration.
const IDENTITY_TOKEN_USER: &str = "<token>";
/// A person at a prompt gives up before that; a program that makes up new answers never would.
const MAX_QUESTIONS: u64 = 5;
