//! Exchanges without an answer: which kind of failure, what of the source was used, in which words.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, StatusCode};

use super::{LARGE, Server, bytes, client, exchange, gauge, limits, request, source, whole};
use crate::driver::protocol::{Extent, Failure, FailureKind, Limits, NamedBy};
use crate::driver::{Body, FileSource, READS_AHEAD, Source, reading};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_refused_connection_is_connect() {
    // A port that was free a moment ago, and that nobody listens on now.
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let url = format!("http://{address}/v2/?token=secret");
    let failure = exchange(Method::GET, &url, Body::Empty).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Connect);
    assert_eq!(
        failure.detail,
        format!("cannot connect to {address}: connection refused")
    );
}

#[test]
fn a_name_without_address_is_resolve() {
    // Longer than a label of a name may be: no name server is asked.
    let url = format!("http://{}.invalid/", "x".repeat(64));
    let failure = exchange(Method::GET, &url, Body::Empty).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure:?}");
    assert!(
        failure.detail.starts_with("cannot resolve xxx"),
        "{failure:?}"
    );
}

#[test]
fn a_name_that_stands_for_an_address_inside_is_refused_to_a_registry_that_is_outside() {
    let server = Server::start(|_, conn| {
        conn.head()?;
        conn.say(&OK.replace("OK\r\n", "OK\r\nConnection: close\r\n"))
    });
    let client = client();
    let url = format!("http://localhost:{}/", server.address().port());
    let named_by = |registry: &str| {
        let mut request = request(Method::GET, &url, Body::Empty);
        let registry = registry.into();
        request.extensions_mut().insert(NamedBy { registry });
        client.perform(request, &limits(), &Arc::default())
    };
    let refused = |failure: Failure| {
        assert_eq!(failure.kind, FailureKind::Refused, "{failure:?}");
        assert!(failure.detail.contains("localhost"), "{failure:?}");
    };
    refused(named_by("registry.example").unwrap_err());
    let own = client.perform(
        request(Method::GET, &url, Body::Empty),
        &limits(),
        &Arc::default(),
    );
    assert!(own.is_ok());
    // Neither a new connection nor one that is kept is a way.
    refused(named_by("registry.example").unwrap_err());
    // A registry on this machine may name it.
    assert!(named_by("localhost").is_ok());
}

#[test]
fn a_connection_that_ends_before_the_answer_is_interrupted() {
    let server = Server::start(|_, conn| {
        conn.head()?;
        Ok(())
    });
    let failure = get(&server, limits());
    assert_eq!(failure.kind, FailureKind::Interrupted);
    let place = format!("localhost:{}", server.address().port());
    let expected = format!("{place}: the other side closed the connection before it answered");
    assert_eq!(failure.detail, expected);
}

#[test]
fn a_connection_that_ends_within_the_answer_is_interrupted() {
    for cut in [
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nonly",
    ] {
        let server = Server::start(move |_, conn| {
            conn.head()?;
            conn.say(cut)
        });
        let failure = get(&server, limits());
        assert_eq!(
            failure.kind,
            FailureKind::Interrupted,
            "{cut:?}: {failure:?}"
        );
        assert!(
            failure.detail.ends_with("in the middle of its answer"),
            "{failure:?}"
        );
    }
}

#[test]
fn what_is_not_http_is_protocol() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    for garbage in [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned(),
        "HTTP/1.1 twohundred\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n".to_owned(),
        long,
    ] {
        let text = garbage.clone();
        let server = Server::start(move |_, conn| {
            conn.head()?;
            conn.say(&text)?;
            conn.drain();
            Ok(())
        });
        let failure = get(&server, limits());
        assert_eq!(
            failure.kind,
            FailureKind::Protocol,
            "{garbage:.40?}: {failure:?}"
        );
        assert!(failure.detail.len() < 300);
    }
}

#[test]
fn a_server_that_never_answers_times_out_by_the_answer_limit() {
    let server = Server::start(|_, conn| {
        conn.head()?;
        conn.drain();
        Ok(())
    });
    let mut limits = limits();
    limits.answer = Duration::from_millis(150);
    let started = Instant::now();
    let failure = get(&server, limits);
    assert_eq!(failure.kind, FailureKind::TimedOut);
    assert!(
        failure.detail.starts_with("no answer from localhost:"),
        "{failure:?}"
    );
    assert!(failure.detail.ends_with(" for 0.15 s"), "{failure:?}");
    assert!((150..8000).contains(&started.elapsed().as_millis()));
}

#[test]
fn a_server_that_stalls_in_its_answer_times_out_by_the_idle_limit() {
    let server = Server::start(|_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")?;
        conn.drain();
        Ok(())
    });
    let mut limits = limits();
    limits.idle = Duration::from_millis(100);
    let failure = get(&server, limits);
    assert_eq!(failure.kind, FailureKind::TimedOut);
    assert!(
        failure
            .detail
            .starts_with("nothing more of the answer from"),
        "{failure:?}"
    );
}

#[test]
fn a_server_that_takes_no_more_times_out_by_the_idle_limit() {
    let (over, is_over) = mpsc::channel();
    let is_over = Mutex::new(is_over);
    let server = Server::start(move |_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 100 Continue\r\n\r\n")?;
        is_over.lock().unwrap().recv().unwrap();
        Ok(())
    });
    let mut limits = limits();
    limits.idle = Duration::from_millis(200);
    let body = source(
        reading(|_| Ok(io::repeat(0))),
        0,
        Extent::Exact(1 << 40),
        None,
    );
    let put = request(Method::PUT, &server.url("/"), body);
    let failure = client().perform(put, &limits, &gauge()).unwrap_err();
    over.send(()).unwrap();
    assert_eq!(failure.kind, FailureKind::TimedOut);
    assert!(
        failure.detail.starts_with("nothing could be sent to"),
        "{failure:?}"
    );
    assert!(failure.receipt.sent > 0);
}

#[test]
fn a_long_body_that_keeps_moving_does_not_time_out() {
    // Each piece is taken in late, but within the limit; all of them take much longer than it.
    let limit = Duration::from_millis(800);
    let pause = Duration::from_millis(150);
    let server = Server::start(move |_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 100 Continue\r\n\r\n")?;
        for _ in 0..8 {
            conn.wait(pause);
            conn.body(LARGE / 8)?;
        }
        conn.say("HTTP/1.1 201 Created\r\nContent-Length: 6\r\n\r\n")?;
        for letter in ["t", "r", "i", "c", "k", "l"] {
            conn.wait(pause);
            conn.say(letter)?;
        }
        Ok(())
    });
    let mut limits = limits();
    limits.idle = limit;
    let put = request(Method::PUT, &server.url("/"), whole(bytes(LARGE)));
    let started = Instant::now();
    let (answer, _) = client().perform(put, &limits, &gauge()).unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.body(), "trickl");
    assert!(started.elapsed() > 2 * limit);
}

#[test]
fn the_total_limit_ends_what_keeps_moving() {
    let server = Server::start(|_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 200 OK\r\n\r\n")?;
        while conn.say("x").is_ok() {
            conn.wait(Duration::from_millis(20));
        }
        Ok(())
    });
    let mut limits = limits();
    limits.total = Some(Duration::from_millis(200));
    limits.response_body = usize::MAX;
    let failure = get(&server, limits);
    assert_eq!(failure.kind, FailureKind::TimedOut);
    assert!(
        failure.detail.ends_with("took longer than 0.2 s"),
        "{failure:?}"
    );
}

#[test]
fn a_source_that_ends_early_says_how_much_is_missing() {
    let server = Server::start(|_, conn| {
        conn.head()?;
        assert!(conn.body(1000).is_err(), "the body must not look complete");
        Ok(())
    });
    let body = source(bytes(900), 0, Extent::Exact(1000), Some(1000));
    let failure = exchange(Method::PUT, &server.url("/"), body).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Source);
    assert_eq!(
        failure.detail,
        "it ended 100 bytes early, after 900 of 1000 bytes"
    );
    assert_eq!(failure.receipt.sent, 900);
    assert_eq!(failure.receipt.end, None);
}

#[test]
fn a_source_that_fails_says_why() {
    let server = Server::start(|_, conn| {
        conn.head()?;
        conn.drain();
        Ok(())
    });
    let torn = reading(|_| Ok((&[1_u8; 10][..]).chain(Torn)));
    let body = source(torn, 0, Extent::Exact(1000), None);
    let failure = exchange(Method::PUT, &server.url("/"), body).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Source);
    assert_eq!(failure.detail, "cannot read it: the tape tore");
    assert_eq!(failure.receipt.sent, 10);

    let missing = FileSource::new("/nowhere/layer.tar.gz");
    let body = source(missing, 0, Extent::Exact(1000), None);
    let failure = exchange(Method::PUT, &server.url("/"), body).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Source);
    assert!(
        failure.detail.contains("/nowhere/layer.tar.gz: "),
        "{failure:?}"
    );
    assert_eq!(failure.receipt.sent, 0);
}

#[test]
fn slices_of_every_source_are_read_from_their_offset() {
    let content = bytes(5000);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&content).unwrap();
    let shared = Arc::new(file.reopen().unwrap());
    let copy = content.clone();
    let sources: [Box<dyn Source>; 5] = [
        Box::new(Bytes::from(content.clone())),
        Box::new(content.clone()),
        Box::new(FileSource::new(file.path())),
        Box::new(FileSource::shared(shared)),
        Box::new(reading(move |offset| {
            let mut reader = io::Cursor::new(copy.clone());
            reader.set_position(offset);
            Ok(reader)
        })),
    ];
    for reader in sources {
        let expected = content[1234..4234].to_vec();
        let server = Server::start(move |_, conn| {
            conn.head()?;
            assert!(conn.body(3000)? == expected);
            conn.say(OK)
        });
        let body = source(reader, 1234, Extent::Exact(3000), Some(5000));
        exchange(Method::PATCH, &server.url("/"), body).unwrap();
    }
}

#[test]
fn a_receipt_counts_what_left_the_source_before_a_break() {
    let read = Arc::new(AtomicU64::new(0));
    let count = read.clone();
    let server = Server::start(|_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 100 Continue\r\n\r\n")?;
        conn.body(50_000)?;
        Ok(())
    });
    let counted = reading(move |_| Ok(Counted(count.clone())));
    let body = source(counted, 0, Extent::ToEnd, None);
    let failure = exchange(Method::PATCH, &server.url("/"), body).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Interrupted);
    let read = read.load(Ordering::SeqCst);
    let sent = failure.receipt.sent;
    // A thread that reads ahead may be in the middle of one more piece.
    assert!(sent == read || READS_AHEAD && sent < read, "{sent} {read}");
    assert!(sent >= 50_000);
}

fn get(server: &Server, limits: Limits) -> Failure {
    let get = request(Method::GET, &server.url("/v2/?token=secret"), Body::Empty);
    let failure = client().perform(get, &limits, &gauge()).unwrap_err();
    assert!(!failure.detail.contains("secret"), "{failure:?}");
    failure
}

struct Torn;

impl Read for Torn {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the tape tore"))
    }
}

/// Zeros without end, counted.
struct Counted(Arc<AtomicU64>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.fetch_add(buffer.len() as u64, Ordering::SeqCst);
        buffer.fill(0);
        Ok(buffer.len())
    }
}
