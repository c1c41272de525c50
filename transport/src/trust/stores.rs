//! Where certificates come from.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};

use crate::words;

/// The certificates that are trusted without having been asked for: those that the environment
/// names, or else the system's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stores(Vec<Named>);

/// Places that one variable names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    variable: &'static str,
    kind: Kind,
    value: OsString,
}

/// What the value of a variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A file.
    File,
    /// A file, or a directory.
    FileOrDirectory,
    /// Directories, separated as in `PATH`.
    Directories,
}

impl Stores {
    /// As the environment says; `variable` looks one up.
    pub(crate) fn from_env(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let named = VARIABLES.iter().filter_map(|(name, kind)| {
            let value = variable(name)?;
            // curl, requests and Go take an empty variable for one that is not set. OpenSSL takes
            // an empty SSL_CERT_FILE for a file, and so does the crate that reads the system's
            // store, which would find nothing: it is an error then.
            let is_unset = value.is_empty() && *kind != Kind::File;
            (!is_unset).then_some(Named {
                variable: name,
                kind: *kind,
                value,
            })
        });
        Self(named.collect())
    }

    /// The certificates. Reads many files.
    ///
    /// # Errors
    /// What a variable names cannot be used; the variable and the file are named.
    pub(super) fn load(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        if self.0.is_empty() {
            return Ok(rustls_native_certs::load_native_certs().certs);
        }
        let mut found = Vec::new();
        for named in &self.0 {
            let certificates = named.load().map_err(|(path, why)| {
                let variable = named.variable;
                let path = path.display();
                format!("cannot use the certificates in {path}, which {variable} names: {why}")
            })?;
            found.extend(certificates);
        }
        Ok(found)
    }
}

impl Named {
    /// The certificates, or which path has none and why.
    fn load(&self) -> Result<Vec<CertificateDer<'static>>, (PathBuf, String)> {
        let path = PathBuf::from(&self.value);
        let is_directory = self.kind == Kind::FileOrDirectory && path.is_dir();
        if self.kind != Kind::Directories && !is_directory {
            let read = fs::read(&path).map_err(|error| words::io(&error));
            let parsed = read.and_then(|bytes| parse(&bytes));
            return parsed.map_err(|why| (path, why));
        }
        let mut found = HashSet::new();
        let mut why = "there is no certificate in it".to_owned();
        let paths: Vec<_> = if is_directory {
            vec![path.clone()]
        } else {
            std::env::split_paths(&self.value).collect()
        };
        for directory in paths {
            match directory_of(&directory) {
                Ok(certificates) => found.extend(certificates),
                Err(error) => why = words::io(&error),
            }
        }
        if found.is_empty() {
            return Err((path, why));
        }
        Ok(found.into_iter().collect())
    }
}

/// The certificates in the files of a directory. OpenSSL looks for a file by the hash in its name
/// and never sees the others, so what cannot be read, or is no certificate, is left out.
fn directory_of(directory: &Path) -> std::io::Result<Vec<CertificateDer<'static>>> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        // Each certificate is there by several names, and in the bundle of all.
        let Some(path) = entry
            .ok()
            .and_then(|entry| entry.path().canonicalize().ok())
        else {
            continue;
        };
        if !path.is_file() || !seen.insert(path.clone()) {
            continue;
        }
        if let Ok(bytes) = fs::read(&path)
            && let Ok(certificates) = parse(&bytes)
        {
            found.extend(certificates);
        }
    }
    Ok(found)
}

/// The certificates in a PEM text that a person has named: each has to be one that can be trusted.
///
/// # Errors
/// Why not, as the end of a sentence.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = parse(pem)?;
    for certificate in &found {
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|error| {
                let why = words::tls(&error);
                format!("one of its certificates cannot be trusted: {why}")
            })?;
    }
    Ok(found)
}

/// The certificates in a PEM text. What else is in it, a private key for instance, is passed over.
fn parse(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        found.push(certificate.map_err(|error| broken(&error))?);
    }
    if !found.is_empty() {
        return Ok(found);
    }
    Err(match pem {
        [] => "it is empty".to_owned(),
        // A SEQUENCE whose length takes two bytes.
        [0x30, 0x82, ..] => {
            "it is not in PEM; perhaps it is DER: openssl x509 -inform DER converts it".to_owned()
        }
        _ => "there is no PEM certificate in it".to_owned(),
    })
}

/// What is wrong with a PEM text, without lists of the numbers of its bytes.
fn broken(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            let section = String::from_utf8_lossy(end_marker);
            format!("it is broken: the line -----END {section}----- is missing")
        }
        pem::Error::IllegalSectionStart { .. } => {
            "it is broken: a line that begins with -----BEGIN does not end with -----".to_owned()
        }
        pem::Error::Base64Decode(_) => {
            "it is broken: between BEGIN and END is something that is not base64".to_owned()
        }
        _ => "it is not PEM".to_owned(),
    }
}

/// The variables that name certificates: OpenSSL's (`SSL_CERT_FILE` and `SSL_CERT_DIR`, which Go,
/// Python and curl honour, too), that of Python's requests, and curl's, which requests honours, too.
/// Each of those tools trusts what the variable names instead of the system's store.
const VARIABLES: &[(&str, Kind)] = &[
    ("SSL_CERT_FILE", Kind::File),
    ("SSL_CERT_DIR", Kind::Directories),
    ("REQUESTS_CA_BUNDLE", Kind::FileOrDirectory),
    ("CURL_CA_BUNDLE", Kind::FileOrDirectory),
];
