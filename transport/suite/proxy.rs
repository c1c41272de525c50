//! Tunnels through proxies, by `CONNECT` and by SOCKS.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use longshore_mock_registry::Auth;

use super::certificates::issue;
use super::image::{Image, REPOSITORY, config, registry};
use super::{Conn, LARGE, Server, bytes, gauge, limits, request, whole};
use crate::driver::protocol::FailureKind;
use crate::driver::{Body, Client, build, builder, push};

#[test]
fn clear_text_goes_to_the_proxy_itself_and_names_the_host() {
    let proxy = Server::start(|index, conn| {
        // The first connection is kept, and closed after its second answer.
        for close in [false, true] {
            let mut head = conn.head()?;
            head[1..].sort_by_key(|line| line.to_ascii_lowercase());
            let head: Vec<_> = head.iter().map(|line| line.to_ascii_lowercase()).collect();
            let expected = [
                "get http://registry.example:8080/v2/?a=b http/1.1",
                "host: registry.example:8080",
                "proxy-authorization: basic bwu6axqncybtzq==",
            ];
            assert_eq!(head, expected, "connection {index}");
            let connection = if close { "Connection: close\r\n" } else { "" };
            conn.say(&format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{connection}\r\n"
            ))?;
        }
        Ok(())
    });
    let client = through(&format!("http://me:it's%20me@{}", proxy.address()));
    for _ in 0..3 {
        // No name server knows this name: the proxy resolves it.
        let get = request(
            Method::GET,
            "http://registry.example:8080/v2/?a=b",
            Body::Empty,
        );
        let (answer, _) = client.perform(get, &limits(), &gauge()).unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert_eq!(proxy.accepted(), 2);
}

#[test]
fn a_whole_push_goes_through_an_http_proxy() {
    let registry = registry("oci", Auth::Basic, false);
    let target = registry.address();
    let proxy = Server::start(move |_, conn| {
        // One that looks at the first request only, which is enough for a registry that takes
        // absolute-form as it has to (RFC 9112, section 3.2.2).
        conn.join(TcpStream::connect(target)?)
    });
    let client = through(&format!("http://{}", proxy.address()));
    let image = Image::new(3_000_000);
    let mut config = config(&registry);
    config.reference = format!("registry.example/{REPOSITORY}:latest")
        .parse()
        .unwrap();
    push(&client, config, &image).unwrap();
    image.assert_at(&registry, "registry.example");
}

#[test]
fn a_proxy_that_refuses_clear_text_is_named() {
    for (login, answer, kind, words) in [
        (
            "",
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            FailureKind::Unreachable,
            "it wants a user name and a password (407)",
        ),
        (
            "me:secret@",
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            FailureKind::Unreachable,
            "it does not take the user name and the password that were given (407)",
        ),
        (
            "",
            "HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n",
            FailureKind::Unreachable,
            "its rules forbid it (403)",
        ),
        (
            "",
            "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n\r\n",
            FailureKind::Connect,
            "it gets no connection (503)",
        ),
    ] {
        let proxy = Server::start(move |_, conn| {
            conn.head()?;
            conn.say(answer)
        });
        let client = through(&format!("http://{login}{}", proxy.address()));
        let get = request(Method::GET, "http://registry.example/v2/", Body::Empty);
        let failure = client.perform(get, &limits(), &gauge()).unwrap_err();
        let place = proxy.address();
        let expected = format!("no way to registry.example:80 through the proxy {place}: {words}");
        assert_eq!((failure.kind, failure.detail), (kind, expected));
    }
}

#[test]
fn what_the_registry_refuses_is_not_the_proxys_refusal() {
    let proxy = Server::start(|_, conn| {
        conn.head()?;
        conn.say("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nVia: 1.1 squid\r\n\r\n")
    });
    let client = through(&format!("http://{}", proxy.address()));
    let get = request(Method::GET, "http://registry.example/v2/", Body::Empty);
    let (answer, _) = client.perform(get, &limits(), &gauge()).unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[test]
fn a_proxy_is_spoken_to_over_tls_with_clear_text_and_tls_inside() {
    let (proxy_tls, proxy_ca) = issue("localhost", |_| {});
    let (tls, ca) = issue("registry.example", |_| {});
    let server = Server::start_tls(tls, |_, conn| {
        conn.head()?;
        let body = conn.body(LARGE)?;
        assert_eq!(body, bytes(LARGE));
        conn.say("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    });
    let target = server.address();
    let proxy = Server::start_tls(proxy_tls, move |_, conn| {
        let head = conn.head()?;
        let login = head.contains(&"Proxy-Authorization: Basic bWU6c2VjcmV0".to_owned());
        if head[0].starts_with("CONNECT ") {
            assert!(login, "{head:?}");
            conn.say("HTTP/1.1 200 OK\r\n\r\n")?;
            return conn.join_tls(TcpStream::connect(target)?);
        }
        assert_eq!(head[0], "PUT http://registry.example/v2/ HTTP/1.1");
        assert_eq!(conn.body(LARGE)?, bytes(LARGE));
        conn.say("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    });
    let url = format!("https://me:secret@localhost:{}", proxy.address().port());
    let client = build(builder().ca_pem(proxy_ca + &ca).proxy(Some(url)));
    for url in [
        "http://registry.example/v2/",
        "https://registry.example/v2/",
    ] {
        let put = request(Method::PUT, url, whole(bytes(LARGE)));
        let (answer, _) = client.perform(put, &limits(), &gauge()).unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED, "{url}");
    }
}

#[test]
fn a_proxy_over_tls_that_is_not_trusted_is_named() {
    let (tls, _) = issue("localhost", |_| {});
    let proxy = Server::start_tls(tls, |_, _| Ok(()));
    let port = proxy.address().port();
    let client = through(&format!("https://localhost:{port}"));
    for url in ["http://registry.example/", "https://registry.example/"] {
        let get = request(Method::GET, url, Body::Empty);
        let failure = client.perform(get, &limits(), &gauge()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Tls, "{failure:?}");
        let place = format!("the proxy localhost:{port}: TLS with localhost:{port}: ");
        assert!(failure.detail.starts_with(&place), "{failure:?}");
    }
}

#[test]
fn a_registry_over_tls_is_reached_through_a_tunnel_that_is_kept() {
    let (tls, ca) = issue("registry.example", |_| {});
    let server = Server::start_tls(tls, |_, conn| {
        for _ in 0..2 {
            let head = conn.head()?;
            assert_eq!(head[0], "GET /v2/ HTTP/1.1");
            let login = "proxy-authorization";
            assert!(
                !head
                    .iter()
                    .any(|l| l.to_ascii_lowercase().starts_with(login))
            );
            conn.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        }
        Ok(())
    });
    let target = server.address();
    let proxy = Server::start(move |_, conn| {
        let head = conn.head()?;
        let expected = [
            "CONNECT registry.example:443 HTTP/1.1",
            "Host: registry.example:443",
            "Proxy-Authorization: Basic bWU6aXQncyBtZQ==",
        ];
        assert_eq!(head, expected);
        conn.say("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")?;
        conn.join(TcpStream::connect(target)?)
    });
    let url = format!("http://me:it's%20me@{}", proxy.address());
    let client = build(builder().ca_pem(ca).proxy(Some(url)));
    for _ in 0..2 {
        let get = request(Method::GET, "https://registry.example/v2/", Body::Empty);
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
            "it does not take the user name and the password that were given (407)",
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
        let is_final = words.contains("40");
        let kind = if is_final {
            FailureKind::Unreachable
        } else {
            FailureKind::Connect
        };
        assert_eq!(failure.kind, kind, "{answer:?}");
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
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure:?}");
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
        let is_final = words.contains("rules") || words.contains("wants");
        let kind = if is_final {
            FailureKind::Unreachable
        } else {
            FailureKind::Connect
        };
        assert_eq!(failure.kind, kind, "{answer:?}");
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
