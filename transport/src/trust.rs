//! Whom a client trusts.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// The certificates that a client trusts, made into a TLS configuration when one is needed.
pub struct Trust {
    extra: Vec<CertificateDer<'static>>,
    accept_invalid_certs: bool,
    protocols: Vec<Vec<u8>>,
    made: OnceLock<Made>,
}

struct Made {
    config: Arc<ClientConfig>,
    /// Whether there is anybody to trust.
    empty: bool,
}

/// The certificates in a PEM text.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| format!("not PEM: {error}"))?;
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|error| format!("not a certificate that can be trusted: {error}"))?;
        found.push(certificate);
    }
    if found.is_empty() {
        return Err("there is no PEM certificate in it".to_owned());
    }
    Ok(found)
}

impl Trust {
    pub(crate) fn new(
        extra: Vec<CertificateDer<'static>>,
        accept_invalid_certs: bool,
        protocols: &[&str],
    ) -> Self {
        let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
        Self {
            extra,
            accept_invalid_certs,
            protocols: protocols.collect(),
            made: OnceLock::new(),
        }
    }

    /// The configuration. The first call reads the system's certificates from many files.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.made().config)
    }

    /// The configuration, if it was needed before.
    #[must_use]
    pub fn made_already(&self) -> Option<Arc<ClientConfig>> {
        self.made.get().map(|made| Arc::clone(&made.config))
    }

    /// Whether no certificate at all is trusted: the system has no store where it is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.made().empty
    }

    fn made(&self) -> &Made {
        self.made.get_or_init(|| {
            let provider = Arc::new(ring::default_provider());
            let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .expect("ring has cipher suites for TLS 1.2 and 1.3");
            let mut empty = false;
            let mut config = if self.accept_invalid_certs {
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
                    .with_no_client_auth()
            } else {
                let mut roots = RootCertStore::empty();
                // Certificates that rustls cannot use are in most systems' stores: they are left
                // out, and whoever needs one gets to hear of an unknown issuer.
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                roots.add_parsable_certificates(self.extra.iter().cloned());
                empty = roots.is_empty();
                builder.with_root_certificates(roots).with_no_client_auth()
            };
            config.alpn_protocols.clone_from(&self.protocols);
            Made {
                config: Arc::new(config),
                empty,
            }
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

/// Takes any certificate, but not a handshake that its key did not sign.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
