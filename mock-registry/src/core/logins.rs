//! Logins: passwords, and what stands in for them.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use longshore_protocol::ErrorCode;

use super::auth::{BasicError, authorization};
use super::errors::Refusal;
use super::places::hex;
use super::route::Pairs;
use super::{Core, Head, Outcome};
use crate::profile::{Dialect, TokenFormat};
use crate::token::{Claims, TokenError};

/// Wrong passwords of one user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    failures: u32,
    until: Duration,
}

/// What stands for logins that were made: kept here, not in what the client holds.
#[derive(Debug, Default)]
pub(crate) struct Passes {
    /// Opaque tokens and what they allow.
    opaque: BTreeMap<String, Claims>,
    /// Refresh tokens and whose they are.
    refresh: BTreeMap<String, String>,
    /// How often each password was used.
    uses: BTreeMap<String, u32>,
}

impl Passes {
    /// Passes among which there are these refresh tokens.
    pub(super) fn of(refresh: BTreeMap<String, String>) -> Self {
        Self {
            refresh,
            ..Self::default()
        }
    }
}

impl Core {
    /// The user that a request for a token names, if any.
    pub(super) fn login(&mut self, head: &Head<'_>) -> Outcome<Option<String>> {
        let Some(value) = authorization(head) else {
            return Ok(None);
        };
        let refusal = match self.basic_user(&value) {
            Ok(user) => {
                self.check_backoff(head.now, &user)?;
                self.backoff.remove(&user);
                if self.use_password(&user) {
                    return Ok(Some(user));
                }
                "Invalid Username or Password"
            }
            Err(BasicError::Form) => "Specified credentials are invalid",
            Err(BasicError::Wrong(user)) => {
                self.check_backoff(head.now, &user)?;
                self.note_failure(head.now, user);
                "Invalid Username or Password"
            }
        };
        Err(self.no_login(refusal))
    }

    /// Nobody is logged in who might get a token.
    pub(super) fn no_login(&self, message: &str) -> Refusal {
        let refusal = Refusal::new(401, ErrorCode::UNAUTHORIZED, message);
        match self.profile.auth.dialect {
            Dialect::Quay => self.challenged(refusal, &[], None),
            Dialect::Distribution => refusal.with(WWW_AUTHENTICATE, self.basic_challenge()),
        }
    }

    /// The user of a form, by password or refresh token, or the form flow's word for what is wrong.
    pub(super) fn login_by_form(&mut self, form: &Pairs) -> Result<String, &'static str> {
        let auth = &self.profile.auth;
        match form.get("grant_type") {
            Some("password") if auth.password_grant => {
                let name = form.get("username").unwrap_or_default();
                let known = self.users.get(name).map(String::as_str);
                if known.is_none() || known != form.get("password") || !self.use_password(name) {
                    return Err("invalid_grant");
                }
                Ok(name.to_owned())
            }
            Some("refresh_token") if auth.refresh_tokens => {
                let token = form.get("refresh_token").unwrap_or_default();
                let user = self.passes.refresh.get(token);
                user.cloned().ok_or("invalid_grant")
            }
            _ => Err("unsupported_grant_type"),
        }
    }

    /// A token that stands for a user's password.
    pub(super) fn refresh_token(&mut self, user: &str) -> String {
        let token: String = hex(&self.next_secret("refresh")).collect();
        make_room(&mut self.passes.refresh);
        self.passes.refresh.insert(token.clone(), user.to_owned());
        token
    }

    /// A token with these claims, in the profile's format.
    pub(super) fn sign(&mut self, now: Duration, claims: Claims) -> Result<String, TokenError> {
        if self.profile.auth.token_format == TokenFormat::Jwt {
            return self.signer.sign(&claims);
        }
        let token: String = hex(&self.next_secret("opaque")).collect();
        let (time, leeway) = (self.wall_clock(now), self.profile.auth.leeway);
        if self.passes.opaque.len() >= MOST_PASSES {
            let kept = |_: &String, claims: &mut Claims| claims.hold_at(time, leeway);
            self.passes.opaque.retain(kept);
        }
        make_room(&mut self.passes.opaque);
        self.passes.opaque.insert(token.clone(), claims);
        Ok(token)
    }

    /// What a token says, if it is one of ours.
    pub(super) fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        match self.profile.auth.token_format {
            TokenFormat::Jwt => self.signer.verify(token),
            TokenFormat::Opaque => {
                let known = self.passes.opaque.get(token);
                known.cloned().ok_or(TokenError::Signature)
            }
        }
    }

    /// Uses a right password once more, if it may be.
    fn use_password(&mut self, user: &str) -> bool {
        let most = self.profile.auth.password_uses;
        if most == 0 {
            return true;
        }
        let uses = self.passes.uses.entry(user.to_owned()).or_default();
        *uses = uses.saturating_add(1);
        *uses <= most
    }

    fn check_backoff(&self, now: Duration, user: &str) -> Outcome<()> {
        let left = self
            .backoff
            .get(user)
            .and_then(|backoff| backoff.until.checked_sub(now))
            .filter(|left| !left.is_zero());
        match left {
            None => Ok(()),
            Some(left) => {
                Err(
                    Refusal::text(429, "text/plain; charset=utf-8", "Too many login attempts")
                        .with(RETRY_AFTER, left.as_secs().to_string()),
                )
            }
        }
    }

    fn note_failure(&mut self, now: Duration, user: String) {
        if !self.profile.auth.login_backoff {
            return;
        }
        if self.backoff.len() >= MOST_BACKOFFS && !self.backoff.contains_key(&user) {
            self.backoff.pop_first();
        }
        let failures = self
            .backoff
            .get(&user)
            .map_or(0, |backoff| backoff.failures);
        let failures = (failures + 1).min(LONGEST_BACKOFF);
        let until = now.saturating_add(Duration::from_millis(500 * ((1 << failures) - 1)));
        self.backoff.insert(user, Backoff { failures, until });
    }
}

fn make_room<T>(passes: &mut BTreeMap<String, T>) {
    if passes.len() >= MOST_PASSES {
        passes.pop_first();
    }
}

const MOST_PASSES: usize = 4096;
const MOST_BACKOFFS: usize = 1024;
const LONGEST_BACKOFF: u32 = 20;

#[cfg(test)]
mod tests;
