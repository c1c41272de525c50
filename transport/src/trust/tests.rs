//! Which certificates are taken, without a handshake, and where they come from.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use rustls::client::danger::ServerCertVerifier as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::certificate;
use super::stores::{Stores, certificates};
use super::verify::Trusting;
use crate::words;

#[test]
fn a_trusted_certificate_is_taken_from_a_server() {
    for is_ca in [
        IsCa::Ca(BasicConstraints::Unconstrained),
        IsCa::ExplicitNoCa,
        IsCa::NoCa,
    ] {
        let certificate = own(|params| params.is_ca = is_ca);
        assert_eq!(judged(&certificate, &certificate), "taken");
        let another = own(|params| params.is_ca = is_ca);
        assert!(judged(&another, &certificate) != "taken", "{is_ca:?}");
    }
}

#[test]
fn a_trusted_certificate_is_for_its_names_times_and_purposes() {
    let trusted = |edit: fn(&mut CertificateParams)| {
        let certificate = own(|params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            edit(params);
        });
        judged(&certificate, &certificate)
    };
    let words = trusted(|params| params.not_after = date_time_ymd(2020, 2, 29));
    assert_eq!(
        words,
        "the certificate has expired: it was valid until 2020-02-29"
    );
    let words = trusted(|params| params.not_before = date_time_ymd(2060, 1, 2));
    let expected = "the certificate is not valid yet, but from 2060-01-02 on; is the clock right?";
    assert_eq!(words, expected);
    let words = trusted(|params| {
        params.subject_alt_names =
            vec![rcgen::SanType::DnsName("other.example".try_into().unwrap())];
    });
    let expected = "the certificate is for another host name: other.example, and not localhost";
    assert_eq!(words, expected);
    let words = trusted(|params| {
        params.subject_alt_names.clear();
        params
            .distinguished_name
            .push(DnType::CommonName, "localhost");
    });
    assert!(words.contains("a common name does not count"), "{words}");
    let words = trusted(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(words, "the certificate is not for servers");
    let words = trusted(|params| {
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
    });
    assert_eq!(words, "taken");
}

#[test]
fn facts_are_read_in_both_forms_of_time_and_never_past_the_end() {
    let certificate = own(|params| {
        params.not_before = date_time_ymd(1950, 1, 1);
        params.not_after = date_time_ymd(2050, 1, 1);
    });
    let facts = certificate::read(certificate.der()).unwrap();
    assert_eq!(facts.not_before.as_secs(), 0);
    assert_eq!(facts.not_after.as_secs(), 2_524_608_000);
    let der = certificate.der().to_vec();
    for length in 0..der.len() {
        assert_eq!(certificate::read(&der[..length]), None, "{length}");
    }
    for index in 0..der.len() {
        let mut broken = der.clone();
        broken[index] ^= 0xff;
        let _ = certificate::read(&broken);
    }
}

#[test]
fn a_file_with_duplicates_and_a_private_key_is_read() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["a.example".into()]).unwrap();
    let pem = certificate.self_signed(&key).unwrap().pem();
    let bundle = format!("a comment\n{pem}{pem}{}", key.serialize_pem());
    assert_eq!(certificates(bundle.as_bytes()).unwrap().len(), 2);
}

#[test]
fn what_is_broken_in_a_file_is_said_without_numbers() {
    let pem = own(|_| {}).pem();
    let cut = pem.split("-----END").next().unwrap();
    for (text, words) in [
        ("", "it is empty"),
        ("a text", "there is no PEM certificate in it"),
        (
            cut,
            "it is broken: the line -----END CERTIFICATE----- is missing",
        ),
        (
            "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
            "something that is not base64",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "one of its certificates cannot be trusted: the certificate makes no sense",
        ),
    ] {
        let why = certificates(text.as_bytes()).unwrap_err();
        assert!(why.contains(words), "{why}");
        assert!(!why.contains('['), "{why}");
    }
    let why = certificates(own(|_| {}).der()).unwrap_err();
    assert!(why.contains("perhaps it is DER"), "{why}");
}

#[test]
fn each_variable_names_certificates_and_an_empty_one_is_not_set() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let certificate = own(|_| {});
    fs::write(&file, certificate.pem()).unwrap();
    for (variable, value) in [
        ("SSL_CERT_FILE", file.as_path()),
        ("SSL_CERT_DIR", folder.path()),
        ("REQUESTS_CA_BUNDLE", &file),
        ("REQUESTS_CA_BUNDLE", folder.path()),
        ("CURL_CA_BUNDLE", &file),
        ("CURL_CA_BUNDLE", folder.path()),
    ] {
        let found = stores(&[(variable, value)]).load().unwrap();
        assert_eq!(found, [certificate.der().clone()], "{variable}");
    }
    let empty = Path::new("");
    let unset = stores(&[("SSL_CERT_DIR", empty), ("REQUESTS_CA_BUNDLE", empty)]);
    assert_eq!(unset, Stores::default());
}

#[test]
fn a_variable_that_cannot_be_used_is_named_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.pem");
    fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
    let missing = folder.path().join("missing.pem");
    for variable in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        for path in [&broken, &missing] {
            let why = stores(&[(variable, path)]).load().unwrap_err();
            assert!(why.contains(variable), "{why}");
            assert!(why.contains(&path.display().to_string()), "{why}");
        }
    }
    // One that can be used does not hide one that cannot.
    let good = folder.path().join("good.pem");
    fs::write(&good, own(|_| {}).pem()).unwrap();
    let both = stores(&[("SSL_CERT_FILE", &good), ("CURL_CA_BUNDLE", &missing)]);
    assert!(both.load().unwrap_err().contains("CURL_CA_BUNDLE"));
    let why = stores(&[("SSL_CERT_FILE", Path::new(""))])
        .load()
        .unwrap_err();
    assert!(why.contains("SSL_CERT_FILE"), "{why}");
    let nothing = tempfile::tempdir().unwrap();
    let why = stores(&[("SSL_CERT_DIR", nothing.path())])
        .load()
        .unwrap_err();
    assert!(why.contains("SSL_CERT_DIR"), "{why}");
}

#[cfg(unix)]
#[test]
fn a_directory_is_read_through_its_links_and_past_what_cannot_be_used() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let certificate = own(|_| {});
    let (real, links) = (at("real"), at("links"));
    fs::create_dir_all(&real).unwrap();
    fs::create_dir_all(links.join("folder")).unwrap();
    fs::write(real.join("ca.pem"), certificate.pem()).unwrap();
    symlink(real.join("ca.pem"), links.join("4a6481c9.0")).unwrap();
    symlink(real.join("ca.pem"), links.join("ca.pem")).unwrap();
    symlink(real.join("gone.pem"), links.join("gone.0")).unwrap();
    symlink("loop", links.join("loop")).unwrap();
    fs::write(links.join("README"), "no certificate").unwrap();
    let both = std::env::join_paths([at("missing"), links]).unwrap();
    let found = stores(&[("SSL_CERT_DIR", Path::new(&both))])
        .load()
        .unwrap();
    assert_eq!(found, [certificate.der().clone()]);
}

/// A certificate for `localhost` that signed itself.
fn own(edit: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    edit(&mut params);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap()
}

/// What is said of a server's certificate where `trusted` is trusted.
fn judged(server: &Certificate, trusted: &Certificate) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let trusted = [trusted.der().clone()].into_iter().collect();
    let server: &CertificateDer<'_> = server.der();
    let name = ServerName::try_from("localhost").unwrap();
    // 2033: after the beginning and before the end of what rcgen makes.
    let now = UnixTime::since_unix_epoch(Duration::from_secs(2_000_000_000));
    match Trusting::new(trusted, &provider).verify_server_cert(server, &[], &name, &[], now) {
        Ok(_) => "taken".to_owned(),
        Err(error) => words::tls(&error),
    }
}

fn stores(variables: &[(&str, &Path)]) -> Stores {
    Stores::from_env(|name| {
        let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
        Some(OsString::from(value))
    })
}
