//! Whom a client trusts.

mod certificate;
mod provider;
mod stores;
#[cfg(test)]
mod tests;
mod verify;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use longshore_protocol::FailureKind;
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::CertificateDer;

pub(crate) use self::stores::{Stores, certificates};
use self::verify::{Any, Trusting};
use crate::failure::Trouble;

/// The certificates that a client trusts, made into a TLS configuration when one is needed.
pub struct Trust {
    pub(crate) stores: Stores,
    pub(crate) extra: Vec<CertificateDer<'static>>,
    pub(crate) accept_invalid_certs: bool,
    pub(crate) protocols: Vec<Vec<u8>>,
    pub(crate) provider: Option<Arc<CryptoProvider>>,
    pub(crate) made: OnceLock<Result<Configs, Trouble>>,
}

/// The TLS configurations of a client.
#[derive(Clone, Debug)]
pub struct Configs {
    /// For registries.
    pub registry: Arc<ClientConfig>,
    /// For proxies, which are spoken to in HTTP/1.1.
    pub proxy: Arc<ClientConfig>,
    /// Whether there is any certificate to trust.
    empty: bool,
}

impl Trust {
    /// The configurations. The first call reads the certificates from many files.
    ///
    /// # Errors
    /// Certificates that the environment names cannot be used, or there is no cryptography.
    pub fn configs(&self) -> Result<&Configs, Trouble> {
        let made = self.made.get_or_init(|| self.make());
        made.as_ref().map_err(Trouble::clone)
    }

    /// The configurations, if they were needed before.
    ///
    /// # Errors
    /// As those of [`configs`](Self::configs).
    pub fn made_already(&self) -> Option<Result<&Configs, Trouble>> {
        self.made
            .get()
            .map(|made| made.as_ref().map_err(Trouble::clone))
    }

    /// Whether no certificate at all is trusted: the system has no store where it is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.made.get(), Some(Ok(Configs { empty: true, .. })))
    }

    fn make(&self) -> Result<Configs, Trouble> {
        let impossible = |why: String| Trouble::new(FailureKind::Tls, format!("no TLS: {why}"));
        let provider = provider::choose(self.provider.as_ref()).map_err(impossible)?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| impossible(error.to_string()))?
            .dangerous();
        let (builder, empty) = if self.accept_invalid_certs {
            let any = Arc::new(Any::new(&provider));
            (builder.with_custom_certificate_verifier(any), false)
        } else {
            let mut trusted: HashSet<_> = self.extra.iter().cloned().collect();
            trusted.extend(self.stores.load().map_err(impossible)?);
            let trusting = Arc::new(Trusting::new(trusted, &provider));
            let empty = trusting.is_empty();
            (builder.with_custom_certificate_verifier(trusting), empty)
        };
        let mut proxy = builder.with_no_client_auth();
        let mut registry = proxy.clone();
        registry.alpn_protocols.clone_from(&self.protocols);
        proxy.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Configs {
            registry: Arc::new(registry),
            proxy: Arc::new(proxy),
            empty,
        })
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("extra", &self.extra.len())
            .field("accept_invalid_certs", &self.accept_invalid_certs)
            .finish_non_exhaustive()
    }
}
