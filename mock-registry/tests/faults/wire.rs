//! The shell does to the bytes what a fault says.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use longshore_mock_registry::MockRegistry;

use crate::harness::{LAYER, MANIFEST, POST, raw, served, session, text, with_digest};

fn put(registry: &MockRegistry, headers: &str) -> (String, bool) {
    let location = session(registry);
    let body = std::str::from_utf8(LAYER).unwrap();
    raw(
        registry,
        &text(
            &format!("PUT {}", with_digest(&location, LAYER)),
            headers,
            body,
        ),
    )
}

#[test]
fn resets_are_resets_and_closes_are_closes() {
    let registry = served("reset-at-byte:at=5");
    assert_eq!(put(&registry, ""), (String::new(), true));
    registry.with(|core| assert_eq!(core.open_sessions()[0].stored, 5));
    let registry = served("close-before-answer");
    assert_eq!(put(&registry, ""), (String::new(), false));
    registry.with(|core| assert_eq!(core.blobs("demo/app").len(), 1));
    let (answer, reset) = put(&served("close-before-answer:by=reset"), "");
    assert!(answer.is_empty() && reset);
}

#[test]
fn answers_come_early() {
    let registry = served("early-response:at=3");
    let location = session(&registry);
    let head = format!("PUT {location} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc");
    let mut stream = TcpStream::connect(registry.address()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[test]
fn answers_are_cut() {
    let (answer, _) = put(&served("truncate-response:keep=3"), "");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201"));
    assert_eq!(body.len(), 3);
    assert!(!head.contains("content-length: 3"), "{head}");
}

#[test]
fn heads_are_written_as_nobody_would() {
    let (answer, _) = put(&served("bare-lf"), "");
    assert!(
        answer.starts_with("HTTP/1.1 201 Created\nlocation:"),
        "{answer}"
    );
    assert!(!answer.contains('\r'));
    let (answer, _) = put(&served("header-case"), "");
    assert!(answer.contains("\r\nLOCATION: \t  http://"), "{answer}");
    let (answer, _) = put(&served("obs-fold"), "");
    assert!(answer.contains("\r\nX-Folded: one\r\n two\r\n"));
    let (answer, _) = raw(&served("dup-headers"), &text(POST, "", ""));
    assert_eq!(answer.to_lowercase().matches("\r\nlocation: ").count(), 2);
    let (answer, _) = raw(&served("big-headers"), &text(POST, "", ""));
    assert!(answer.len() > 1 << 20);
    let (answer, _) = put(&served("interim-responses"), "");
    assert!(answer.starts_with("HTTP/1.1 102 Interim\r\nX-Interim: yes\r\n\r\nHTTP/1.1 103 "));
    assert!(answer.contains("\r\n\r\nHTTP/1.1 201 Created\r\n"));
}

#[test]
fn a_hundred_is_not_said() {
    let expect = "Expect: 100-continue\r\n";
    let (answer, _) = put(&served("tag-race"), expect);
    assert!(
        answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201"),
        "{answer}"
    );
    let (answer, _) = put(&served("no-continue"), expect);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[test]
fn slowness_takes_time_and_harms_nothing() {
    for fault in [
        "slow-read:bytes=10,pause=20",
        "slow-headers:step=put,pause=1",
        "stall:for=40",
        "slow-commit:for=40",
    ] {
        let start = Instant::now();
        let (answer, _) = put(&served(fault), "");
        assert!(answer.starts_with("HTTP/1.1 201"), "{fault}: {answer}");
        assert!(start.elapsed() >= Duration::from_millis(40), "{fault}");
    }
}

#[test]
fn connections_end_after_an_answer() {
    let registry = served("keepalive-close");
    let request = format!("{POST} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    // Without `Connection: close`, and yet it ends.
    let (answer, reset) = raw(&registry, &request);
    assert!(answer.starts_with("HTTP/1.1 202") && !reset);
    assert!(
        !answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
}

#[test]
fn bodies_go_on_and_on() {
    let registry = served("big-body:bytes=300000");
    let (answer, _) = raw(&registry, &text(MANIFEST, "", "{}"));
    assert!(answer.len() > 300_000);
}

#[test]
fn the_door_is_shut_for_a_while() {
    let registry = served("connect-refused:for=60000");
    let (answer, _) = raw(&registry, &text(POST, "", ""));
    assert_eq!(answer, "");
    // Refused as soon as the server got round to it.
    while TcpStream::connect(registry.address()).is_ok() {
        std::thread::yield_now();
    }
    let registry = served("connect-refused:for=1");
    raw(&registry, &text(POST, "", ""));
    let again = loop {
        let Ok(mut stream) = TcpStream::connect(registry.address()) else {
            continue;
        };
        let mut answer = String::new();
        let sent = stream.write_all(text(POST, "", "").as_bytes());
        if sent.is_ok() && stream.read_to_string(&mut answer).is_ok() && !answer.is_empty() {
            break answer;
        }
    };
    assert!(again.starts_with("HTTP/1.1 202"), "{again}");
}

#[test]
fn handshakes_fail() {
    for (form, why) in [
        ("unknown", "UnknownIssuer"),
        ("wrong-host", "NotValidForName"),
        ("expired", "Expired"),
        ("close", ""),
    ] {
        let fault = format!("tls-fail:form={form}");
        let registry = MockRegistry::builder()
            .tls(true)
            .inject(&fault)
            .unwrap()
            .start()
            .unwrap();
        let pem = registry.ca_pem().unwrap();
        let authority = ureq::tls::Certificate::from_pem(pem.as_bytes()).unwrap();
        let roots = ureq::tls::RootCerts::new_with_certs(&[authority]);
        let tls = ureq::tls::TlsConfig::builder().root_certs(roots).build();
        let agent: ureq::Agent = ureq::Agent::config_builder().tls_config(tls).build().into();
        let error = agent
            .get(format!("{}/v2/", registry.url()))
            .call()
            .unwrap_err();
        assert!(format!("{error:?}").contains(why), "{form}: {error:?}");
        assert_eq!(registry.exchanges().len(), 0);
        registry.heal();
        assert!(
            agent.get(format!("{}/v2/", registry.url())).call().is_ok(),
            "{form}"
        );
    }
}

#[test]
fn plain_requests_on_a_tls_port_are_seen() {
    let registry = MockRegistry::builder().tls(true).start().unwrap();
    let (answer, _) = raw(
        &registry,
        &text("GET /v2/", "Authorization: Bearer x\r\n", ""),
    );
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let asked = registry.exchanges();
    assert!(asked.iter().all(|exchange| !exchange.secure));
    assert_eq!(
        asked.iter().next().unwrap().header("authorization"),
        Some("Bearer <unknown>")
    );
}

#[tokio::test]
async fn http_2_streams_are_refused_and_connections_left() {
    let post = |registry: &MockRegistry| {
        hyper::Request::post(format!("{}/v2/demo/app/blobs/uploads/", registry.url()))
            .body(Full::<Bytes>::default())
            .unwrap()
    };
    let registry = served("h2-refused");
    let stream = tokio::net::TcpStream::connect(registry.address())
        .await
        .unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let error = sender.send_request(post(&registry)).await.unwrap_err();
    assert!(format!("{error:?}").contains("REFUSED_STREAM"), "{error:?}");
    assert_eq!(
        sender.send_request(post(&registry)).await.unwrap().status(),
        202
    );

    registry.heal();
    registry.inject("h2-rst-no-error:step=post").unwrap();
    assert_eq!(
        sender.send_request(post(&registry)).await.unwrap().status(),
        413
    );

    let registry = served("h2-goaway");
    let stream = tokio::net::TcpStream::connect(registry.address())
        .await
        .unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let ended = tokio::spawn(connection);
    assert_eq!(
        sender.send_request(post(&registry)).await.unwrap().status(),
        202
    );
    ended.await.unwrap().unwrap();
    assert!(sender.send_request(post(&registry)).await.is_err());
}

#[test]
fn the_second_origin_is_another_server() {
    let registry = served("redirect");
    let (answer, _) = raw(&registry, &text(&crate::harness::head(), "", ""));
    assert!(answer.contains(registry.elsewhere()), "{answer}");
    let host = registry.elsewhere().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .write_all(text(&crate::harness::head(), "", "").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let elsewhere = longshore_mock_registry::record::Listener::Elsewhere;
    assert_eq!(registry.exchanges().at(elsewhere).count(), 1);
}
