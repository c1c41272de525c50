//! What a thread that blocks hears meanwhile: an abort, and an early answer.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use http::{Method, StatusCode};

use crate::driver::protocol::{Extent, FailureKind};
use crate::driver::{Body, reading};
use crate::suite::{Server, client, exchange, gauge, limits, request, source};

#[test]
fn an_abort_ends_an_exchange_wherever_it_is() {
    let endless = || {
        source(
            reading(|_| Ok(io::repeat(0))),
            0,
            Extent::Exact(1 << 40),
            None,
        )
    };
    for (name, body, reads) in [
        ("while sending", endless(), true),
        ("while nothing is taken in", endless(), false),
        ("while waiting for the answer", Body::Empty, true),
    ] {
        let (over, is_over) = mpsc::channel();
        let is_over = Mutex::new(is_over);
        let (arrived, has_arrived) = mpsc::channel();
        let server = Server::start(move |_, conn| {
            conn.head()?;
            conn.say("HTTP/1.1 100 Continue\r\n\r\n")?;
            arrived.send(()).unwrap();
            if reads {
                conn.drain();
            } else {
                is_over.lock().unwrap().recv().unwrap();
            }
            Ok(())
        });
        let gauge = gauge();
        let put = request(Method::PUT, &server.url("/"), body);
        let failure = std::thread::scope(|scope| {
            let exchange = scope.spawn(|| client().perform(put, &limits(), &gauge));
            has_arrived.recv().unwrap();
            gauge.abort();
            exchange.join().unwrap().unwrap_err()
        });
        let _ = over.send(());
        assert_eq!(failure.kind, FailureKind::Interrupted, "{name}");
        assert_eq!(failure.detail, "stopped on request", "{name}");
        assert_eq!(failure.receipt.sent, gauge.sent(), "{name}");
    }
}

#[test]
fn a_slow_source_hears_the_answer_too() {
    // The source yields its second piece only after the server has answered.
    let answered = Arc::new(AtomicBool::new(false));
    let flag = answered.clone();
    let server = Server::start(move |_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 100 Continue\r\n\r\n")?;
        conn.body(10)?;
        conn.say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\ndenied")?;
        flag.store(true, Ordering::SeqCst);
        assert_eq!(conn.drain(), 0, "the second piece may not be sent");
        Ok(())
    });
    let slow = reading(move |_| {
        let answered = answered.clone();
        Ok(bytes::Buf::reader(&[1_u8; 10][..]).chain(Waiting(answered)))
    });
    let body = source(slow, 0, Extent::Exact(1 << 30), None);
    let (answer, _) = exchange(Method::PUT, &server.url("/"), body).unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

/// Yields nothing before the flag is set.
struct Waiting(Arc<AtomicBool>);

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.0.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        buffer.fill(2);
        Ok(buffer.len())
    }
}
