//! Challenges: `WWW-Authenticate` in the forms that registries give it.

use http::header::WWW_AUTHENTICATE;

use super::Core;
use super::auth::Need;
use super::config::Action;
use super::errors::{API_VERSION, Refusal};
use crate::profile::{Auth, ChallengeAgain, ChallengeForm, ChallengeScope, SecondChallenge};

impl Core {
    /// A refusal with the challenge that goes with it. `error` is what is wrong with the
    /// credentials, if some were presented.
    pub(super) fn challenged(
        &self,
        refusal: Refusal,
        needs: &[Need<'_>],
        error: Option<&str>,
    ) -> Refusal {
        let again = match error {
            Some(_) => self.profile.auth.challenge_again,
            None => ChallengeAgain::Same,
        };
        let challenges = match (self.auth, again) {
            (Auth::None, _) => return refusal,
            (_, ChallengeAgain::None) => Vec::new(),
            (_, ChallengeAgain::Empty) => vec![String::new()],
            (Auth::Basic, _) | (_, ChallengeAgain::Basic) => vec![self.basic_challenge()],
            (Auth::Bearer, ChallengeAgain::Same) => {
                self.bearer_challenges(needs, error, self.profile.auth.challenge_form)
            }
        };
        let challenges = challenges.into_iter();
        challenges
            .fold(refusal, |refusal, challenge| {
                refusal.with(WWW_AUTHENTICATE, challenge)
            })
            .with(API_VERSION, "registry/2.0")
    }

    /// The challenges of a `GET /v2/` that is answered all the same.
    pub(super) fn open_challenges(&self, form: ChallengeForm) -> Vec<String> {
        match self.auth {
            Auth::None => Vec::new(),
            Auth::Basic => vec![self.basic_challenge_in(form)],
            Auth::Bearer => self.bearer_challenges(&[], None, form),
        }
    }

    pub(super) fn basic_challenge(&self) -> String {
        self.basic_challenge_in(self.profile.auth.challenge_form)
    }

    fn basic_challenge_in(&self, form: ChallengeForm) -> String {
        let auth = &self.profile.auth;
        let host = self.origin.split("://").last().unwrap_or_default();
        let realm = auth.basic_realm.replace("{origin}", &self.origin);
        let realm = realm.replace("{host}", host);
        let scheme = match form {
            ChallengeForm::Quoted => format!("Basic realm=\"{realm}\""),
            ChallengeForm::Unquoted => format!("basic realm={realm}"),
        };
        match auth.basic_service.as_str() {
            "" => scheme,
            service => format!("{scheme},service=\"{service}\""),
        }
    }

    /// The headers that ask for a token, and perhaps for something else.
    fn bearer_challenges(
        &self,
        needs: &[Need<'_>],
        error: Option<&str>,
        form: ChallengeForm,
    ) -> Vec<String> {
        let bearer = self.bearer_challenge(needs, error, form);
        match self.profile.auth.second_challenge {
            SecondChallenge::None => vec![bearer],
            SecondChallenge::Basic => vec![bearer, self.basic_challenge()],
            SecondChallenge::BareBasic => vec![bearer, "Basic".to_owned()],
            SecondChallenge::JoinedBasic => vec![format!("{bearer}, {}", self.basic_challenge())],
        }
    }

    fn bearer_challenge(
        &self,
        needs: &[Need<'_>],
        error: Option<&str>,
        form: ChallengeForm,
    ) -> String {
        let auth = &self.profile.auth;
        let realm = match &self.realm {
            Some(realm) => realm.clone(),
            None => format!("{}{}", self.origin, auth.token_path),
        };
        let mut challenge = match form {
            ChallengeForm::Quoted => format!("Bearer realm=\"{realm}\""),
            ChallengeForm::Unquoted => format!("bearer realm={realm}"),
        };
        let mut add = |name: &str, value: &str| {
            challenge.push_str(&format!(",{name}=\"{value}\""));
        };
        if !needs.is_empty() || self.profile.ping.service {
            add("service", &self.service);
        }
        match (auth.challenge_scope, needs) {
            (_, []) if self.profile.ping.scope.is_empty() => {}
            (_, []) => add("scope", &self.profile.ping.scope),
            (ChallengeScope::Absent, _) => {}
            (ChallengeScope::Empty, _) => add("scope", ""),
            (ChallengeScope::Star, _) => add("scope", "*"),
            (ChallengeScope::Exact, needs) => {
                let scopes: Vec<String> = needs.iter().map(scope).collect();
                add("scope", &scopes.join(" "));
            }
        }
        if let Some(error) = error
            && auth.challenge_error
        {
            add("error", error);
        }
        challenge
    }
}

fn scope(need: &Need<'_>) -> String {
    let actions = match need.action {
        Action::Pull => "pull",
        Action::Push => "pull,push",
        Action::Delete => "delete",
    };
    format!("repository:{}:{actions}", need.name)
}
