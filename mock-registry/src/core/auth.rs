//! Who is asking, and whether they may.

use base64::Engine as _;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderName, Method, Response, header};
use longshore_protocol::ErrorCode;
use serde_json::json;

use super::config::Action;
use super::errors::{API_VERSION, HTML, Refusal, Reply};
use super::{Body, Core, Head, Outcome};
use crate::profile::{Auth, Dialect};
use crate::token::{Claims, TokenError};

/// Who is asking.
pub(super) enum Caller {
    /// Anyone, where nobody is asked.
    Anyone,
    /// A user by password, or nobody.
    User(Option<String>),
    /// The bearer of a token.
    Bearer(Box<Claims>),
}

/// Something that a request does to a repository.
pub(super) struct Need<'a> {
    pub(super) name: &'a str,
    pub(super) action: Action,
}

impl Core {
    /// `GET /v2/`.
    pub(super) fn base(&mut self, head: &Head<'_>) -> Outcome<Response<Body>> {
        if !matches!(head.parts.method, Method::GET | Method::HEAD) {
            return Err(self.wrong_method());
        }
        let quay = self.profile.auth.dialect == Dialect::Quay;
        if quay && is_ancient_docker(head) {
            return Err(Refusal::text(404, HTML, r#"{"error": "Not Found"}"#));
        }
        let bare = !head.parts.headers.contains_key(AUTHORIZATION);
        if quay && bare && self.auth == Auth::Bearer {
            let refusal = Refusal::text(401, HTML, "true").with(SPARSE, "false");
            return Err(self.challenged(refusal, &[], None));
        }
        let open = bare && self.profile.ping.open && self.rights.anonymous_pull;
        if !open {
            self.authorize(head, &[])?;
        }
        let mut reply = Reply::new(200);
        if quay {
            reply = reply
                .with(SPARSE, "false")
                .with(API_VERSION, "registry/2.0");
        }
        let form = match open {
            true => Some(self.profile.ping.open_form),
            false if self.profile.auth.challenge_on_success => {
                Some(self.profile.auth.challenge_form)
            }
            false => None,
        };
        if let Some(form) = form {
            let add = |reply: Reply, challenge| reply.with(WWW_AUTHENTICATE, challenge);
            reply = self.open_challenges(form).into_iter().fold(reply, add);
        }
        let ping = &self.profile.ping;
        if ping.media_type.is_empty() {
            return Ok(reply.done());
        }
        Ok(reply.body(&ping.media_type, ping.body.clone()).done())
    }

    /// Who is asking, if they may do all that is needed.
    pub(super) fn authorize(&mut self, head: &Head<'_>, needs: &[Need<'_>]) -> Outcome<Caller> {
        match self.auth {
            Auth::None => Ok(Caller::Anyone),
            Auth::Basic => self.authorize_basic(head, needs),
            Auth::Bearer => self.authorize_bearer(head, needs),
        }
    }

    /// Whether the caller of a request may also do this.
    pub(super) fn may(&self, caller: &Caller, name: &str, action: Action) -> bool {
        match caller {
            Caller::Anyone => true,
            Caller::User(user) => self.rights.allow(user.as_deref(), name, action),
            Caller::Bearer(claims) => {
                let quay = self.profile.auth.dialect == Dialect::Quay;
                claims.allow(name, action.name())
                    || (quay && action == Action::Pull && claims.allow(name, "push"))
                    || (action == Action::Pull && self.is_public(name))
            }
        }
    }

    /// The user of a `Basic` header, or why there is none.
    pub(super) fn basic_user(&self, value: &str) -> Result<String, BasicError> {
        let (name, password) = decode_basic(value).ok_or(BasicError::Form)?;
        match self.users.get(&name) {
            Some(known) if *known == password => Ok(name),
            _ => Err(BasicError::Wrong(name)),
        }
    }

    /// What a request that changes a repository by deletion needs.
    pub(super) fn deletion(&self) -> Action {
        match self.profile.auth.dialect {
            Dialect::Quay => Action::Push,
            Dialect::Distribution => Action::Delete,
        }
    }

    fn authorize_basic(&mut self, head: &Head<'_>, needs: &[Need<'_>]) -> Outcome<Caller> {
        let unauthorized = || Refusal::new(401, ErrorCode::UNAUTHORIZED, "authentication required");
        let user = match authorization(head) {
            None => None,
            Some(value) => match self.basic_user(&value) {
                Ok(user) => Some(user),
                Err(_) => {
                    return Err(self.challenged(unauthorized(), needs, Some("invalid_token")));
                }
            },
        };
        let public = !needs.is_empty()
            && needs
                .iter()
                .all(|need| self.rights.allow(None, need.name, need.action));
        if user.is_none() && !public {
            return Err(self.challenged(unauthorized(), needs, None));
        }
        let caller = Caller::User(user);
        if needs
            .iter()
            .all(|need| self.may(&caller, need.name, need.action))
        {
            return Ok(caller);
        }
        Err(Refusal::new(
            403,
            ErrorCode::DENIED,
            "requested access to the resource is denied",
        ))
    }

    fn authorize_bearer(&mut self, head: &Head<'_>, needs: &[Need<'_>]) -> Outcome<Caller> {
        let Some(value) = authorization(head) else {
            let public = !needs.is_empty()
                && needs
                    .iter()
                    .all(|need| need.action == Action::Pull && self.is_public(need.name));
            if public {
                return Ok(Caller::User(None));
            }
            let refusal = unauthorized(needs, self.profile.auth.dialect);
            return Err(self.challenged(refusal, needs, None));
        };
        if self.profile.auth.basic_too && decode_basic(&value).is_some() {
            return self.authorize_basic(head, needs);
        }
        let claims = match self.read_bearer(head, &value) {
            Ok(claims) => claims,
            Err(defect) => return Err(self.defective(defect, needs)),
        };
        let caller = Caller::Bearer(Box::new(claims));
        if needs
            .iter()
            .all(|need| self.may(&caller, need.name, need.action))
        {
            return Ok(caller);
        }
        let status = self.profile.auth.refused_status;
        let refusal = if status == 403 {
            Refusal::new(
                403,
                ErrorCode::DENIED,
                "requested access to the resource is denied",
            )
        } else {
            unauthorized(needs, self.profile.auth.dialect)
        };
        Err(self.challenged(refusal, needs, Some("insufficient_scope")))
    }

    fn read_bearer(&self, head: &Head<'_>, value: &str) -> Result<Claims, Defect> {
        let (scheme, token) = value.split_once(' ').ok_or(Defect::Format)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Defect::Format);
        }
        let claims = self.verify(token.trim()).map_err(|error| match error {
            TokenError::Format => Defect::Format,
            TokenError::Signature | TokenError::Key => Defect::Signature,
        })?;
        if claims.iss != self.issuer {
            return Err(Defect::Signature);
        }
        if claims.aud.as_deref() != Some(self.service.as_str()) {
            return Err(Defect::Audience);
        }
        if !claims.hold_at(self.wall_clock(head.now), self.profile.auth.leeway) {
            return Err(Defect::Expired);
        }
        Ok(claims)
    }

    fn defective(&self, defect: Defect, needs: &[Need<'_>]) -> Refusal {
        let refusal = match self.profile.auth.dialect {
            Dialect::Distribution => unauthorized(needs, Dialect::Distribution),
            Dialect::Quay => Refusal::text(
                401,
                HTML,
                json!({ "error": defect.in_quays_words() }).to_string(),
            )
            .with(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        };
        self.challenged(refusal, needs, Some("invalid_token"))
    }

    /// Whether anyone may pull from a repository without a token.
    fn is_public(&self, name: &str) -> bool {
        !self.profile.auth.public_needs_token && self.rights.allow(None, name, Action::Pull)
    }
}

/// Why a `Basic` header names no user.
pub(super) enum BasicError {
    /// It is not such a header.
    Form,
    /// The user is unknown, or the password is another.
    Wrong(String),
}

/// The value of `Authorization`, if there is one.
pub(super) fn authorization(head: &Head<'_>) -> Option<String> {
    let value = head.parts.headers.get(AUTHORIZATION)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[derive(Clone, Copy)]
enum Defect {
    Format,
    Signature,
    Audience,
    Expired,
}

impl Defect {
    fn in_quays_words(self) -> &'static str {
        match self {
            Self::Format => "Invalid bearer token format",
            Self::Signature => "Signature verification failed",
            Self::Audience => "Invalid audience",
            Self::Expired => "Signature has expired",
        }
    }
}

fn unauthorized(needs: &[Need<'_>], dialect: Dialect) -> Refusal {
    let message = match dialect {
        Dialect::Distribution => "authentication required",
        Dialect::Quay => "access to the requested resource is not authorized",
    };
    let detail = match dialect {
        Dialect::Distribution => needs
            .iter()
            .map(|need| json!({"Type": "repository", "Name": need.name, "Action": need.action.name()}))
            .collect(),
        Dialect::Quay => json!({}),
    };
    Refusal::detailed(401, ErrorCode::UNAUTHORIZED, message, detail)
}

fn decode_basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(encoded.trim())
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// Docker before 1.6, which did not know this protocol.
fn is_ancient_docker(head: &Head<'_>) -> bool {
    let agent = head.parts.headers.get(header::USER_AGENT);
    let version = agent
        .and_then(|agent| agent.to_str().ok())
        .and_then(|agent| agent.strip_prefix("docker/"));
    let mut numbers = version
        .unwrap_or_default()
        .split(|c: char| !c.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse::<u64>().ok());
    matches!((next(), next()), (Some(major), Some(minor)) if (major, minor) < (1, 6))
}

const SPARSE: HeaderName = HeaderName::from_static("x-sparse-manifest-support");
