//! What many sessions share: trust, proxies and connections.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use longshore_transport::{ClientError, Nearness, Proxies, Settings, Trust};
use ureq::Agent;
use ureq::config::AutoHeaderValue;

use crate::connection::{Dialer, NoResolver};

/// Certificates, proxies and kept connections.
///
/// Cheap to clone. Sessions of one client and its clones share connections, so a program makes one
/// and keeps it.
#[derive(Clone)]
pub struct Client {
    pub(crate) agent: Agent,
    pub(crate) proxies: Arc<Proxies>,
    pub(crate) nearness: Arc<Nearness>,
}

/// Builds a [`Client`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    settings: Settings,
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
        let (trust, proxies) = self.settings.build(&["http/1.1"])?;
        let proxies = Arc::new(proxies);
        let nearness = Arc::<Nearness>::default();
        Ok(Client {
            agent: agent(trust, Arc::clone(&proxies), Arc::clone(&nearness)),
            proxies,
            nearness,
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// An agent with every opinion of its own switched off: the machine decides.
fn agent(trust: Trust, proxies: Arc<Proxies>, nearness: Arc<Nearness>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(AutoHeaderValue::None)
        .accept(AutoHeaderValue::None)
        .accept_encoding(AutoHeaderValue::None)
        .proxy(None)
        .max_idle_age(KEEP)
        .max_idle_connections(KEPT)
        .max_idle_connections_per_host(KEPT)
        .timeout_await_100(Some(CONTINUE))
        .max_response_header_size(HEAD)
        .build();
    let dialer = Dialer {
        trust: Arc::new(trust),
        proxies,
        nearness,
    };
    Agent::with_parts(config, dialer, NoResolver)
}

/// How long an unused connection is kept. Registries and the proxies before them close theirs after
/// a minute or more; a connection that we close first is never one that they close under a request.
const KEEP: Duration = Duration::from_secs(15);

/// How many unused connections are kept: more than one push has lanes.
const KEPT: usize = 16;

/// How long `100 Continue` is waited for. Servers that know it answer at once; RFC 9110, section
/// 10.1.1, forbids to wait for ever.
const CONTINUE: Duration = Duration::from_secs(1);

/// The longest head of an answer. The input buffer is larger, so a longer one is noticed.
const HEAD: usize = 64 * 1024;
