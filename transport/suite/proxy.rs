//! Tunnels through proxies, by `CONNECT` and by SOCKS.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use longshore_mock_registry::Auth;

use super::certificates::issue;
use super::image::{Image, REPOSITORY, config, registry};
use super::{Conn, Server, gauge, limits, request};
use crate::driver::protocol::FailureKind;
use crate::driver::{Body, Client, build, builder, push};

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

#[test]
fn a_whole_push_goes_through_a_socks_proxy() {
    // No name server knows the name, and the address is nobody's (RFC 5737): what is in between
    // decides.
    for (scheme, host, asked_for) in [
        ("socks5h", "registry.example", "registry.example:80"),
        ("socks5h", "192.0.2.7:5000", "192.0.2.7:5000"),
        ("socks5", "192.0.2.7:5000", "192.0.2.7:5000"),
    ] {
        let registry = registry("oci", Auth::Basic, false);
        let asked = Arc::default();
        let proxy = socks(registry.address(), Some(("me", "it's me")), &asked);
        let client = through(&format!("{scheme}://me:it's%20me@{}", proxy.address()));
        let image = Image::new(50_000);
        let mut config = config(&registry);
        config.reference = format!("{host}/{REPOSITORY}:latest").parse().unwrap();
        push(&client, config, &image).unwrap_or_else(|error| panic!("{scheme} {host}: {error}"));
        image.assert_at(&registry, host);
        let asked = asked.lock().unwrap();
        assert!(!asked.is_empty());
        assert!(asked.iter().all(|place| place == asked_for), "{asked:?}");
    }
}

#[test]
fn what_is_behind_a_socks_proxy_is_spoken_to_over_tls() {
    let (tls, ca) = issue("registry.example", |_| {});
    let server = Server::start_tls(tls, |_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    });
    let asked = Arc::default();
    let proxy = socks(server.address(), None, &asked);
    let proxy = format!("socks5h://{}", proxy.address());
    let client = build(builder().ca_pem(ca).proxy(Some(proxy)));
    let get = request(Method::GET, "https://registry.example/v2/", Body::Empty);
    let (answer, _) = client.perform(get, &limits(), &gauge()).unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(*asked.lock().unwrap(), ["registry.example:443"]);
}

#[test]
fn a_name_that_a_socks_proxy_cannot_look_up_is_looked_up_here() {
    let proxy = Server::start(|_, _| panic!("there is nothing to ask it for"));
    let client = through(&format!("socks5://{}", proxy.address()));
    let name = "x".repeat(64);
    let get = request(Method::GET, &format!("http://{name}.invalid/"), Body::Empty);
    let failure = client.perform(get, &limits(), &gauge()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Resolve, "{failure:?}");
}

#[test]
fn a_socks_proxy_that_refuses_or_goes_is_named() {
    for (answer, words) in [
        (&[5, 255][..], "it wants a user name and a password"),
        (&[5, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0], "its rules forbid it"),
        (&[5, 0], "it does not answer in SOCKS 5"),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "it does not answer in SOCKS 5",
        ),
    ] {
        let proxy = Server::start(move |_, conn| {
            conn.body(3)?;
            conn.write_all(answer)?;
            conn.half_close()?;
            conn.drain();
            Ok(())
        });
        let client = through(&format!("socks5h://{}", proxy.address()));
        let get = request(Method::GET, "http://registry.example/v2/", Body::Empty);
        let failure = client.perform(get, &limits(), &gauge()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Connect, "{answer:?}");
        let place = proxy.address();
        let beginning = format!("no tunnel to registry.example:80 through the proxy {place}: ");
        assert_eq!(failure.detail, format!("{beginning}{words}"));
    }
}

fn through(proxy: &str) -> Client {
    build(builder().proxy(Some(proxy.to_owned())))
}

/// A SOCKS proxy that notes what it is asked for, and connects to `target` whatever that is.
fn socks(
    target: SocketAddr,
    login: Option<(&'static str, &'static str)>,
    asked: &Arc<Mutex<Vec<String>>>,
) -> Server {
    let asked = Arc::clone(asked);
    Server::start(move |_, conn| {
        let offered = conn.body(2)?;
        let methods = conn.body(usize::from(offered[1]))?;
        let method = if login.is_some() { 2 } else { 0 };
        assert!(offered[0] == 5 && methods.contains(&method), "{methods:?}");
        conn.write_all(&[5, method])?;
        if let Some((name, password)) = login {
            assert_eq!(conn.body(1)?, [1]);
            assert_eq!(text(conn)?, name);
            assert_eq!(text(conn)?, password);
            conn.write_all(&[1, 0])?;
        }
        let request = conn.body(4)?;
        assert_eq!(request[..3], [5, 1, 0]);
        let host = match request[3] {
            1 => Ipv4Addr::from(<[u8; 4]>::try_from(conn.body(4)?).unwrap()).to_string(),
            3 => text(conn)?,
            other => panic!("an address of the kind {other}"),
        };
        let port = u16::from_be_bytes(conn.body(2)?.try_into().unwrap());
        asked.lock().unwrap().push(format!("{host}:{port}"));
        conn.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
        conn.join(TcpStream::connect(target)?)
    })
}

/// A text with its length in front.
fn text(conn: &mut Conn) -> io::Result<String> {
    let length = conn.body(1)?[0];
    Ok(String::from_utf8(conn.body(usize::from(length))?).unwrap())
}
