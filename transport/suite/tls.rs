//! TLS: who is trusted, and how a person gets to know who is not.

use std::io::Write as _;
use std::sync::Arc;

use http::{Method, StatusCode};
use rcgen::{
    BasicConstraints, IsCa, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
};

use super::certificates::{issue, issue_own};
use super::{Conn, Server, client, exchange, gauge, limits, request};
use crate::driver::protocol::FailureKind;
use crate::driver::{Body, Client, ClientError, Outcome, build, builder};

#[test]
fn an_authority_is_trusted_by_text_or_file_and_connections_are_kept() {
    let (config, ca) = issue("localhost", |_| {});
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(ca.as_bytes()).unwrap();
    for client in [builder().ca_pem(ca), builder().ca_file(file.path())] {
        let client = build(client);
        let server = Server::start_tls(config.clone(), answer);
        for _ in 0..3 {
            let (answer, _) = get(&client, &server).unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.body(), "ok");
        }
        assert_eq!(server.accepted(), 1);
    }
}

#[test]
fn a_certificate_that_signed_itself_is_trusted_as_an_authority_or_not() {
    for is_ca in [IsCa::Ca(BasicConstraints::Unconstrained), IsCa::NoCa] {
        let (config, own) = issue_own("localhost", &PKCS_ECDSA_P256_SHA256, |params| {
            params.is_ca = is_ca;
        });
        let server = Server::start_tls(config, answer);
        let trusting = build(builder().ca_pem(own));
        assert_eq!(get(&trusting, &server).unwrap().0.status(), StatusCode::OK);
        let failure = get(&client(), &server).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Tls);
    }
}

#[test]
fn a_trusted_certificate_for_another_name_or_time_is_tls() {
    let authority = IsCa::Ca(BasicConstraints::Unconstrained);
    let elsewhere = issue_own("elsewhere.example", &PKCS_ECDSA_P256_SHA256, |params| {
        params.is_ca = authority;
    });
    let expired = issue_own("localhost", &PKCS_ECDSA_P256_SHA256, |params| {
        params.is_ca = authority;
        params.not_after = rcgen::date_time_ymd(2002, 1, 31);
    });
    for ((config, own), words) in [
        (
            elsewhere,
            "for another host name: elsewhere.example, and not localhost",
        ),
        (expired, "has expired: it was valid until 2002-01-31"),
    ] {
        let server = Server::start_tls(config, answer);
        let failure = get(&build(builder().ca_pem(own)), &server).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Tls);
        assert!(failure.detail.ends_with(words), "{failure:?}");
    }
}

#[test]
fn a_key_on_the_curve_p521_is_as_good_as_others() {
    for algorithm in [&PKCS_ECDSA_P521_SHA512, &PKCS_ECDSA_P384_SHA384] {
        let (config, own) = issue_own("localhost", algorithm, |_| {});
        let server = Server::start_tls(config, answer);
        let anyone = build(builder().danger_accept_invalid_certs(true));
        assert!(get(&anyone, &server).is_ok());
        assert!(get(&build(builder().ca_pem(own)), &server).is_ok());
    }
}

#[test]
fn the_cryptography_is_the_one_that_is_given() {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.kx_groups.clear();
    let (config, own) = issue_own("localhost", &PKCS_ECDSA_P256_SHA256, |_| {});
    let server = Server::start_tls(config, answer);
    let client = builder().ca_pem(own).crypto_provider(Arc::new(provider));
    let failure = get(&build(client), &server).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Tls, "{failure:?}");
    assert!(failure.detail.starts_with("no TLS: "), "{failure:?}");
}

#[test]
fn an_unknown_issuer_is_tls() {
    let (config, _) = issue("localhost", |_| {});
    let server = Server::start_tls(config, answer);
    let failure = get(&client(), &server).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Tls);
    let place = format!("TLS with localhost:{}: ", server.address().port());
    assert!(failure.detail.starts_with(&place), "{failure:?}");
    assert!(
        failure
            .detail
            .contains("an issuer that is not trusted here"),
        "{failure:?}"
    );
}

#[test]
fn another_name_and_an_expired_certificate_are_tls() {
    let (config, ca) = issue("elsewhere.example", |_| {});
    let server = Server::start_tls(config, answer);
    let client = build(builder().ca_pem(ca));
    let failure = get(&client, &server).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Tls);
    assert!(failure.detail.contains("another host name"), "{failure:?}");
    assert!(failure.detail.contains("elsewhere.example"), "{failure:?}");

    let (config, ca) = issue("localhost", |params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    let server = Server::start_tls(config, answer);
    let client = build(builder().ca_pem(ca));
    let failure = get(&client, &server).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Tls);
    assert!(
        failure
            .detail
            .ends_with("the certificate has expired: it was valid until 2002-01-01"),
        "{failure:?}"
    );
}

#[test]
fn danger_takes_any_certificate() {
    let (config, _) = issue("elsewhere.example", |_| {});
    let server = Server::start_tls(config, answer);
    let client = build(builder().danger_accept_invalid_certs(true));
    assert!(get(&client, &server).is_ok());
}

#[test]
fn a_server_without_tls_is_told_from_one_with_a_bad_certificate() {
    let server = Server::start(|_, conn| {
        // The beginning of a handshake.
        conn.body(5)?;
        conn.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")?;
        conn.drain();
        Ok(())
    });
    let url = format!("https://localhost:{}/", server.address().port());
    let failure = exchange(Method::GET, &url, Body::Empty).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Tls);
    assert!(
        failure.detail.contains("perhaps it speaks plain HTTP"),
        "{failure:?}"
    );
}

#[test]
fn a_break_in_the_handshake_can_be_tried_again() {
    let server = Server::start(|_, conn| {
        conn.body(5)?;
        Ok(())
    });
    let url = format!("https://localhost:{}/", server.address().port());
    let failure = exchange(Method::GET, &url, Body::Empty).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Connect);
    assert!(
        failure.detail.ends_with("during the handshake"),
        "{failure:?}"
    );
}

#[test]
fn certificates_that_cannot_be_used_are_an_error_at_once() {
    let missing = builder().ca_file("/nowhere/ca.pem").build();
    assert!(matches!(&missing, Err(ClientError::CaFile { .. })));
    assert!(missing.unwrap_err().to_string().contains("/nowhere/ca.pem"));
    for bad in [
        "",
        "not PEM",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let error = builder().ca_pem(bad).build().unwrap_err();
        assert!(
            matches!(error, ClientError::Certificates { path: None, .. }),
            "{bad:?}"
        );
    }
}

fn get(client: &Client, server: &Server) -> Outcome {
    let get = request(Method::GET, &server.url("/"), Body::Empty);
    client.perform(get, &limits(), &gauge())
}

fn answer(_: usize, conn: &mut Conn) -> std::io::Result<()> {
    while conn.head().is_ok() {
        conn.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
    }
    Ok(())
}
