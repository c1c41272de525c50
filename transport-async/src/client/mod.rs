//! What many sessions share: trust, proxies and connections.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use longshore_transport::{ClientError, Nearness, Settings};

use crate::connection::{Dialer, Pool, Tasks};

/// Certificates, proxies and kept connections.
///
/// Cheap to clone. Sessions of one client and its clones share connections, so a program makes one
/// and keeps it. Connections belong to the runtime that they were made on: each runtime needs a
/// client of its own.
///
/// An HTTP/2 connection is driven by a task, which ends with the connection or with the last clone
/// of its client. There are no other tasks beyond those of a session.
#[derive(Clone)]
pub struct Client {
    pub(crate) dialer: Arc<Dialer>,
}

/// Builds a [`Client`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    settings: Settings,
    http2: bool,
}

impl Client {
    /// Begins a client that trusts the system's certificates and uses the environment's proxies.
    ///
    /// Where `SSL_CERT_FILE`, `SSL_CERT_DIR`, `REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE` are set, the
    /// certificates that they name are trusted instead of the system's. A certificate that is
    /// trusted is taken from a server, too, if it is for the server's name and in its time.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            http2: true,
        }
    }
}

impl ClientBuilder {
    /// Also trusts the certificates in this PEM file, which [`build`](Self::build) reads.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.ca_file(path.into());
        self
    }

    /// Also trusts the certificates in this PEM text.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.ca_pem(pem.into());
        self
    }

    /// Does TLS with this cryptography: a provider of rustls 0.23. Without this setting the
    /// process's default is used
    /// ([`CryptoProvider::install_default`](rustls::crypto::CryptoProvider::install_default)), or
    /// else that of the feature `aws-lc-rs` or `ring` of this crate. Where there is none of them,
    /// registries are reached by plain HTTP only.
    pub fn crypto_provider(mut self, provider: Arc<rustls::crypto::CryptoProvider>) -> Self {
        self.settings.crypto_provider(provider);
        self
    }

    /// Takes any certificate from anybody: whoever sits on the way can then read and change
    /// everything, passwords included. This is about proxies spoken to over TLS as well.
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.settings.danger_accept_invalid_certs(accept);
        self
    }

    /// Offers HTTP/2 to servers that are spoken to over TLS, which is the default. Without, every
    /// request has a connection for itself while it lasts: one large blob cannot slow another down,
    /// and a server whose HTTP/2 is broken can be pushed to.
    pub fn http2(mut self, offer: bool) -> Self {
        self.http2 = offer;
        self
    }

    /// Uses this proxy, `http://[user:password@]host[:port]` or the same with `https`, `socks5h` or
    /// `socks5`, for every host but this machine, whatever the environment says; `None` uses none.
    ///
    /// Without this setting `HTTPS_PROXY` or `HTTP_PROXY`, as the registry is spoken to, or else
    /// `ALL_PROXY` names the proxy, and `NO_PROXY` lists the hosts that are reached without: names
    /// (which cover what is below them), addresses, networks (`10.0.0.0/8`) or `*`. Lower-case
    /// names of the variables come first, and an empty variable is one that is not set, as curl has
    /// it. An HTTP proxy gets requests in clear text themselves (RFC 9112, section 3.2.2), and is
    /// asked for a tunnel (`CONNECT`) to registries that are spoken to over TLS. A SOCKS proxy is
    /// asked for tunnels, and looks names up itself (`socks5h`) or gets addresses only (`socks5`).
    /// Proxies are spoken to in clear text, and over TLS with `https`.
    pub fn proxy(mut self, proxy: Option<String>) -> Self {
        self.settings.proxy(proxy);
        self
    }

    /// The client. Reads the environment; the system's certificates are read when the first TLS
    /// connection is made.
    ///
    /// # Errors
    /// When certificates or a proxy that were asked for cannot be used.
    pub fn build(self) -> Result<Client, ClientError> {
        let protocols: &[&str] = if self.http2 {
            &["h2", "http/1.1"]
        } else {
            &["http/1.1"]
        };
        let (trust, proxies) = self.settings.build(protocols)?;
        Ok(Client {
            dialer: Arc::new(Dialer {
                trust: Arc::new(trust),
                proxies,
                nearness: Nearness::default(),
                pool: Pool::default(),
                tasks: Tasks::default(),
            }),
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
