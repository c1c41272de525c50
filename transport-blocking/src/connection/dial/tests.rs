use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
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
    assert!(first_of(&[refuses, lives], &watch, TcpStream::connect_timeout).is_ok());
    let (_, from) = listener.accept().unwrap();
    assert!(from.ip().is_loopback());

    let last = first_of(&[refuses, refuses], &watch, TcpStream::connect_timeout).unwrap_err();
    let kind = last.map(|error| error.kind());
    assert_eq!(kind, Some(io::ErrorKind::ConnectionRefused));
    assert!(
        first_of(&[], &watch, TcpStream::connect_timeout)
            .unwrap_err()
            .is_none()
    );
}

#[test]
fn an_address_that_says_nothing_does_not_hold_up_the_next_one() {
    /// The first address connects when the second is being tried; the second waits for nothing.
    fn connect(address: &SocketAddr, left: Duration) -> io::Result<(u16, bool)> {
        let (lock, condition) = &OTHER;
        let mut tried = lock.lock().unwrap();
        if address.port() == 1 {
            let result = condition.wait_timeout_while(tried, left, |tried| !*tried);
            return Ok((1, *result.unwrap().0));
        }
        *tried = true;
        condition.notify_all();
        Ok((2, true))
    }
    static OTHER: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

    let place = Place::of(&"http://registry.example/".parse().unwrap()).unwrap();
    let (watch, _performing) = Watch::begin(limits(), &Arc::default(), place);
    let addresses = ["[::1]:1", "127.0.0.1:2"].map(|address| address.parse().unwrap());
    let (_, is_beside) = first_of(&addresses, &watch, connect).unwrap();
    assert!(
        is_beside,
        "the second was tried while the first had not ended"
    );
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
