//! What is on the wire: every request as it was asked for, every answer as it came.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode};

use super::{Server, bytes, client, exchange, gauge, limits, request, source, whole};
use crate::driver::protocol::{Content, Extent, FailureKind};
use crate::driver::{Body, reading};

#[test]
fn a_request_has_its_own_headers_and_no_others() {
    let (heads, seen) = mpsc::channel();
    let server = Server::start(move |_, conn| {
        heads.send(conn.head()?).unwrap();
        conn.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    });
    let mut authorization = HeaderValue::from_static("Bearer secret");
    authorization.set_sensitive(true);
    let request = Request::get(server.url("/v2/?a=%2F&b=c%20d"))
        .header("Authorization", authorization)
        .header("X-Twice", "1")
        .header("X-Twice", "2")
        .body(Body::Empty)
        .unwrap();
    client().perform(request, &limits(), &gauge()).unwrap();
    let host = format!("host: localhost:{}", server.address().port());
    let mut head = seen.recv().unwrap();
    head[1..].sort();
    let expected = [
        "GET /v2/?a=%2F&b=c%20d HTTP/1.1",
        "authorization: Bearer secret",
        &host,
        "x-twice: 1",
        "x-twice: 2",
    ];
    assert_eq!(head, expected);
}

#[test]
fn an_empty_body_has_a_length_where_a_body_could_be() {
    for (method, framing) in [
        (Method::GET, None),
        (Method::HEAD, None),
        (Method::POST, Some("content-length: 0")),
        (Method::PUT, Some("content-length: 0")),
        (Method::PATCH, Some("content-length: 0")),
        (Method::DELETE, Some("content-length: 0")),
    ] {
        assert_eq!(
            framing_of(method.clone(), Body::Empty, 0).as_deref(),
            framing,
            "{method}"
        );
    }
}

#[test]
fn bytes_and_exact_slices_have_a_length() {
    let content = bytes(1000);
    let body = Body::Bytes(Bytes::from(content.clone()));
    assert_eq!(
        framing_of(Method::PUT, body, 1000).as_deref(),
        Some("content-length: 1000")
    );
    let slice = source(content, 100, Extent::Exact(300), Some(1000));
    assert_eq!(
        framing_of(Method::PATCH, slice, 300).as_deref(),
        Some("content-length: 300")
    );
}

#[test]
fn a_source_of_unknown_length_is_chunked_and_hashed() {
    let content = bytes(300_000);
    let expected = content.clone();
    let server = Server::start(move |_, conn| {
        let head = conn.head()?;
        assert!(
            head.contains(&"transfer-encoding: chunked".to_owned()),
            "{head:?}"
        );
        assert!(
            !head.iter().any(|line| line.starts_with("content-length")),
            "{head:?}"
        );
        conn.say("HTTP/1.1 100 Continue\r\n\r\n")?;
        assert!(conn.chunks()? == expected);
        conn.say("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
    });
    let body = source(content.clone(), 0, Extent::ToEnd, None);
    let (answer, receipt) = exchange(Method::PATCH, &server.url("/"), body).unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(receipt.sent, 300_000);
    assert_eq!(receipt.end, Some(Content::of(&content)));
}

#[test]
fn a_receipt_has_an_end_only_for_a_whole_blob() {
    let content = bytes(1000);
    let end = Some(Content::of(&content));
    for (offset, extent, size, expected) in [
        (0, Extent::Exact(1000), Some(1000), end.clone()),
        (0, Extent::Exact(1000), None, end.clone()),
        (0, Extent::Exact(400), Some(1000), None),
        (0, Extent::Exact(400), None, None),
        (400, Extent::Exact(600), Some(1000), None),
        (400, Extent::Exact(600), None, None),
    ] {
        let server = Server::start(move |_, conn| {
            conn.head()?;
            let Extent::Exact(length) = extent else {
                panic!("every extent here is exact");
            };
            conn.body(usize::try_from(length).unwrap())?;
            conn.say("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        });
        let body = source(content.clone(), offset, extent, size);
        let (_, receipt) = exchange(Method::PUT, &server.url("/"), body).unwrap();
        assert_eq!(receipt.end, expected, "{offset} {extent:?} {size:?}");
    }
}

#[test]
fn an_empty_blob_is_whole() {
    let server = Server::start(|_, conn| {
        let head = conn.head()?;
        assert!(head.contains(&"content-length: 0".to_owned()), "{head:?}");
        conn.say("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    });
    let (_, receipt) = exchange(Method::PUT, &server.url("/"), whole(Vec::new())).unwrap();
    assert_eq!(receipt.end, Some(Content::of(b"")));
}

#[test]
fn an_error_is_an_answer_and_a_redirect_is_not_followed() {
    for (answer, status) in [
        (
            "401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 4\r\n\r\nbody",
            401,
        ),
        (
            "307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 4\r\n\r\nbody",
            307,
        ),
        (
            "301 Moved Permanently\r\nLocation: http://example.invalid/\r\nContent-Length: 0\r\n\r\n",
            301,
        ),
        (
            "308 Permanent Redirect\r\nContent-Length: 4\r\n\r\nbody",
            308,
        ),
        (
            "503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nbody",
            503,
        ),
    ] {
        let server = Server::start(move |_, conn| {
            conn.head()?;
            conn.body(4)?;
            conn.say(&format!("HTTP/1.1 {answer}"))
        });
        let body = Body::Bytes(Bytes::from_static(b"body"));
        let (got, _) = exchange(Method::PUT, &server.url("/"), body).unwrap();
        assert_eq!(got.status().as_u16(), status);
        let expected: &[u8] = if status == 301 { b"" } else { b"body" };
        assert_eq!(got.body(), expected);
        assert_eq!(
            got.headers().contains_key("location"),
            answer.contains("Location")
        );
        assert_eq!(server.accepted(), 1);
    }
}

#[test]
fn an_encoded_answer_stays_encoded() {
    let server = Server::start(|_, conn| {
        let head = conn.head()?;
        assert!(
            !head.iter().any(|line| line.starts_with("accept")),
            "{head:?}"
        );
        conn.say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f__")
    });
    let (answer, _) = exchange(Method::GET, &server.url("/"), Body::Empty).unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(&answer.body()[..], b"\x1f__");
}

#[test]
fn answers_come_in_every_framing() {
    for (answer, expected) in [
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            "abcde",
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
            "to the end",
        ),
        ("HTTP/1.0 200 OK\r\n\r\nold", "old"),
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
    ] {
        let server = Server::start(move |_, conn| {
            conn.head()?;
            conn.say(answer)
        });
        let (got, _) = exchange(Method::GET, &server.url("/"), Body::Empty).unwrap();
        assert_eq!(got.body(), expected);
    }
}

#[test]
fn an_answer_to_head_has_no_body_whatever_its_length_says() {
    let server = Server::start(|_, conn| {
        for _ in 0..2 {
            conn.head()?;
            conn.say("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n")?;
        }
        Ok(())
    });
    let client = client();
    for _ in 0..2 {
        let head = request(Method::HEAD, &server.url("/"), Body::Empty);
        let (answer, _) = client.perform(head, &limits(), &gauge()).unwrap();
        assert_eq!(answer.headers()["content-length"], "12345");
        assert!(answer.body().is_empty());
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_long_answer_is_cut_and_its_connection_is_given_up() {
    let server = Server::start(|_, conn| {
        while conn.head().is_ok() {
            conn.say(&format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
                "x".repeat(100)
            ))?;
        }
        Ok(())
    });
    let client = client();
    for (limit, length, connections) in [(100, 100, 1), (200, 100, 1), (60, 60, 1), (60, 60, 2)] {
        let mut limits = limits();
        limits.response_body = limit;
        let get = request(Method::GET, &server.url("/"), Body::Empty);
        let (answer, _) = client.perform(get, &limits, &gauge()).unwrap();
        assert_eq!(answer.body().len(), length);
        assert_eq!(server.accepted(), connections);
    }
}

#[test]
fn connections_are_kept_and_shared_by_clones() {
    let server = Server::start(|_, conn| {
        while conn.head().is_ok() {
            conn.body(3)?;
            conn.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        }
        Ok(())
    });
    let client = client();
    for _ in 0..5 {
        let put = request(
            Method::PUT,
            &server.url("/"),
            Body::Bytes(Bytes::from_static(b"abc")),
        );
        client.clone().perform(put, &limits(), &gauge()).unwrap();
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_kept_connection_that_was_closed_is_replaced() {
    let (closed, is_closed) = mpsc::channel();
    let server = Server::start(move |_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        conn.half_close()?;
        closed.send(()).unwrap();
        conn.drain();
        Ok(())
    });
    let client = client();
    for index in 0..3 {
        let get = request(Method::GET, &server.url("/"), Body::Empty);
        client.perform(get, &limits(), &gauge()).unwrap();
        is_closed.recv().unwrap();
        assert_eq!(server.accepted(), index + 1);
    }
}

#[test]
fn a_source_may_get_its_bytes_by_an_exchange_of_its_own() {
    let origin = Server::start(|_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nblob")
    });
    let server = Server::start(|_, conn| {
        conn.head()?;
        assert_eq!(conn.body(4)?, b"blob");
        conn.say("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    });
    let url = origin.url("/");
    let copy = reading(move |_| {
        let (answer, _) = exchange(Method::GET, &url, Body::Empty).unwrap();
        Ok(std::io::Cursor::new(answer.into_body()))
    });
    let body = source(copy, 0, Extent::Exact(4), Some(4));
    exchange(Method::PUT, &server.url("/"), body).unwrap();
}

#[test]
fn interim_answers_are_not_the_answer() {
    let server = Server::start(|_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")?;
        conn.say("HTTP/1.1 100 Continue\r\nServer: odd\r\n\r\n")?;
        conn.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    });
    let (answer, _) = exchange(Method::GET, &server.url("/"), Body::Empty).unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.body(), "ok");
}

#[test]
fn a_request_that_must_not_be_sent_is_refused() {
    for uri in [
        "/v2/",
        "ftp://localhost/",
        "http://user:password@localhost/",
    ] {
        let failure = exchange(Method::GET, uri, Body::Empty).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused, "{uri}");
        assert!(!failure.detail.contains("password"), "{failure:?}");
    }
}

/// The header that frames `body`, as a server sees it that also gets `length` bytes.
fn framing_of(method: Method, body: Body, length: usize) -> Option<String> {
    let (framing, seen) = mpsc::channel();
    let server = Server::start(move |_, conn| {
        let head = conn.head()?;
        let lines: Vec<_> = head
            .into_iter()
            .filter(|line| line.starts_with("content-length") || line.starts_with("transfer"))
            .collect();
        assert!(lines.len() < 2, "{lines:?}");
        conn.body(length)?;
        framing.send(lines.into_iter().next()).unwrap();
        conn.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    });
    exchange(method, &server.url("/"), body).unwrap();
    seen.recv().unwrap()
}

#[test]
fn trailers_without_end_are_not_read_for_ever() {
    let server = Server::start(|_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n")?;
        // Until the client has had enough, which is an error here.
        loop {
            conn.say(&"x-more: of the same\r\n".repeat(1000))?;
        }
    });
    let mut limits = limits();
    limits.idle = Duration::from_secs(600);
    limits.answer = Duration::from_secs(600);
    let begun = Instant::now();
    let get = request(Method::GET, &server.url("/"), Body::Empty);
    let failure = client().perform(get, &limits, &gauge()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Protocol, "{failure:?}");
    assert!(begun.elapsed() < Duration::from_secs(300));
}
