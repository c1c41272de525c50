//! A certificate authority of our own, and a server certificate for loopback.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

use super::scratch::{must, scratch};

/// PEM files that live as long as this value.
#[derive(Debug)]
pub struct Certificate {
    folder: TempDir,
}

impl Certificate {
    /// Makes a new authority and has it sign a certificate for `localhost` and `127.0.0.1`.
    pub fn create() -> Self {
        let authority_key = KeyPair::generate().expect("ring makes keys of the default kind");
        let mut params = CertificateParams::new([]).expect("no names, so none is invalid");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "Longshore test authority");
        let authority = params
            .self_signed(&authority_key)
            .expect("the key is of a kind it can sign with");
        let issuer = Issuer::new(params, authority_key);

        let key = KeyPair::generate().expect("ring makes keys of the default kind");
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).expect("both names are valid");
        params
            .distinguished_name
            .push(DnType::CommonName, "Longshore test registry");
        let certificate = params
            .signed_by(&key, &issuer)
            .expect("the key is of a kind it can sign with");

        let made = Self { folder: scratch() };
        for (path, pem) in [
            (made.authority(), authority.pem()),
            (made.certificate(), certificate.pem()),
            (made.key(), key.serialize_pem()),
        ] {
            must(&path, fs::write(&path, pem));
        }
        made
    }

    /// Has clients trust another authority, too.
    pub fn trust(&self, authority: &Path) {
        let (path, other) = (
            self.authority(),
            must(authority, fs::read_to_string(authority)),
        );
        let own = must(&path, fs::read_to_string(&path));
        must(&path, fs::write(&path, own + &other));
    }

    /// What a client must trust: one authority or more.
    pub fn authority(&self) -> PathBuf {
        self.trusted().join("authority.crt")
    }

    /// The folder of the authority, for clients that want one (`--cert-dir`).
    pub fn trusted(&self) -> PathBuf {
        // Alone in there: skopeo takes a `.cert` or `.key` beside it for a client certificate.
        let folder = self.folder.path().join("trusted");
        must(&folder, fs::create_dir_all(&folder));
        folder
    }

    /// What the server shows.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    /// The server's private key.
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }
}
