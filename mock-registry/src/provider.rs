//! The cryptography of this build.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// The process's default, else the one of a feature. It is never looked for in the features of
/// rustls, which are those of the whole program: rustls panics where it finds two.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().cloned().unwrap_or_else(|| {
        #[cfg(feature = "aws-lc-rs")]
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        #[cfg(not(feature = "aws-lc-rs"))]
        let provider = rustls::crypto::ring::default_provider();
        Arc::new(provider)
    })
}
