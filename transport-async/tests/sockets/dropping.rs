//! Exchanges that nobody waits for any more, and sources that yield nothing.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, mpsc};

use http::{Method, StatusCode};

use crate::driver::protocol::Extent;
use crate::driver::{Body, reading};
use crate::suite::{Server, client, exchange, limits, request, source};

#[test]
fn a_dropped_exchange_closes_its_connection_wherever_it_is() {
    let endless = || {
        source(
            reading(|_| Ok(io::repeat(0))),
            0,
            Extent::Exact(1 << 40),
            None,
        )
    };
    for (body, reads) in [(endless(), true), (endless(), false), (Body::Empty, true)] {
        let (over, is_over) = mpsc::channel();
        let is_over = Mutex::new(is_over);
        let (arrived, has_arrived) = mpsc::channel();
        let server = Server::start(move |_, conn| {
            conn.head()?;
            conn.say("HTTP/1.1 100 Continue\r\n\r\n")?;
            arrived.send(()).unwrap();
            if !reads {
                is_over.lock().unwrap().recv().unwrap();
            }
            conn.drain();
            Ok(())
        });
        let put = request(Method::PUT, &server.url("/"), body);
        client().perform_until(put, &limits(), || has_arrived.try_recv().is_ok());
        let _ = over.send(());
        // The server hears of it: it does not wait for what never comes.
        drop(server);
    }
}

#[test]
fn an_answer_is_heard_while_the_source_yields_nothing() {
    let server = Server::start(|_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 100 Continue\r\n\r\n")?;
        conn.body(10)?;
        conn.say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\ndenied")?;
        assert_eq!(conn.drain(), 0, "there is nothing more to send");
        Ok(())
    });
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let slow = reading(move |_| {
        let stuck = Stuck(released.clone());
        Ok(bytes::Buf::reader(&[1_u8; 10][..]).chain(stuck))
    });
    let body = source(slow, 0, Extent::Exact(1 << 30), None);
    let (answer, receipt) = exchange(Method::PUT, &server.url("/"), body).unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!((receipt.sent, receipt.end), (10, None));
    drop(release);
}

/// Yields nothing before it is released.
struct Stuck(Arc<Mutex<mpsc::Receiver<()>>>);

impl Read for Stuck {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let _ = self.0.lock().unwrap().recv();
        Ok(0)
    }
}
