//! Answers that come before the body is sent: instead of it, in the middle of it, never.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};

use super::certificates::issue;
use super::{Conn, LARGE, Server, bytes, client, exchange, gauge, limits, request, source, whole};
use crate::driver::protocol::{Content, Extent, FailureKind};
use crate::driver::{Body, Client, Outcome, build, builder, reading};

const DENIED: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\ndenied";
const CREATED: &str = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

#[test]
fn leave_is_asked_for_large_and_unknown_bodies_only() {
    let mebibyte = 1024 * 1024;
    for (body, asked) in [
        (whole(bytes(mebibyte - 1)), false),
        (whole(bytes(mebibyte)), true),
        (Body::Bytes(bytes(mebibyte).into()), true),
        (source(bytes(10), 0, Extent::ToEnd, None), true),
        (Body::Empty, false),
    ] {
        let server = Server::start(move |_, conn| {
            let head = conn.head()?;
            assert_eq!(expects(&head), asked, "{head:?}");
            if asked {
                conn.say(CONTINUE)?;
            }
            whole_body(&head, conn)?;
            conn.say(CREATED)
        });
        let (answer, _) = exchange(Method::PUT, &server.url("/"), body).unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
    }
}

#[test]
fn a_refusal_instead_of_leave_is_the_answer_and_the_source_stays_closed() {
    for tls in [false, true] {
        let opened = Arc::new(AtomicUsize::new(0));
        // The server keeps the connection open and waits: nothing but the answer itself may tell
        // the client that it is there.
        let (server, client) = serve(tls, |_, conn| {
            let head = conn.head()?;
            assert!(expects(&head));
            conn.say(DENIED)?;
            assert_eq!(conn.drain(), 0, "no byte of the body may be sent");
            Ok(())
        });
        let count = opened.clone();
        let never = reading(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(io::repeat(0))
        });
        let body = source(never, 0, Extent::Exact(LARGE as u64), None);
        let (answer, receipt) = put(&client, &server, body).unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.body(), "denied");
        assert_eq!(receipt.sent, 0);
        assert_eq!(opened.load(Ordering::SeqCst), 0);
    }
}

#[test]
fn leave_may_come_with_fields_in_pieces_and_after_other_interim_answers() {
    let server = Server::start(|_, conn| {
        let head = conn.head()?;
        conn.say("HTTP/1.1 102 Processing\r\nServer: odd\r\n\r\nHTTP/1.1 10")?;
        conn.say("0 Continue\r\nServer: odd\r\nDate: today\r")?;
        conn.say("\n\r\n")?;
        whole_body(&head, conn)?;
        conn.say(CREATED)
    });
    let (answer, receipt) = exchange(Method::PUT, &server.url("/"), whole(bytes(LARGE))).unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(receipt.sent, LARGE as u64);
}

#[test]
fn a_server_that_knows_no_leave_gets_the_body_after_a_second() {
    let server = Server::start(|_, conn| {
        let head = conn.head()?;
        let asked = Instant::now();
        whole_body(&head, conn)?;
        assert!(
            asked.elapsed() > Duration::from_millis(500),
            "it was waited for"
        );
        conn.say(CREATED)
    });
    let content = bytes(2_000_000);
    let end = Content::of(&content);
    let (answer, receipt) = exchange(Method::PUT, &server.url("/"), whole(content)).unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(receipt.end, Some(end));
}

#[test]
fn a_late_leave_is_not_taken_for_the_answer() {
    for tls in [false, true] {
        let (server, client) = serve(tls, |_, conn| {
            let head = conn.head()?;
            conn.body(1)?;
            conn.say("HTTP/1.1 100 Continue\r\nServer: late\r\n\r\n")?;
            conn.body(length(&head) - 1)?;
            conn.say(CREATED)
        });
        let (answer, receipt) = put(&client, &server, whole(bytes(LARGE))).unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(receipt.sent, LARGE as u64);
        assert!(receipt.end.is_some());
    }
}

#[test]
fn a_server_that_refuses_to_give_leave_is_asked_again_without() {
    let server = Server::start(|index, conn| {
        let head = conn.head()?;
        assert_eq!(expects(&head), index == 0, "{head:?}");
        if index == 0 {
            conn.say("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")?;
            assert_eq!(conn.drain(), 0);
            return Ok(());
        }
        whole_body(&head, conn)?;
        conn.say(CREATED)
    });
    let content = bytes(2_000_000);
    let end = Content::of(&content);
    let (answer, receipt) = exchange(Method::PUT, &server.url("/"), whole(content)).unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!((receipt.sent, receipt.end), (2_000_000, Some(end)));
    assert_eq!(server.accepted(), 2);
}

#[test]
fn an_answer_in_the_middle_of_the_body_ends_it() {
    for tls in [false, true] {
        for chunked in [false, true] {
            for then in [Then::ReadsOn, Then::HalfCloses, Then::ReadsNoMore] {
                let (heard, is_heard) = mpsc::channel();
                let is_heard = Mutex::new(is_heard);
                let (server, client) = serve(tls, move |_, conn| {
                    conn.head()?;
                    conn.say(CONTINUE)?;
                    conn.body(100_000)?;
                    conn.say(DENIED)?;
                    match then {
                        Then::ReadsOn => {}
                        Then::HalfCloses => conn.half_close()?,
                        Then::ReadsNoMore => is_heard.lock().unwrap().recv().unwrap(),
                    }
                    conn.drain();
                    Ok(())
                });
                let extent = if chunked {
                    Extent::ToEnd
                } else {
                    Extent::Exact(1 << 36)
                };
                let case = format!("tls {tls}, chunked {chunked}, {then:?}");
                let (answer, receipt) = put(&client, &server, endless(extent)).expect(&case);
                heard.send(()).unwrap();
                assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{case}");
                assert_eq!(answer.body(), "denied", "{case}");
                assert!(
                    (100_000..1 << 30).contains(&receipt.sent),
                    "{case}: {receipt:?}"
                );
                assert_eq!(receipt.end, None, "{case}");
            }
        }
    }
}

/// What a server does after it has answered in the middle of a body.
#[derive(Clone, Copy, Debug)]
enum Then {
    ReadsOn,
    HalfCloses,
    /// Before the client has the answer: whatever the client sends fills the buffers between them.
    ReadsNoMore,
}

#[test]
fn an_answer_before_a_sudden_end_is_seen_or_the_connection_counts_as_interrupted() {
    // At once, and when the buffers in between are full, so that the client is caught in a write.
    for pause in [0, 200] {
        let mut seen = 0;
        for _ in 0..5 {
            let server = Server::start(move |_, conn| {
                conn.head()?;
                conn.say(CONTINUE)?;
                conn.body(100_000)?;
                conn.wait(Duration::from_millis(pause));
                conn.say(DENIED)
                // Unread data makes the close a reset, which may overtake the answer.
            });
            match put(&client(), &server, endless(Extent::Exact(1 << 30))) {
                Ok((answer, _)) => {
                    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
                    seen += 1;
                }
                Err(failure) => {
                    assert_eq!(failure.kind, FailureKind::Interrupted, "{failure:?}");
                    assert!(failure.receipt.sent >= 100_000);
                }
            }
        }
        println!("seen {seen} of 5 after {pause} ms");
        if cfg!(target_os = "linux") {
            assert!(seen > 0, "Linux hands out what arrived before the reset");
        }
    }
}

#[test]
fn a_connection_with_half_a_body_is_not_used_again() {
    let server = Server::start(|_, conn| {
        let head = conn.head()?;
        if expects(&head) {
            conn.say(CONTINUE)?;
            conn.body(10)?;
            conn.say(DENIED)?;
            conn.drain();
            return Ok(());
        }
        conn.say(CREATED)
    });
    let client = client();
    put(&client, &server, endless(Extent::Exact(1 << 30))).unwrap();
    put(&client, &server, Body::Empty).unwrap();
    assert_eq!(server.accepted(), 2);
}

fn serve<F>(tls: bool, script: F) -> (Server, Client)
where
    F: Fn(usize, &mut Conn) -> io::Result<()> + Send + Sync + 'static,
{
    if !tls {
        return (Server::start(script), client());
    }
    let (config, ca) = issue("localhost", |_| {});
    let client = build(builder().ca_pem(ca));
    (Server::start_tls(config, script), client)
}

/// Zeros without end, of which `extent` is announced.
fn endless(extent: Extent) -> Body {
    source(reading(|_| Ok(io::repeat(0))), 0, extent, None)
}

fn put(client: &Client, server: &Server, body: Body) -> Outcome {
    let put = request(Method::PUT, &server.url("/"), body);
    client.perform(put, &limits(), &gauge())
}

fn expects(head: &[String]) -> bool {
    head.contains(&"expect: 100-continue".to_owned())
}

fn length(head: &[String]) -> usize {
    let line = head
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "));
    line.unwrap().parse().unwrap()
}

fn whole_body(head: &[String], conn: &mut Conn) -> io::Result<()> {
    if head.contains(&"transfer-encoding: chunked".to_owned()) {
        conn.chunks()?;
    } else {
        conn.body(length(head))?;
    }
    Ok(())
}
