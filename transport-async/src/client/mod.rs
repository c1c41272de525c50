//! What many sessions share: trust, proxies and connections.

mod proxy;
#[cfg(test)]
mod proxy_tests;
mod tls;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use self::proxy::{Proxies, Proxy};
pub(crate) use self::tls::Trust;
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
    authorities: Vec<Authorities>,
    accept_invalid_certs: bool,
    http2: bool,
    proxy: ProxyChoice,
}

/// Why a [`Client`] could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// A file of certificates cannot be read.
    #[error("cannot read certificates from {}: {error}", path.display())]
    CaFile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// Certificates cannot be used.
    #[error("cannot use certificates{}: {detail}", place(path.as_deref()))]
    Certificates {
        /// The file they are in, unless they were handed in as text.
        path: Option<PathBuf>,
        /// Why not.
        detail: String,
    },
    /// A proxy cannot be used.
    #[error("cannot use the proxy in {setting}: {detail}")]
    Proxy {
        /// Where it is set: an environment variable's name, or `the settings`.
        setting: String,
        /// Why not. Never holds the proxy's password.
        detail: &'static str,
    },
}

impl Client {
    /// Begins a client that trusts the system's certificates and uses the environment's proxies.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            authorities: Vec::new(),
            accept_invalid_certs: false,
            http2: true,
            proxy: ProxyChoice::default(),
        }
    }
}

impl ClientBuilder {
    /// Also trusts the certificates in this PEM file, which [`build`](Self::build) reads.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.authorities.push(Authorities::File(path.into()));
        self
    }

    /// Also trusts the certificates in this PEM text.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(Authorities::Pem(pem.into()));
        self
    }

    /// Takes any certificate from anybody: whoever sits on the way can then read and change
    /// everything, passwords included.
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.accept_invalid_certs = accept;
        self
    }

    /// Offers HTTP/2 to servers that are spoken to over TLS, which is the default. Without, every
    /// request has a connection for itself while it lasts: one large blob cannot slow another down,
    /// and a server whose HTTP/2 is broken can be pushed to.
    pub fn http2(mut self, offer: bool) -> Self {
        self.http2 = offer;
        self
    }

    /// Uses this proxy, `http://[user:password@]host[:port]`, for every host but this machine,
    /// whatever the environment says; `None` uses none.
    ///
    /// Without this setting `HTTPS_PROXY` or `HTTP_PROXY`, as the registry is spoken to, or else
    /// `ALL_PROXY` names the proxy, and `NO_PROXY` lists the hosts that are reached without: names
    /// (which cover what is below them), addresses, networks (`10.0.0.0/8`) or `*`. Lower-case
    /// names of the variables come first. The proxy is asked for a tunnel (`CONNECT`) in both
    /// cases and is itself spoken to in clear text.
    pub fn proxy(mut self, proxy: Option<String>) -> Self {
        self.proxy = proxy.map_or(ProxyChoice::None, ProxyChoice::Always);
        self
    }

    /// The client. Reads the environment; the system's certificates are read when the first TLS
    /// connection is made.
    ///
    /// # Errors
    /// When certificates or a proxy that were asked for cannot be used.
    pub fn build(self) -> Result<Client, ClientError> {
        let proxies = match self.proxy {
            ProxyChoice::Environment => Proxies::from_env(|name| std::env::var(name).ok())?,
            ProxyChoice::None => Proxies::none(),
            ProxyChoice::Always(url) => Proxies::always(&url)?,
        };
        let mut extra = Vec::new();
        for authorities in self.authorities {
            let (path, pem) = match authorities {
                Authorities::Pem(pem) => (None, pem),
                Authorities::File(path) => match std::fs::read(&path) {
                    Ok(pem) => (Some(path), pem),
                    Err(error) => return Err(ClientError::CaFile { path, error }),
                },
            };
            match tls::certificates(&pem) {
                Ok(certificates) => extra.extend(certificates),
                Err(detail) => return Err(ClientError::Certificates { path, detail }),
            }
        }
        let trust = Trust::new(extra, self.accept_invalid_certs, self.http2);
        Ok(Client {
            dialer: Arc::new(Dialer {
                trust: Arc::new(trust),
                proxies,
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

#[derive(Clone, Debug)]
enum Authorities {
    File(PathBuf),
    Pem(Vec<u8>),
}

#[derive(Clone, Default)]
enum ProxyChoice {
    #[default]
    Environment,
    None,
    Always(String),
}

impl fmt::Debug for ProxyChoice {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "Environment",
            Self::None => "None",
            Self::Always(_) => "Always",
        })
    }
}

fn place(path: Option<&Path>) -> String {
    path.map(|path| format!(" in {}", path.display()))
        .unwrap_or_default()
}
