//! What a client is built from, whichever transport it is for.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;

use crate::proxy::Proxies;
use crate::trust::{Stores, Trust, certificates};

/// Whom to trust, and which proxies to use.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    authorities: Vec<Authorities>,
    accept_invalid_certs: bool,
    proxy: ProxyChoice,
    provider: Option<Arc<CryptoProvider>>,
}

/// Why a client could not be built.
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

impl Settings {
    /// Also trusts the certificates in this PEM file.
    pub fn ca_file(&mut self, path: PathBuf) {
        self.authorities.push(Authorities::File(path));
    }

    /// Also trusts the certificates in this PEM text.
    pub fn ca_pem(&mut self, pem: Vec<u8>) {
        self.authorities.push(Authorities::Pem(pem));
    }

    /// Takes any certificate from anybody.
    pub fn danger_accept_invalid_certs(&mut self, accept: bool) {
        self.accept_invalid_certs = accept;
    }

    /// Does TLS with this cryptography, whatever the process's default is.
    pub fn crypto_provider(&mut self, provider: Arc<CryptoProvider>) {
        self.provider = Some(provider);
    }

    /// Uses this proxy, or none, whatever the environment says.
    pub fn proxy(&mut self, proxy: Option<String>) {
        self.proxy = proxy.map_or(ProxyChoice::None, ProxyChoice::Always);
    }

    /// The trust and the proxies. Reads the files of certificates that were named, and the
    /// environment; the system's certificates, or those that the environment names instead, are
    /// read when the first TLS connection is made. `protocols` are offered by ALPN, the preferred
    /// one first.
    ///
    /// # Errors
    /// When certificates or a proxy that were asked for cannot be used.
    pub fn build(self, protocols: &[&str]) -> Result<(Trust, Proxies), ClientError> {
        let proxies = match self.proxy {
            ProxyChoice::Environment => Proxies::from_env(|name| {
                Some(std::env::var_os(name)?.to_string_lossy().into_owned())
            })?,
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
            match certificates(&pem) {
                Ok(certificates) => extra.extend(certificates),
                Err(detail) => return Err(ClientError::Certificates { path, detail }),
            }
        }
        let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
        let trust = Trust {
            stores: Stores::from_env(|name| std::env::var_os(name)),
            extra,
            accept_invalid_certs: self.accept_invalid_certs,
            protocols: protocols.collect(),
            provider: self.provider,
            made: OnceLock::new(),
        };
        Ok((trust, proxies))
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
