//! What a person or a credential store hands in.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::wire::redact::Secret;

/// Credentials for one registry. `Debug` shows the kind only.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    kind: Kind,
    once: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Password { user: String, password: Secret },
    IdentityToken(Secret),
}

impl Credentials {
    /// A user name and a password, or whatever the registry takes in place of one.
    #[must_use]
    pub fn password(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            kind: Kind::Password { user: user.into(), password: Secret::new(password) },
            once: false,
        }
    }

    /// An identity token, as `docker login` stores it for some registries: good for fetching
    /// tokens, not for requests.
    #[must_use]
    pub fn identity_token(token: impl Into<String>) -> Self {
        Self { kind: Kind::IdentityToken(Secret::new(token)), once: false }
    }

    /// The same, to be used once: the machine asks again whenever it needs credentials again.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    pub(crate) fn is_once(&self) -> bool {
        self.once
    }

    /// The value of `Authorization` for Basic (RFC 7617), where these credentials have one.
    ///
    /// An identity token goes under the user name that registries reserve for it.
    pub(crate) fn basic(&self) -> Secret {
        let pair = match &self.kind {
            Kind::Password { user, password } => format!("{user}:{}", password.expose()),
            Kind::IdentityToken(token) => format!("<token>:{}", token.expose()),
        };
        Secret::new(format!("Basic {}", STANDARD.encode(pair)))
    }

    pub(crate) fn as_identity_token(&self) -> Option<&Secret> {
        match &self.kind {
            Kind::IdentityToken(token) => Some(token),
            Kind::Password { .. } => None,
        }
    }

    /// Every text of these credentials that must not be shown.
    pub(crate) fn secrets(&self) -> [String; 2] {
        let own = match &self.kind {
            Kind::Password { password, .. } => password,
            Kind::IdentityToken(token) => token,
        };
        let basic = self.basic();
        let encoded = basic.expose().trim_start_matches("Basic ").to_owned();
        [own.expose().to_owned(), encoded]
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Password { .. } => "Credentials(password)",
            Kind::IdentityToken(_) => "Credentials(identity token)",
        })
    }
}
