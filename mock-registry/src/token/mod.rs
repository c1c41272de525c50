//! Bearer tokens: what they say and who signs them.

#[cfg(feature = "_tls")]
mod es256;
mod hmac;

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(feature = "_tls")]
pub use es256::Es256Signer;
pub use hmac::HmacSigner;

/// What a token says (the distribution project's "Token Authentication Specification").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// The user, empty for nobody.
    pub sub: String,
    /// The service it is for. Quay issues tokens for none, which nobody takes.
    pub aud: Option<String>,
    /// Until when it is good, in seconds since the Unix epoch.
    pub exp: u64,
    /// From when on it is good.
    pub nbf: u64,
    /// When it was issued.
    pub iat: u64,
    /// Its identifier.
    pub jti: String,
    /// What it allows.
    pub access: Vec<Access>,
}

/// What a token allows on one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The type of the resource: `repository`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of the resource.
    pub name: String,
    /// What may be done.
    pub actions: Vec<String>,
}

impl Claims {
    /// Whether they hold at this time since the Unix epoch, with some seconds of grace.
    #[must_use]
    pub fn hold_at(&self, time: Duration, leeway: u64) -> bool {
        let now = time.as_secs();
        now < self.exp.saturating_add(leeway) && now.saturating_add(leeway) >= self.nbf
    }

    /// Whether they allow an action on a repository.
    #[must_use]
    pub fn allow(&self, repository: &str, action: &str) -> bool {
        self.access.iter().any(|access| {
            access.kind == "repository"
                && access.name == repository
                && access
                    .actions
                    .iter()
                    .any(|held| held == action || held == "*")
        })
    }
}

/// Who signs tokens and recognises them again. Expiry is not its business.
pub trait Signer: Send {
    /// A token.
    ///
    /// # Errors
    /// It cannot be signed.
    fn sign(&self, claims: &Claims) -> Result<String, TokenError>;

    /// What a token says, if this signer signed it.
    ///
    /// # Errors
    /// It is not a token, or another's.
    fn verify(&self, token: &str) -> Result<Claims, TokenError>;
}

/// Why a token is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is not a token at all.
    #[error("not a token")]
    Format,
    /// Its signature is not this signer's.
    #[error("the signature is wrong")]
    Signature,
    /// It could not be signed.
    #[error("cannot sign")]
    Key,
}

/// The three parts of a token in their compact form: what was signed, the claims, the signature.
fn split(token: &str) -> Result<(&str, Claims, Vec<u8>), TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Format)?;
    let (_, payload) = signed.split_once('.').ok_or(TokenError::Format)?;
    let payload = decode(payload)?;
    let claims = serde_json::from_slice(&payload).map_err(|_| TokenError::Format)?;
    Ok((signed, claims, decode(signature)?))
}

fn join(header: &serde_json::Value, claims: &Claims) -> Result<String, TokenError> {
    let payload = serde_json::to_vec(claims).map_err(|_| TokenError::Format)?;
    Ok(format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(&payload)
    ))
}

fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Result<Vec<u8>, TokenError> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| TokenError::Format)
}

#[cfg(test)]
mod tests;
