//! Which cryptography TLS is done with.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// The provider that was given, else the process's default, else the one of a feature of this
/// crate.
///
/// rustls looks for a default in its own features, and panics if there are two: a library must not
/// switch one on for the program that it is in, so each is a feature that the program chooses.
///
/// # Errors
/// What to do where there is none.
pub(super) fn choose(given: Option<&Arc<CryptoProvider>>) -> Result<Arc<CryptoProvider>, String> {
    given
        .cloned()
        .or_else(|| CryptoProvider::get_default().cloned())
        .or_else(of_feature)
        .ok_or_else(|| MISSING.to_owned())
}

#[cfg(feature = "aws-lc-rs")]
fn of_feature() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn of_feature() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn of_feature() -> Option<Arc<CryptoProvider>> {
    None
}

const MISSING: &str = "this program has no cryptography for it: give the client a \
    rustls::crypto::CryptoProvider, install one as the process's default, or build with the feature \
    aws-lc-rs or ring";
