use super::{ClientError, Place, Proxies, Route};

#[test]
fn the_environment_names_proxies_by_scheme() {
    let proxies = from_env(&[
        ("HTTPS_PROXY", "http://secure.example:3128"),
        ("ALL_PROXY", "all.example"),
    ]);
    assert_eq!(
        through(&proxies, "https://quay.io/v2/"),
        "secure.example:3128"
    );
    assert_eq!(through(&proxies, "http://quay.io/v2/"), "all.example:80");
}

#[test]
fn lower_case_names_come_first_and_empty_ones_count_as_unset() {
    let proxies = from_env(&[
        ("https_proxy", "lower:1"),
        ("HTTPS_PROXY", "upper:2"),
        ("http_proxy", ""),
        ("HTTP_PROXY", "upper:3"),
    ]);
    assert_eq!(through(&proxies, "https://quay.io/"), "lower:1");
    assert_eq!(through(&proxies, "http://quay.io/"), "upper:3");
}

#[test]
fn an_empty_no_proxy_counts_as_unset_beside_the_other() {
    let proxies = from_env(&[
        ("ALL_PROXY", "proxy:3128"),
        ("no_proxy", ""),
        ("NO_PROXY", "*"),
    ]);
    assert_eq!(through(&proxies, "https://quay.io/"), "direct");
}

#[test]
fn clear_text_goes_to_http_proxies_themselves_and_tls_through_tunnels() {
    for (proxy, is_forward) in [
        ("http://proxy", true),
        ("https://proxy", true),
        ("socks5h://proxy", false),
        ("socks5://proxy", false),
    ] {
        let proxies = Proxies::always(proxy).unwrap();
        let place = |uri: &str| Place::of(&uri.parse().unwrap()).unwrap();
        let clear = matches!(proxies.route(&place("http://quay.io/")), Route::Forward(_));
        assert_eq!(clear, is_forward, "{proxy}");
        let secure = proxies.route(&place("https://quay.io/"));
        assert!(matches!(secure, Route::Tunnel(_)), "{proxy}");
        assert_eq!(proxies.route(&place("http://localhost/")), Route::Direct);
    }
}

#[test]
fn a_url_that_makes_no_sense_is_an_error_without_its_password() {
    for (url, words) in [
        (
            "http://proxy:99999",
            "its port is no number from 1 to 65535",
        ),
        ("http://proxy:0", "its port is no number"),
        ("http://[::1]:70000", "its port is no number"),
        ("http://me:se#cret@proxy:3128", "%23"),
        ("me:se/cret@proxy:3128", "%23"),
        ("http://me:se?cret@proxy", "%23"),
        ("http://me:secret@", "no host"),
        ("ftp://me:secret@proxy", "only http://, https://"),
        ("http://me:secret@pro xy", "no host"),
    ] {
        let error = Proxies::always(url).unwrap_err().to_string();
        assert!(error.contains(words), "{url}: {error}");
        assert!(!error.contains("cret"), "{error}");
    }
    let proxies = Proxies::always(" http://[::1]:3128/ ").unwrap();
    assert_eq!(through(&proxies, "https://quay.io/"), "[::1]:3128");
}

#[test]
fn no_proxy_lists_names_addresses_networks_and_ports() {
    let list =
        "example.com, .dotted.org *.starred.net,10.0.0.0/8,192.168.1.7,[fd00::]/8,only.de:5000";
    let proxies = from_env(&[("ALL_PROXY", "proxy:3128"), ("NO_PROXY", list)]);
    for direct in [
        "https://example.com/",
        "https://EXAMPLE.com./",
        "https://a.b.example.com/",
        "https://x.dotted.org/",
        "https://y.starred.net:8443/",
        "https://10.250.3.4/",
        "http://192.168.1.7:5000/",
        "http://[fd12::1]:5000/",
        "http://only.de:5000/",
    ] {
        assert_eq!(through(&proxies, direct), "direct", "{direct}");
    }
    for proxied in [
        "https://notexample.com/",
        "https://example.com.evil.org/",
        "https://11.0.0.1/",
        "http://192.168.1.8/",
        "http://[fe80::1]/",
        "http://only.de/",
    ] {
        assert_eq!(through(&proxies, proxied), "proxy:3128", "{proxied}");
    }
    let never = from_env(&[("ALL_PROXY", "proxy:3128"), ("no_proxy", "*")]);
    assert_eq!(through(&never, "https://quay.io/"), "direct");
}

#[test]
fn this_machine_is_never_reached_through_a_proxy() {
    let proxies = Proxies::always("http://proxy:3128").unwrap();
    for local in [
        "http://localhost:5000/",
        "http://127.0.0.9/",
        "https://[::1]:5000/",
    ] {
        assert_eq!(through(&proxies, local), "direct", "{local}");
    }
    assert_eq!(through(&proxies, "https://quay.io/"), "proxy:3128");
}

#[test]
fn a_password_is_decoded_and_never_printed() {
    let proxies = Proxies::always("http://me:p%40ss%3a%zz@proxy").unwrap();
    let proxy = proxies.https.as_ref().unwrap();
    let user = proxy.user.as_ref().unwrap();
    assert_eq!(
        (&user.name[..], &user.password[..]),
        (&b"me"[..], &b"p@ss:%zz"[..])
    );
    assert_eq!(
        format!("{proxy} {:?}", proxies.http),
        "proxy:80 Some(Proxy(Http, proxy:80))"
    );
}

#[test]
fn schemes_tell_the_kinds_of_proxies_apart() {
    let place = Place::of(&"https://quay.io/".parse().unwrap()).unwrap();
    for (url, printed, wants_addresses) in [
        ("proxy", "Proxy(Http, proxy:80)", false),
        ("HTTP://proxy:1", "Proxy(Http, proxy:1)", false),
        ("https://proxy", "Proxy(Https, proxy:443)", false),
        ("socks5h://proxy", "Proxy(Socks, proxy:1080)", false),
        (
            "socks5://[::2]:9",
            "Proxy(SocksWithAddresses, [::2]:9)",
            true,
        ),
    ] {
        let proxies = Proxies::always(url).unwrap();
        let proxy = proxies.between(&place).unwrap();
        assert_eq!(format!("{proxy:?}"), printed);
        assert_eq!(proxy.wants_addresses(), wants_addresses, "{url}");
    }
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error_that_names_its_setting() {
    let set = |name: &str| (name == "ALL_PROXY").then(|| "socks4://me:secret@proxy".to_owned());
    let error = Proxies::from_env(set).unwrap_err();
    assert!(matches!(&error, ClientError::Proxy { setting, .. } if setting == "ALL_PROXY"));
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(Proxies::always("http://").is_err());
    for url in [
        "http://me:se/cret@proxy",
        "http://me:s@se/cret@proxy",
        "me:se?cret@proxy",
    ] {
        let error = Proxies::always(url).unwrap_err().to_string();
        assert!(error.contains("%2F") && !error.contains("se/"), "{error}");
    }
    let long = format!("socks5://me:{}@proxy", "x".repeat(256));
    assert!(Proxies::always(&long).is_err());
}

fn from_env(variables: &[(&str, &str)]) -> Proxies {
    let find = |name: &str| {
        let set = variables.iter().find(|(known, _)| *known == name)?;
        Some(set.1.to_owned())
    };
    Proxies::from_env(find).unwrap()
}

fn through(proxies: &Proxies, uri: &str) -> String {
    let place = Place::of(&uri.parse().unwrap()).unwrap();
    match proxies.between(&place) {
        Some(proxy) => proxy.to_string(),
        None => "direct".to_owned(),
    }
}
