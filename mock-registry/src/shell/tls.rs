//! A certificate authority and a certificate, made at start.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::StartError;
use super::socket::Resettable;
use crate::fault::TlsFault;
use crate::provider::provider;

/// What a TLS server is.
#[derive(Clone)]
pub(super) struct Identity {
    acceptor: TlsAcceptor,
    authority: Arc<Authority>,
}

type Authority = CertifiedIssuer<'static, KeyPair>;

impl Identity {
    /// An identity for `localhost` and this address, signed by an authority of its own.
    pub(super) fn new(address: IpAddr) -> Result<Self, StartError> {
        let authority = Arc::new(authority("mock-registry authority")?);
        Ok(Self {
            acceptor: acceptor(address, &authority, None)?,
            authority,
        })
    }

    /// The authority, in PEM.
    pub(super) fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    /// Shakes hands with a client of `address`; nothing where one of them refuses.
    pub(super) async fn accept(
        self,
        stream: TcpStream,
        address: IpAddr,
        fault: Option<TlsFault>,
    ) -> Option<TlsStream<TcpStream>> {
        let acceptor = match fault {
            None => self.acceptor,
            Some(TlsFault::Close) => return None,
            Some(fault) => self.broken(address, fault).ok()?,
        };
        acceptor.accept(stream).await.ok()
    }

    /// What serves with a certificate in which this, and nothing else, is wrong.
    fn broken(&self, address: IpAddr, fault: TlsFault) -> Result<TlsAcceptor, StartError> {
        if fault == TlsFault::Unknown {
            return acceptor(address, &authority("an authority that nobody knows")?, None);
        }
        acceptor(address, &self.authority, Some(fault))
    }
}

impl Resettable for TlsStream<TcpStream> {
    fn reset_on_close(&self) {
        self.get_ref().0.reset_on_close();
    }
}

fn authority(name: &str) -> Result<Authority, StartError> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(
        authority,
        KeyPair::generate()?,
    )?)
}

fn acceptor(
    address: IpAddr,
    authority: &Authority,
    fault: Option<TlsFault>,
) -> Result<TlsAcceptor, StartError> {
    let key = KeyPair::generate()?;
    let wrong_host = fault == Some(TlsFault::WrongHost);
    let name = if wrong_host {
        "other.example"
    } else {
        "localhost"
    };
    let mut leaf = CertificateParams::new(vec![name.into()])?;
    if !wrong_host {
        leaf.subject_alt_names.push(SanType::IpAddress(address));
    }
    if fault == Some(TlsFault::Expired) {
        leaf.not_before = rcgen::date_time_ymd(2020, 1, 1);
        leaf.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    leaf.distinguished_name
        .push(DnType::CommonName, "mock-registry");
    leaf.use_authority_key_identifier_extension = true;
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf = leaf.signed_by(&key, authority)?;

    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
