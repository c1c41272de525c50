//! Answers that no correct server gives: lengths that lie, heads that cannot be, sockets that are
//! closed on one side, and everything in single bytes.

use std::io::Write as _;

use http::{Method, StatusCode};

use super::{LARGE, Server, bytes, client, exchange, gauge, limits, request, whole};
use crate::driver::Body;
use crate::driver::protocol::FailureKind;

#[test]
fn what_follows_an_answer_is_not_taken_for_the_next_one() {
    let forged = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    for lie in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok{forged}"),
        format!("HTTP/1.1 204 No Content\r\n\r\n{forged}"),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore than nothing".to_owned(),
    ] {
        let text = lie.clone();
        let server = Server::start(move |index, conn| {
            conn.head()?;
            if index > 0 {
                return conn.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            }
            conn.say(&text)?;
            conn.drain();
            Ok(())
        });
        let client = client();
        let get = || request(Method::GET, &server.url("/"), Body::Empty);
        let (first, _) = client.perform(get(), &limits(), &gauge()).unwrap();
        assert!(first.status().is_success() && first.body().len() < 3);
        match client.perform(get(), &limits(), &gauge()) {
            Ok((second, _)) => assert_eq!(second.status(), StatusCode::NOT_FOUND, "{lie:?}"),
            Err(failure) => panic!("{lie:?}: {failure:?}"),
        }
    }
}

#[test]
fn lengths_that_cannot_be_are_not_http() {
    for lie in [
        "Content-Length: minus one\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: 99999999999999999999999\r\n\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nok\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n",
    ] {
        let server = Server::start(move |_, conn| {
            conn.head()?;
            conn.say(&format!("HTTP/1.1 200 OK\r\n{lie}"))?;
            conn.drain();
            Ok(())
        });
        let outcome = exchange(Method::GET, &server.url("/"), Body::Empty);
        let failure = outcome.expect_err(lie);
        assert_eq!(failure.kind, FailureKind::Protocol, "{lie:?}: {failure:?}");
    }
}

#[test]
fn an_answer_in_single_bytes_is_an_answer() {
    let server = Server::start(|_, conn| {
        while conn.head().is_ok() {
            let answer = "HTTP/1.1 200 OK\r\nX-Odd:\tvalue \r\nTransfer-Encoding: chunked\r\n\r\n\
                          2;why=not\r\nok\r\n0\r\nTrailer: x\r\n\r\n";
            for byte in answer.as_bytes() {
                conn.write_all(&[*byte])?;
                conn.flush()?;
            }
        }
        Ok(())
    });
    let client = client();
    for _ in 0..2 {
        let get = request(Method::GET, &server.url("/"), Body::Empty);
        let (answer, _) = client.perform(get, &limits(), &gauge()).unwrap();
        assert_eq!(answer.headers()["x-odd"], "value");
        assert_eq!(answer.body(), "ok");
    }
}

#[test]
fn a_body_that_is_taken_in_single_bytes_at_first_arrives_whole() {
    let content = bytes(LARGE);
    let expected = content.clone();
    let server = Server::start(move |_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 100 Continue\r\n\r\n")?;
        let mut received = Vec::new();
        for _ in 0..5000 {
            received.extend(conn.body(1)?);
        }
        received.extend(conn.body(LARGE - 5000)?);
        assert!(received == expected);
        conn.say("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    });
    let (answer, receipt) = exchange(Method::PUT, &server.url("/"), whole(content)).unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(receipt.sent, LARGE as u64);
}

#[test]
fn a_server_that_will_say_nothing_more_is_given_up_though_it_still_listens() {
    for is_large in [false, true] {
        let server = Server::start(move |_, conn| {
            conn.head()?;
            if is_large {
                conn.say("HTTP/1.1 100 Continue\r\n\r\n")?;
                conn.body(100_000)?;
            }
            conn.half_close()?;
            conn.drain();
            Ok(())
        });
        let body = whole(bytes(if is_large { LARGE } else { 100 }));
        let failure = exchange(Method::PUT, &server.url("/"), body).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Interrupted, "{failure:?}");
    }
}
