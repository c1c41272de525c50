use super::{Tunnel, Turn};
use crate::place::Place;
use crate::proxy::Proxies;

#[test]
fn a_socks_proxy_looks_the_name_up_and_not_a_byte_too_much_is_read() {
    let mut tunnel = tunnel("socks5h://proxy", "https://quay.example/");
    assert_eq!(tunnel.turn(), Turn::Send(vec![5, 1, 0]));
    assert_eq!(tunnel.turn(), Turn::Receive(2));
    tunnel.received(&[5]).unwrap();
    assert_eq!(tunnel.turn(), Turn::Receive(1));
    tunnel.received(&[0]).unwrap();
    let request = [&[5, 1, 0, 3, 12][..], b"quay.example", &[1, 187]].concat();
    assert_eq!(tunnel.turn(), Turn::Send(request));
    assert_eq!(tunnel.turn(), Turn::Receive(5));
    tunnel.received(&[5, 0, 0, 3, 9]).unwrap();
    assert_eq!(tunnel.turn(), Turn::Receive(11));
    tunnel.received(&[0; 11]).unwrap();
    assert_eq!(tunnel.turn(), Turn::Open);
}

#[test]
fn addresses_are_asked_for_as_addresses() {
    for (uri, address, rest) in [
        ("http://10.1.2.3:81/", vec![1, 10, 1, 2, 3, 0, 81], 5),
        (
            "http://[fd00::1]:81/",
            [&[4, 0xfd][..], &[0; 14], &[1, 0, 81]].concat(),
            17,
        ),
    ] {
        let mut tunnel = tunnel("socks5h://proxy", uri);
        tunnel.turn();
        tunnel.received(&[5, 0]).unwrap();
        let request = [vec![5, 1, 0], address].concat();
        assert_eq!(tunnel.turn(), Turn::Send(request.clone()));
        tunnel.received(&[5, 0, 0, request[3], 0]).unwrap();
        assert_eq!(tunnel.turn(), Turn::Receive(rest));
    }
}

#[test]
fn a_password_is_sent_when_it_is_asked_for_and_never_printed() {
    let mut tunnel = tunnel("socks5h://me:s%20t@proxy", "https://quay.example/");
    assert_eq!(tunnel.turn(), Turn::Send(vec![5, 2, 0, 2]));
    tunnel.received(&[5, 2]).unwrap();
    assert!(!format!("{tunnel:?}").contains("115"), "{tunnel:?}");
    let login = [&[1, 2][..], b"me", &[3], b"s t"].concat();
    assert_eq!(tunnel.turn(), Turn::Send(login));
    tunnel.received(&[1, 0]).unwrap();
    assert!(matches!(tunnel.turn(), Turn::Send(request) if request[..3] == [5, 1, 0]));
}

#[test]
fn refusals_say_who_refused_what_and_why() {
    let name = "x".repeat(300);
    for (proxy, host, answers, words) in [
        (
            "socks5h://p",
            "h",
            &[&[5, 255][..]][..],
            "it wants a user name and a password",
        ),
        (
            "socks5h://m:s@p",
            "h",
            &[&[5, 255]],
            "it takes no user name and password",
        ),
        (
            "socks5h://m:s@p",
            "h",
            &[&[5, 2], &[1, 1]],
            "it does not take the user name",
        ),
        (
            "socks5h://p",
            "h",
            &[&[5, 0], &[5, 2]],
            "its rules forbid it",
        ),
        (
            "socks5h://p",
            "h",
            &[&[5, 0], &[5, 4, 0, 1, 0]],
            "it cannot reach the host",
        ),
        ("socks5h://p", "h", &[&[5, 0], &[5, 99]], "it answers 99"),
        (
            "socks5h://p",
            "h",
            &[&[5, 0], &[5, 0, 0, 7, 0]],
            "it does not answer in SOCKS 5",
        ),
        (
            "socks5h://p",
            "h",
            &[b"HTTP/1.1 400"],
            "it does not answer in SOCKS 5",
        ),
        ("socks5h://p", "h", &[b""], "it does not answer in SOCKS 5"),
        ("socks5h://p", &name, &[&[5, 0]], "longer than 255 bytes"),
        ("http://p", "h", &[b""], "it does not answer in HTTP"),
        (
            "http://p",
            "h",
            &[b"HTTP/1.1 407 No\r\n", b"\r\n"],
            "it wants a user name and a password (407)",
        ),
    ] {
        let mut tunnel = tunnel(proxy, &format!("http://{host}:81/"));
        let mut refusal = None;
        for answer in answers {
            assert_eq!(refusal, None, "{words}");
            while matches!(tunnel.turn(), Turn::Send(_)) {}
            refusal = tunnel.received(answer).err();
        }
        let refusal = refusal.expect(words).detail;
        let beginning = format!("no tunnel to {host}:81 through the proxy p:");
        assert!(refusal.starts_with(&beginning), "{refusal}");
        assert!(refusal.contains(words), "{refusal}");
    }
}

fn tunnel(proxy: &str, uri: &str) -> Tunnel {
    let proxies = Proxies::always(proxy).unwrap();
    let place = Place::of(&uri.parse().unwrap()).unwrap();
    let proxy = proxies.between(&place).unwrap();
    Tunnel::to_host(proxy, place.host(), place.port())
}
