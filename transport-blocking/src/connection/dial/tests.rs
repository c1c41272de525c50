use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use longshore_protocol::Limits;
use longshore_transport::Place;

use super::first_of;
use crate::exchange::Watch;

#[test]
fn an_address_that_refuses_leaves_the_next_one_its_chance() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let lives = listener.local_addr().unwrap();
    // Its listener ends before the first connection.
    let refuses = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap();
    let place = Place::of(&"http://registry.example/".parse().unwrap()).unwrap();
    let (watch, _performing) = Watch::begin(limits(), &Arc::default(), place);
    assert!(first_of(&[refuses, lives], &watch).is_ok());
    let (_, from) = listener.accept().unwrap();
    assert!(from.ip().is_loopback());

    let last = first_of(&[refuses, refuses], &watch).unwrap_err();
    let kind = last.map(|error| error.kind());
    assert_eq!(kind, Some(std::io::ErrorKind::ConnectionRefused));
    assert!(first_of(&[], &watch).unwrap_err().is_none());
}

/// Limits that no healthy loopback comes near.
fn limits() -> Limits {
    Limits {
        idle: Duration::from_secs(10),
        answer: Duration::from_secs(10),
        total: None,
        response_body: 1024,
    }
}
