//! Single exchanges, as every transport has to perform them: against servers that say exactly the
//! bytes they are told to, and do what no registry should.
//!
//! The tests of each transport include this folder and name themselves in a module `driver`.

pub(crate) mod certificates;
mod early_answers;
mod failures;
mod framing;
pub(crate) mod image;
mod oddities;
mod pauses;
mod proxy;
mod server;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};

pub(crate) use self::server::{Conn, Server};
use crate::driver::protocol::{Extent, Limits};
use crate::driver::{Body, Client, Gauge, Outcome, Source, build, builder};

/// A client without surprises from the environment.
pub(crate) fn client() -> Client {
    build(builder())
}

/// Limits that no healthy loopback comes near.
pub(crate) fn limits() -> Limits {
    Limits {
        idle: Duration::from_secs(10),
        answer: Duration::from_secs(10),
        total: None,
        response_body: 64 * 1024,
    }
}

pub(crate) fn request(method: Method, url: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(url)
        .body(body)
        .unwrap()
}

/// Performs one exchange with a client of its own.
pub(crate) fn exchange(method: Method, url: &str, body: Body) -> Outcome {
    client().perform(request(method, url, body), &limits(), &Arc::default())
}

pub(crate) fn gauge() -> Arc<Gauge> {
    Arc::default()
}

/// A whole source of known size.
pub(crate) fn whole(bytes: Vec<u8>) -> Body {
    let size = bytes.len() as u64;
    source(bytes, 0, Extent::Exact(size), Some(size))
}

pub(crate) fn source(
    source: impl Source + 'static,
    offset: u64,
    extent: Extent,
    size: Option<u64>,
) -> Body {
    Body::Source {
        source: Arc::new(source),
        offset,
        extent,
        size,
    }
}

/// `length` bytes that differ from place to place.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}

/// More than fits into the buffers between two sockets on one machine.
pub(crate) const LARGE: usize = 16 * 1024 * 1024;
