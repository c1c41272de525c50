//! Tunnels through a proxy.

use http::{Method, StatusCode};

use super::{Server, gauge, limits, request};
use crate::driver::protocol::FailureKind;
use crate::driver::{Body, Client, build, builder};

#[test]
fn a_host_is_reached_through_a_tunnel_that_is_kept() {
    let proxy = Server::start(|_, conn| {
        let head = conn.head()?;
        let expected = [
            "CONNECT registry.example:80 HTTP/1.1",
            "Host: registry.example:80",
            "Proxy-Authorization: Basic bWU6aXQncyBtZQ==",
        ];
        assert_eq!(head, expected);
        conn.say("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")?;
        for _ in 0..2 {
            let head = conn.head()?;
            assert_eq!(head, ["GET /v2/ HTTP/1.1", "host: registry.example"]);
            conn.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        }
        Ok(())
    });
    let client = through(&format!("http://me:it's%20me@{}", proxy.address()));
    for _ in 0..2 {
        // No name server knows this name: the proxy resolves it.
        let get = request(Method::GET, "http://registry.example/v2/", Body::Empty);
        let (answer, _) = client.perform(get, &limits(), &gauge()).unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert_eq!(proxy.accepted(), 1);
}

#[test]
fn a_refused_tunnel_says_who_refused_it() {
    for (answer, words) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "a user name and a password (407)",
        ),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "it answers 403"),
        ("SSH-2.0-OpenSSH\r\n\r\n", "it does not answer in HTTP"),
        ("", "it does not answer in HTTP"),
    ] {
        let proxy = Server::start(move |_, conn| {
            conn.head()?;
            conn.say(answer)
        });
        let client = through(&format!("http://me:secret@{}/", proxy.address()));
        let get = request(
            Method::GET,
            "https://registry.example:8443/v2/",
            Body::Empty,
        );
        let failure = client.perform(get, &limits(), &gauge()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Connect, "{answer:?}");
        assert!(
            failure.detail.contains("registry.example:8443"),
            "{failure:?}"
        );
        assert!(
            failure.detail.contains(&proxy.address().to_string()),
            "{failure:?}"
        );
        assert!(failure.detail.contains(words), "{failure:?}");
        assert!(!failure.detail.contains("secret"), "{failure:?}");
    }
}

fn through(proxy: &str) -> Client {
    build(builder().proxy(Some(proxy.to_owned())))
}
