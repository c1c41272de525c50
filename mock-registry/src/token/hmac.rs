//! Tokens signed with HMAC-SHA256: the same for the same claims, as a simulator needs them.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Claims, Signer, TokenError, encode, join, split};

/// Signs tokens with HMAC-SHA256 (RFC 2104), deterministically. No other server knows the key, so
/// only the registry that issued such a token accepts it.
pub struct HmacSigner {
    /// SHA-256 after the key's first block, for what is signed and for what comes of that.
    inner: Sha256,
    outer: Sha256,
}

impl HmacSigner {
    /// A signer with a secret of its own.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let mut key = [0; BLOCK];
        if secret.len() <= BLOCK {
            key[..secret.len()].copy_from_slice(secret);
        } else {
            key[..32].copy_from_slice(&Sha256::digest(secret));
        }
        Self {
            inner: Sha256::new_with_prefix(key.map(|byte| byte ^ 0x36)),
            outer: Sha256::new_with_prefix(key.map(|byte| byte ^ 0x5c)),
        }
    }

    fn mac(&self, message: &[u8]) -> [u8; 32] {
        let inner = self.inner.clone().chain_update(message).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }
}

impl Signer for HmacSigner {
    fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        let signed = join(&json!({ "alg": "HS256", "typ": "JWT" }), claims)?;
        let signature = encode(&self.mac(signed.as_bytes()));
        Ok(format!("{signed}.{signature}"))
    }

    fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let (signed, claims, signature) = split(token)?;
        if signature == self.mac(signed.as_bytes()) {
            Ok(claims)
        } else {
            Err(TokenError::Signature)
        }
    }
}

const BLOCK: usize = 64;

#[cfg(test)]
mod tests;
