//! What many sessions share: trust, proxies and connections.

use std::path::{Path, PathBuf};

/// TLS roots, proxies and kept connections. Cheap to clone; sessions that share a client share its
/// connections.
#[derive(Clone, Debug)]
pub struct Client {}

/// Builds a [`Client`].
#[derive(Clone, Debug, Default)]
pub struct ClientBuilder {
    ca: Vec<Authorities>,
    accept_invalid_certs: bool,
    proxy: Option<Option<String>>,
}

#[derive(Clone, Debug)]
enum Authorities {
    File(PathBuf),
    Pem(Vec<u8>),
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
    /// Certificates cannot be understood.
    #[error("cannot use certificates{}: {detail}", place(path.as_deref()))]
    Certificates {
        /// The file they are in, if it is one.
        path: Option<PathBuf>,
        /// Why not.
        detail: String,
    },
    /// A proxy cannot be used.
    #[error("cannot use the proxy in {variable}: {detail}")]
    Proxy {
        /// Where it was set: the name of an environment variable, or `the settings`.
        variable: String,
        /// Why not, without the proxy's password.
        detail: String,
    },
}

impl Client {
    /// Begins a client that trusts the system's certificate store and uses the proxies that the
    /// environment names.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl ClientBuilder {
    /// Also trusts the certificates in this PEM file, read by [`build`](Self::build).
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca.push(Authorities::File(path.into()));
        self
    }

    /// Also trusts the certificates in this PEM text.
    #[must_use]
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca.push(Authorities::Pem(pem.into()));
        self
    }

    /// Takes any certificate from anybody: whoever is on the way can read and change everything,
    /// passwords included.
    #[must_use]
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.accept_invalid_certs = accept;
        self
    }

    /// Uses this proxy (`http://[user:password@]host[:port]`) for every registry that is not on
    /// this machine, whatever the environment says; `None` uses none.
    #[must_use]
    pub fn proxy(mut self, proxy: Option<String>) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// When certificates or proxies that were asked for cannot be used.
    pub fn build(self) -> Result<Client, ClientError> {
        Ok(Client {})
    }
}

fn place(path: Option<&Path>) -> String {
    path.map(|path| format!(" in {}", path.display()))
        .unwrap_or_default()
}
