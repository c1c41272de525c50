//! Certificates made for one test.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair,
    SignatureAlgorithm,
};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;

/// A server's TLS configuration for `name`, and the PEM of the authority behind it.
pub(crate) fn issue(
    name: &str,
    edit: impl FnOnce(&mut CertificateParams),
) -> (Arc<ServerConfig>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    edit(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    (serving(&certificate, &key), authority.pem())
}

/// A server's TLS configuration with a certificate for `name` that signed itself, and its PEM.
pub(crate) fn issue_own(
    name: &str,
    algorithm: &'static SignatureAlgorithm,
    edit: impl FnOnce(&mut CertificateParams),
) -> (Arc<ServerConfig>, String) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    edit(&mut params);
    let key = KeyPair::generate_for(algorithm).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (serving(&certificate, &key), certificate.pem())
}

fn serving(certificate: &Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    Arc::new(config)
}
