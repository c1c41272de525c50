//! Credentials: what the machine asks for, what it is given, and how none of it is ever printed.

use std::fmt;

use crate::ids::CredentialsTicket;
use crate::wire::origin::Origin;

/// A question for credentials.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a driver passes it on whole")]
pub struct CredentialsRequest {
    /// For the answer.
    pub ticket: CredentialsTicket,
    /// The registry they are for, `host` or `host:port` as the reference has it.
    pub registry: String,
    /// Who will see them: the registry itself for Basic authentication, its token server for
    /// Bearer.
    pub recipient: Origin,
    /// Why they are asked for.
    pub reason: CredentialsReason,
}

/// Why credentials are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialsReason {
    /// The registry wants to know who is pushing. `None` means: try without credentials.
    Challenged,
    /// Without credentials one may not push. `None` ends the push.
    AnonymousRefused,
    /// The credentials given before were refused, or are no longer taken. `None` ends the push.
    Refused,
}

/// Who is pushing.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// A user name and a password or access token, for Basic authentication with the registry or
    /// its token server.
    Password {
        /// The user name.
        username: String,
        /// The password, or what a registry takes in its place.
        password: Secret,
    },
    /// An OAuth2 refresh token (`identitytoken` in docker's configuration), which only the token
    /// server may see.
    IdentityToken(Secret),
    /// A bearer token for the registry itself (`registrytoken` in docker's configuration); no
    /// token server is asked.
    RegistryToken(Secret),
}

impl Credentials {
    /// A user name and a password.
    #[must_use]
    pub fn password(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::Password {
            username: username.into(),
            password: password.into(),
        }
    }
}

/// A text that is never printed: not by `Debug`, not in an error, not in a trace. A password may be
/// any bytes, since Basic authentication carries them in base64 (RFC 7617).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Content);

/// What is kept secret.
#[derive(Clone, PartialEq, Eq)]
enum Content {
    Text(String),
    /// Bytes that are not UTF-8, and what they look like as text.
    Bytes {
        bytes: Vec<u8>,
        text: String,
    },
}

impl Secret {
    /// Keeps `text` secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Content::Text(text.into()))
    }

    /// The text, for the one place that needs it. What is not UTF-8 is U+FFFD in it, as in a text of a
    /// server that repeats the secret.
    #[must_use]
    pub fn expose(&self) -> &str {
        match &self.0 {
            Content::Text(text) | Content::Bytes { text, .. } => text,
        }
    }

    /// The bytes, as they were given.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        match &self.0 {
            Content::Text(text) => text.as_bytes(),
            Content::Bytes { bytes, .. } => bytes,
        }
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::new(text),
            Err(error) => {
                let bytes = error.into_bytes();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Self(Content::Bytes { bytes, text })
            }
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "<user name and password>",
            Self::IdentityToken(_) => "<identity token>",
            Self::RegistryToken(_) => "<registry token>",
        })
    }
}
