//! The built-in token endpoint.

use std::time::Duration;

use http::header::CACHE_CONTROL;
use http::{Method, Response};
use longshore_protocol::ErrorCode;
use serde_json::{Map, Value};

use super::call::{Purpose, Sink};
use super::config::Action;
use super::errors::{Refusal, Reply};
use super::places::uuid;
use super::route::Pairs;
use super::scopes::{Scope, is_quay_name};
use super::{Body, Core, Head, Outcome, Step};
use crate::profile::{
    Auth, Creation, Dialect, ExpiresIn, ExpiresInWord, Grant, ScopeParams, TokenField,
};
use crate::token::{Access, Claims};

/// What a token is asked for.
struct Wish<'a> {
    service: Option<&'a str>,
    scopes: &'a [&'a str],
    /// A refresh token too.
    offline: bool,
}

impl Core {
    pub(super) fn token(&mut self, head: &Head<'_>) -> Outcome<Step> {
        if self.auth != Auth::Bearer {
            return Err(self.no_route());
        }
        match head.parts.method {
            Method::GET => self.token_by_query(head).map(Step::Done),
            Method::POST if self.profile.auth.token_post == 200 => {
                let bytes = Vec::new();
                let limit = LONGEST_FORM;
                Ok(Step::Receive(
                    Purpose::TokenForm,
                    Sink::Buffer { bytes, limit },
                ))
            }
            Method::POST if self.profile.auth.token_post != 405 => {
                Err(Refusal::empty(self.profile.auth.token_post))
            }
            _ => Err(self.wrong_method()),
        }
    }

    pub(super) fn end_token_form(&mut self, now: Duration, body: &[u8]) -> Outcome<Response<Body>> {
        let text = String::from_utf8_lossy(body);
        let form = Pairs::of(&text);
        let refuse = |status, error: &str| {
            let body = serde_json::json!({ "error": error }).to_string();
            Err(Refusal::text(status, "application/json", body))
        };
        if body.len() as u64 > LONGEST_FORM {
            return refuse(400, "invalid_request");
        }
        let user = match self.login_by_form(&form) {
            Ok(user) => user,
            Err("invalid_grant") => return refuse(401, "invalid_grant"),
            Err(other) => return refuse(400, other),
        };
        // A form has one scope, its entries separated by spaces; a query repeats the parameter.
        let scopes: Vec<&str> = form.get("scope").unwrap_or_default().split(' ').collect();
        let wish = Wish {
            service: form.get("service"),
            scopes: &scopes,
            offline: form.get("access_type") == Some("offline")
                || form.get("grant_type") == Some("refresh_token"),
        };
        self.issue(now, Some(user), &wish)
    }

    fn token_by_query(&mut self, head: &Head<'_>) -> Outcome<Response<Body>> {
        let user = self.login(head)?;
        let mut scopes: Vec<&str> = head.query.all("scope").collect();
        if self.profile.auth.scope_params == ScopeParams::FirstOnly {
            scopes.truncate(1);
        }
        let wish = Wish {
            service: head.query.get("service"),
            scopes: &scopes,
            offline: head.query.get("offline_token") == Some("true"),
        };
        self.issue(head.now, user, &wish)
    }

    fn issue(
        &mut self,
        now: Duration,
        user: Option<String>,
        wish: &Wish<'_>,
    ) -> Outcome<Response<Body>> {
        let wanted = self.read_scopes(wish.scopes)?;
        let quay = self.profile.auth.dialect == Dialect::Quay;
        if user.is_none() {
            let refuse =
                self.profile.auth.anonymous_token == Grant::Refuse && !self.rights.anonymous_pull;
            if refuse || (quay && wanted.is_empty()) {
                return Err(self.no_login("authentication required"));
            }
        }
        let mut access = Vec::new();
        for scope in wanted {
            access.push(self.grant(user.as_deref(), scope)?);
        }
        let time = self.wall_clock(now).as_secs();
        let lifetime = self.profile.auth.lifetime;
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: user.clone().unwrap_or_default(),
            aud: match wish.service {
                Some(service) => Some(service.to_owned()),
                None => (!quay).then(|| self.service.clone()),
            },
            exp: time.saturating_add(lifetime),
            nbf: time,
            iat: time,
            jti: uuid(self.next_secret("token")),
            access,
        };
        let token = self
            .sign(now, claims)
            .map_err(|e| Refusal::new(500, ErrorCode::UNKNOWN, e.to_string()))?;
        let mut answer = Map::new();
        let field = self.profile.auth.token_field;
        if field != TokenField::AccessToken {
            answer.insert("token".into(), token.clone().into());
        }
        if field != TokenField::Token {
            answer.insert("access_token".into(), token.into());
        }
        match self.profile.auth.expires_in {
            ExpiresIn::Word(ExpiresInWord::Absent) => {}
            ExpiresIn::Word(ExpiresInWord::Lifetime) => {
                answer.insert("expires_in".into(), lifetime.into());
            }
            ExpiresIn::Seconds(seconds) => {
                answer.insert("expires_in".into(), seconds.into());
            }
        }
        if self.profile.auth.issued_at {
            answer.insert("issued_at".into(), rfc3339(time).into());
        }
        if let Some(user) = user
            && wish.offline
            && self.profile.auth.refresh_tokens
        {
            let token = self.refresh_token(&user);
            answer.insert("refresh_token".into(), token.into());
        }
        Ok(Reply::new(200)
            .with(CACHE_CONTROL, "no-cache, no-store, must-revalidate")
            .body(
                &self.profile.auth.token_type,
                Value::Object(answer).to_string(),
            )
            .done())
    }

    /// What a user gets of a scope.
    fn grant(&mut self, user: Option<&str>, scope: Scope) -> Outcome<Access> {
        let quay = self.profile.auth.dialect == Dialect::Quay;
        let repository = self.canonical_in_token(&scope.name)?;
        let allowed = |action: &str| match action {
            "pull" => self.rights.allow(user, &repository, Action::Pull),
            "push" => self.rights.allow(user, &repository, Action::Push),
            "delete" | "*" => self.rights.allow(user, &repository, Action::Delete),
            _ => false,
        };
        if quay && scope.actions.iter().any(|action| action == "*") && allowed("*") {
            // Quay looks up the repository that such a scope administers and asserts that it is
            // there.
            if !self.catalog.contains_key(&repository) {
                return Err(Refusal::html(500));
            }
        }
        let wanted = &scope.actions;
        let actions: Vec<String> = if scope.kind != "repository" {
            Vec::new()
        } else if quay {
            // In the order of granting, each once.
            ["push", "pull", "*"]
                .into_iter()
                .filter(|action| wanted.iter().any(|w| w == action) && allowed(action))
                .map(str::to_owned)
                .collect()
        } else {
            wanted
                .iter()
                .filter(|action| allowed(action))
                .cloned()
                .collect()
        };
        if self.profile.auth.partial_grant == Grant::Refuse && actions.len() < wanted.len() {
            return Err(Refusal::new(
                403,
                ErrorCode::DENIED,
                "requested access to the resource is denied",
            ));
        }
        let nothing = actions.is_empty() && !wanted.is_empty();
        if self.profile.auth.partial_grant == Grant::Unauthorized && nothing {
            return Err(self.no_login("requested access to the resource is denied"));
        }
        if self.profile.repository.create == Creation::AtToken
            && actions.iter().any(|action| action == "push")
        {
            self.create_repository(&repository)
                .map_err(|e| Refusal::storage(&e))?;
        }
        Ok(Access {
            kind: scope.kind,
            name: repository,
            actions,
        })
    }

    fn canonical_in_token(&self, name: &str) -> Outcome<String> {
        if self.profile.auth.dialect == Dialect::Quay && !is_quay_name(name) {
            return Err(Refusal::new(
                400,
                ErrorCode::NAME_INVALID,
                "invalid repository name",
            ));
        }
        // Elsewhere a token may name anything; the registry then judges the name.
        Ok(self.canonical(name).unwrap_or_else(|_| name.to_owned()))
    }
}

/// Seconds since the Unix epoch as RFC 3339 has it, by Howard Hinnant's `civil_from_days`.
fn rfc3339(time: u64) -> String {
    let (days, second) = (time / 86_400, time % 86_400);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

const LONGEST_FORM: u64 = 64 << 10;

#[cfg(test)]
mod tests;
