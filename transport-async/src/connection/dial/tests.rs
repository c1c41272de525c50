use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use longshore_protocol::Limits;
use longshore_transport::Place;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::first_of;
use crate::exchange::Watch;

#[tokio::test]
async fn an_address_that_refuses_leaves_the_next_one_its_chance() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let lives = listener.local_addr().unwrap();
    // Its listener ends before the first connection.
    let refuses = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap();
    let place = Place::of(&"http://registry.example/".parse().unwrap()).unwrap();
    let watch = Watch::new(limits(), place);
    let found = first_of(&[refuses, lives], &watch, TcpStream::connect).await;
    assert!(found.is_ok());
    let (_, from) = listener.accept().unwrap();
    assert!(from.ip().is_loopback());

    let found = first_of(&[refuses, refuses], &watch, TcpStream::connect).await;
    let last = found.unwrap_err();
    let kind = last.map(|error| error.kind());
    assert_eq!(kind, Some(std::io::ErrorKind::ConnectionRefused));
    let none = first_of(&[], &watch, TcpStream::connect).await;
    assert!(none.unwrap_err().is_none());
}

#[tokio::test]
async fn an_address_that_says_nothing_does_not_hold_up_the_next_one() {
    let place = Place::of(&"http://registry.example/".parse().unwrap()).unwrap();
    let watch = Watch::new(limits(), place);
    let addresses = ["[::1]:1", "127.0.0.1:2"].map(|address| address.parse().unwrap());
    let other = Arc::new(Notify::new());
    // The first address connects when the second is being tried.
    let connect = |address: SocketAddr| {
        let other = Arc::clone(&other);
        async move {
            match address.port() {
                1 => other.notified().await,
                _ => {
                    other.notify_one();
                    std::future::pending::<()>().await;
                }
            }
            Ok(address)
        }
    };
    let first = first_of(&addresses, &watch, connect).await.unwrap();
    assert_eq!(first, addresses[0], "it was not given up for the second");
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
