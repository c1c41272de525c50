//! Authentication: one sub-machine for the whole push.
//!
//! Requests ask [`Auth::gate`] for their header. A 401 goes to [`Auth::challenged`], which decides
//! what is needed: an answer to a question ([`Auth::question`]), a token ([`Auth::token_request`]),
//! or neither. Meanwhile the gate is closed and requests wait, so that a hundred of them fetch one
//! token.

mod challenge;
mod credentials;
mod scope;
mod token;

pub use credentials::Credentials;

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request, StatusCode};

use self::challenge::{Challenge, challenges};
use self::scope::Scopes;
use self::token::{Token, TokenServer, sensitive};
use crate::error::{Cause, ErrorKind, Problem};
use crate::ids::CredentialsTicket;
use crate::output::CredentialsRequest;
use crate::payload::Payload;
use crate::time::Timestamp;
use crate::wire::error_body::RegistryError;
use crate::wire::location::Border;
use crate::wire::redact::{Secret, scrub};
use crate::wire::reference::Repository;

/// Who this push is to the registry.
#[derive(Debug)]
pub(crate) struct Auth {
    registry: String,
    border: Border,
    scopes: Scopes,
    state: State,
    /// What the registry asked for, once it did.
    method: Option<Method>,
    credentials: Option<Credentials>,
    /// Whether the question for credentials was put at least once.
    asked: bool,
    questions: u32,
    /// Counts the headers that were acquired. A refusal of an older one says nothing.
    generation: u32,
}

#[derive(Debug)]
enum State {
    /// Requests go without a header: nothing else was asked for.
    Open,
    /// A question must be put.
    Curious { anonymous: bool, realm: Option<String> },
    /// A question was put.
    Asking(u32),
    /// A token is needed.
    Wanting,
    /// A token is on its way.
    Fetching,
    /// Requests carry this header.
    Holding { header: Secret, renew_at: Option<Timestamp> },
}

#[derive(Debug)]
enum Method {
    Basic { realm: Option<String> },
    Bearer(TokenServer),
}

/// What a request for the registry is told.
#[derive(Debug)]
pub(crate) enum Gate {
    /// Go, with this header.
    Pass(Option<HeaderValue>),
    /// Wait.
    Closed,
}

/// What came of a token server's answer.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// There is a token.
    Token,
    /// Ask again at once: the question was changed.
    Again,
    /// Ask again later.
    Later(Cause),
    /// It is over.
    Over(Problem),
}

impl Auth {
    pub(crate) fn new(registry: String, border: Border, repository: &Repository) -> Self {
        Self {
            registry,
            border,
            scopes: Scopes::push(repository),
            state: State::Open,
            method: None,
            credentials: None,
            asked: false,
            questions: 0,
            generation: 0,
        }
    }

    /// Says that blobs may be mounted from `source`. A token that does not allow it is replaced.
    pub(crate) fn also_pull(&mut self, source: &Repository) {
        let new = self.scopes.also_pull(source);
        let bearer = matches!(self.method, Some(Method::Bearer(_)));
        if new && bearer && matches!(self.state, State::Holding { .. }) {
            self.renew();
        }
    }

    /// Whether a request for the registry may go, and with which header.
    pub(crate) fn gate(&mut self, now: Timestamp) -> Gate {
        if let State::Holding { renew_at: Some(at), .. } = self.state
            && at <= now
        {
            self.renew();
        }
        match &self.state {
            State::Open => Gate::Pass(None),
            State::Holding { header, .. } => {
                let value = sensitive(header);
                if self.is_once() && matches!(self.method, Some(Method::Basic { .. })) {
                    self.renew();
                }
                Gate::Pass(value)
            }
            _ => Gate::Closed,
        }
    }

    /// Which header a request that goes now carries.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether any credentials were handed in.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.credentials.is_none()
    }

    /// Whether requests carry, or have carried, something.
    pub(crate) fn is_satisfied(&self) -> bool {
        self.generation > 0
    }

    /// The question to put, once.
    pub(crate) fn question(&mut self) -> Option<CredentialsRequest> {
        let State::Curious { anonymous, realm } = &self.state else {
            return None;
        };
        self.questions += 1;
        let request = CredentialsRequest {
            ticket: CredentialsTicket { question: self.questions },
            registry: self.registry.clone(),
            realm: realm.clone(),
            anonymous: *anonymous,
            renewal: self.asked,
        };
        self.asked = true;
        self.state = State::Asking(self.questions);
        Some(request)
    }

    /// Whether an answer to a question is waited for.
    pub(crate) fn is_asking(&self) -> bool {
        matches!(self.state, State::Asking(_))
    }

    /// The answer to a question.
    pub(crate) fn answered(
        &mut self,
        ticket: &CredentialsTicket,
        credentials: Option<Credentials>,
    ) -> Result<(), Problem> {
        match self.state {
            State::Asking(question) if question == ticket.question => {}
            _ => return Ok(()),
        }
        self.credentials = credentials;
        self.proceed()
    }

    /// A 401 to a request that carried header number `generation`.
    ///
    /// `error` is what the registry said, for the error if this is the end.
    pub(crate) fn challenged(
        &mut self,
        generation: u32,
        headers: &HeaderMap,
        error: RegistryError,
    ) -> Result<(), Problem> {
        match self.state {
            State::Open => {}
            State::Holding { .. } if generation == self.generation => {}
            // Already being dealt with, or dealt with since that request left.
            _ => return Ok(()),
        }
        let held = matches!(self.state, State::Holding { .. });
        if held && matches!(self.method, Some(Method::Basic { .. })) {
            return Err(Problem::new(ErrorKind::Denied, error));
        }
        let method = match self.choose(&challenges(headers)) {
            Ok(method) => method,
            // A second challenge may be terse: what the first one said still stands.
            Err(_) if held => return self.proceed_anew(),
            Err(reason) => return Err(Problem::new(ErrorKind::Unintelligible(reason), error)),
        };
        self.method = Some(method);
        match held {
            true => self.proceed_anew(),
            false => self.proceed(),
        }
    }

    /// The request for a token, if one is wanted. It is on its way from now on.
    pub(crate) fn token_request(&mut self) -> Option<Request<Payload>> {
        match (&self.state, &self.method) {
            (State::Wanting, Some(Method::Bearer(server))) => {
                let request = server.request(self.credentials.as_ref(), self.scopes.iter());
                self.state = State::Fetching;
                Some(request)
            }
            _ => None,
        }
    }

    /// Whether a token is wanted and not yet on its way.
    pub(crate) fn wants_token(&self) -> bool {
        matches!(self.state, State::Wanting)
    }

    /// The token server's answer.
    pub(crate) fn token_answered(
        &mut self,
        now: Timestamp,
        status: StatusCode,
        body: &[u8],
    ) -> Fetched {
        self.state = State::Wanting;
        let error = || RegistryError::read(status, body, &|text| self.scrub(text));
        let oauth2 = self.server().is_some_and(|it| it.is_oauth2(self.credentials.as_ref()));
        match status.as_u16() {
            200 | 201 => match Token::read(body) {
                Ok(token) => {
                    self.hold(token.header(), Some(now + renewal(token.lifetime)));
                    Fetched::Token
                }
                Err(reason) => {
                    let text = format!("the token server cannot be understood: {reason}");
                    Fetched::Over(Problem::bare(ErrorKind::Unintelligible(text)))
                }
            },
            408 | 429 | 500..=599 => Fetched::Later(error().into()),
            400 | 404 | 405 if oauth2 => {
                if let Some(Method::Bearer(server)) = &mut self.method {
                    server.get_only = true;
                }
                Fetched::Again
            }
            300..=399 => {
                let text = "the token server redirects, which credentials do not follow";
                Fetched::Over(Problem::new(ErrorKind::Untrusted(text.to_owned()), error()))
            }
            code => {
                let error = error();
                if self.scopes.drop_optional() {
                    return Fetched::Again;
                }
                let kind = match code {
                    401 | 403 if self.is_anonymous() => ErrorKind::NoCredentials,
                    401 | 403 => ErrorKind::Denied,
                    _ => ErrorKind::Rejected,
                };
                Fetched::Over(Problem::new(kind, error))
            }
        }
    }

    /// The token could not be fetched; it is wanted still.
    pub(crate) fn token_failed(&mut self) {
        self.state = State::Wanting;
    }

    /// Takes this push's secrets out of a text.
    pub(crate) fn scrub(&self, text: String) -> String {
        let own = self.credentials.as_ref().map(Credentials::secrets);
        let header = match &self.state {
            State::Holding { header, .. } => header.expose().split_once(' ').map(|(_, it)| it),
            _ => None,
        };
        let own = own.iter().flatten().map(String::as_str);
        scrub(text, own.chain(header))
    }

    /// Bearer is preferred: it keeps the password from the registry. Without either, the reason.
    fn choose(&mut self, challenges: &[Challenge]) -> Result<Method, String> {
        let mut reason = match challenges {
            [] => "it asks for authentication and does not say which".to_owned(),
            [first, ..] => format!("it asks for authentication by `{}` only", first.scheme),
        };
        for challenge in challenges.iter().filter(|one| one.scheme == "bearer") {
            let Some(realm) = challenge.parameter("realm") else {
                "its Bearer challenge names no realm".clone_into(&mut reason);
                continue;
            };
            match self.border.realm(realm) {
                Ok(realm) => {
                    if let Some(scope) = challenge.parameter("scope") {
                        self.scopes.also_required(scope);
                    }
                    let service = challenge.parameter("service");
                    let service = service.filter(|name| name.len() <= LONGEST_SERVICE);
                    let get_only = self.server().is_some_and(|known| known.get_only);
                    let service = service.map(str::to_owned);
                    return Ok(Method::Bearer(TokenServer { realm, service, get_only }));
                }
                Err(error) => reason = format!("its token server cannot be used: {error}"),
            }
        }
        match challenges.iter().find(|one| one.scheme == "basic") {
            Some(basic) => {
                let realm = basic.parameter("realm").map(crate::wire::redact::one_line);
                Ok(Method::Basic { realm })
            }
            None => Err(reason),
        }
    }

    /// What the method in force needs next, given the credentials there are.
    fn proceed(&mut self) -> Result<(), Problem> {
        let known = self.credentials.is_some();
        match &self.method {
            None => self.state = State::Open,
            Some(Method::Bearer(server)) if !self.asked => {
                let realm = server.service.clone();
                self.state = State::Curious { anonymous: true, realm };
            }
            Some(Method::Bearer(_)) => self.state = State::Wanting,
            Some(Method::Basic { realm }) if !self.asked => {
                self.state = State::Curious { anonymous: false, realm: realm.clone() };
            }
            Some(Method::Basic { .. }) if !known => {
                return Err(Problem::bare(ErrorKind::NoCredentials));
            }
            Some(Method::Basic { .. }) => {
                if let Some(credentials) = &self.credentials {
                    let header = credentials.basic();
                    self.hold(header, None);
                }
            }
        }
        Ok(())
    }

    fn proceed_anew(&mut self) -> Result<(), Problem> {
        self.renew();
        Ok(())
    }

    /// What is held is no longer good.
    fn renew(&mut self) {
        self.state = match &self.method {
            None => State::Open,
            Some(method) if self.is_once() => {
                let (anonymous, realm) = match method {
                    Method::Basic { realm } => (false, realm.clone()),
                    Method::Bearer(server) => (true, server.service.clone()),
                };
                State::Curious { anonymous, realm }
            }
            Some(Method::Bearer(_)) => State::Wanting,
            Some(Method::Basic { .. }) => return,
        };
    }

    fn hold(&mut self, header: Secret, renew_at: Option<Timestamp>) {
        self.generation += 1;
        self.state = State::Holding { header, renew_at };
    }

    fn is_once(&self) -> bool {
        self.credentials.as_ref().is_some_and(Credentials::is_once)
    }

    fn server(&self) -> Option<&TokenServer> {
        match &self.method {
            Some(Method::Bearer(server)) => Some(server),
            _ => None,
        }
    }
}

/// When a token is replaced: before it dies, by a margin that short lives can afford.
fn renewal(lifetime: Duration) -> Duration {
    lifetime - MARGIN.min(lifetime / 4)
}

const MARGIN: Duration = Duration::from_secs(30);
const LONGEST_SERVICE: usize = 512;

#[cfg(test)]
mod tests;
