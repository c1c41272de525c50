//! Pauses before another attempt: drawn anew for every push, unless a seed says what they are.

use std::net::TcpListener;
use std::time::Duration;

use super::client;
use crate::driver;
use crate::driver::protocol::{Config, PushErrorKind, Scheme};

#[test]
fn two_pushes_pause_for_different_times_unless_they_have_the_same_seed() {
    let drawn = [pauses(None), pauses(None)];
    assert_ne!(drawn[0], drawn[1]);
    let given = [pauses(Some(7)), pauses(Some(7))];
    assert_eq!(given[0], given[1]);
    assert_ne!(given[0], pauses(Some(8)));
    for pauses in drawn.iter().chain(&given) {
        assert_eq!(pauses.len(), 4, "one after each attempt but the last");
    }
}

/// How long a push pauses that reaches no server.
fn pauses(seed: Option<u64>) -> Vec<Duration> {
    // A port at which no server listens any more.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut config = Config::new(format!("{address}/app:1").parse().unwrap());
    config.scheme = Scheme::Http;
    config.seed = seed;
    config.backoff = Duration::from_micros(200);
    let (result, pauses) = driver::pauses(&client(), config);
    assert_eq!(result.unwrap_err().kind(), PushErrorKind::Unreachable);
    pauses
}
