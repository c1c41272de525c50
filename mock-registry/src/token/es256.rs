//! Tokens that other registries accept: ES256 with the signer's certificate inside.

use base64::Engine as _;
use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData as _, SigningKey as _};
use rustls::pki_types::{SignatureVerificationAlgorithm, alg_id};
use serde_json::json;

use super::{Claims, Signer, TokenError, encode, join, split};
use crate::provider::provider;

/// Signs tokens with ECDSA on P-256 and SHA-256 (RFC 7518 §3.4), the certificate of the key in the
/// header as `x5c`, so that CNCF distribution accepts them when that certificate is in its
/// `auth.token.rootcertbundle`.
pub struct Es256Signer {
    key: KeyPair,
    certificate: rcgen::Certificate,
    algorithm: &'static dyn SignatureVerificationAlgorithm,
}

impl Es256Signer {
    /// A signer with a new key and a certificate that it signs itself.
    ///
    /// # Errors
    /// The machine gives no randomness.
    pub fn generate(name: &str) -> Result<Self, TokenError> {
        let key =
            KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(|_| TokenError::Key)?;
        let mut params = CertificateParams::new(Vec::new()).map_err(|_| TokenError::Key)?;
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).map_err(|_| TokenError::Key)?;
        let algorithm = provider()
            .signature_verification_algorithms
            .all
            .iter()
            .copied()
            .find(|known| {
                known.public_key_alg_id() == alg_id::ECDSA_P256
                    && known.signature_alg_id() == alg_id::ECDSA_SHA256
            })
            .ok_or(TokenError::Key)?;
        Ok(Self {
            key,
            certificate,
            algorithm,
        })
    }

    /// The certificate, in PEM, for the `rootcertbundle` of a registry.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }
}

impl Signer for Es256Signer {
    fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        let certificate = base64::engine::general_purpose::STANDARD.encode(self.certificate.der());
        let header = json!({ "alg": "ES256", "typ": "JWT", "x5c": [certificate] });
        let signed = join(&header, claims)?;
        let der = self
            .key
            .sign(signed.as_bytes())
            .map_err(|_| TokenError::Key)?;
        let signature = fixed_from_der(&der).ok_or(TokenError::Key)?;
        Ok(format!("{signed}.{}", encode(&signature)))
    }

    fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let (signed, claims, signature) = split(token)?;
        let der = der_from_fixed(&signature).ok_or(TokenError::Signature)?;
        self.algorithm
            .verify_signature(self.key.der_bytes(), signed.as_bytes(), &der)
            .map_err(|_| TokenError::Signature)?;
        Ok(claims)
    }
}

/// The two numbers of a signature side by side, 32 bytes each, out of their DER form
/// (`SEQUENCE { INTEGER, INTEGER }`), which is short enough that every length is one byte.
fn fixed_from_der(der: &[u8]) -> Option<[u8; 64]> {
    let [0x30, length, rest @ ..] = der else {
        return None;
    };
    if usize::from(*length) != rest.len() {
        return None;
    }
    let mut fixed = [0; 64];
    let mut rest = rest;
    for half in fixed.chunks_exact_mut(32) {
        let [0x02, length, tail @ ..] = rest else {
            return None;
        };
        let (number, tail) = tail.split_at_checked(usize::from(*length))?;
        let digits = match number {
            [0, digits @ ..] => digits,
            digits => digits,
        };
        let start = half.len().checked_sub(digits.len())?;
        half[start..].copy_from_slice(digits);
        rest = tail;
    }
    Some(fixed)
}

fn der_from_fixed(fixed: &[u8]) -> Option<Vec<u8>> {
    if fixed.len() != 64 {
        return None;
    }
    let mut numbers = Vec::new();
    for half in fixed.chunks_exact(32) {
        let zeros = half.iter().take(31).take_while(|byte| **byte == 0).count();
        let digits = &half[zeros..];
        let sign = digits[0] & 0x80 != 0;
        numbers.extend([0x02, digits.len() as u8 + u8::from(sign)]);
        if sign {
            numbers.push(0);
        }
        numbers.extend_from_slice(digits);
    }
    let mut der = vec![0x30, numbers.len() as u8];
    der.extend(numbers);
    Some(der)
}

#[cfg(test)]
mod tests;
