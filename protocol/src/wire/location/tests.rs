use super::*;

fn from(registry: &str, to: &str) -> Result<String, Refusal> {
    let registry = HttpUrl::parse(registry).expect("it is a URL");
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, to.parse().expect("it is a header value"));
    location(registry.origin(), &registry, &headers)
        .map(|url| url.to_uri().expect("it is a URI").to_string())
}

#[test]
fn other_hosts_are_followed() {
    for (registry, to) in [
        ("https://q.example/v2/", "https://store.example/u?sig=1"),
        ("https://q.example/v2/", "https://q.example:8443/u"),
        // Digits in a name are no number.
        ("https://q.example/v2/", "https://store.3com/u"),
        ("https://q.example/v2/", "https://1store.example/u"),
        // Next to the shared and the private addresses, and not among them.
        ("https://q.example/v2/", "https://100.63.0.1/u"),
        ("https://q.example/v2/", "https://100.128.0.1/u"),
        ("https://q.example/v2/", "https://172.32.0.1/u"),
        ("https://q.example/v2/", "https://[fb00::1]/u"),
        ("https://q.example/v2/", "https://[2001:db8::1]/u"),
        ("http://localhost:5000/v2/", "http://127.0.0.1:5001/u"),
        ("http://localhost:5000/v2/", "https://q.example/u"),
        ("http://10.0.0.1/v2/", "http://10.0.0.2/u"),
        ("https://169.254.1.1/v2/", "https://169.254.1.1:444/u"),
    ] {
        assert_eq!(from(registry, to).as_deref(), Ok(to), "{registry}");
    }
}

#[test]
fn clear_text_is_corrected_at_the_same_host_and_refused_elsewhere() {
    let corrected = Ok("https://q.example/u?_state=x".to_owned());
    assert_eq!(
        from("https://q.example/v2/", "http://q.example/u?_state=x"),
        corrected
    );
    assert_eq!(
        from("https://q.example:5000/", "http://q.example:5000/u").as_deref(),
        Ok("https://q.example:5000/u")
    );
    for to in ["http://other.example/u", "http://q.example:8080/u"] {
        let refusal = from("https://q.example/v2/", to).expect_err(to);
        assert!(matches!(refusal, Refusal::Downgrade(_)), "{to}: {refusal}");
    }
}

#[test]
fn addresses_inside_are_refused_from_outside() {
    for to in [
        "https://127.0.0.1/u",
        "https://localhost/u",
        "https://x.localhost./u",
        "https://10.1.2.3/u",
        "https://172.16.0.1/u",
        "https://192.168.1.1/u",
        "https://100.64.0.1/u",
        "https://169.254.169.254/latest",
        "https://[::1]/u",
        "https://[::ffff:169.254.169.254]/u",
        "https://[fe80::1]/u",
        "https://[fd00::1]/u",
        "https://2852039166/u",
        "https://0xa9fea9fe/u",
        "https://0251.0376.0251.0376/u",
        "https://0.0.0.0/u",
    ] {
        let refusal = from("https://q.example/v2/", to).expect_err(to);
        assert_eq!(refusal.kind(), PushErrorKind::Unsafe, "{to}: {refusal}");
    }
    assert!(from("http://10.0.0.1/v2/", "http://127.0.0.1/u").is_err());
    assert!(from("http://localhost/v2/", "http://169.254.169.254/u").is_err());
}

#[test]
fn nonsense_is_told_from_danger() {
    let refusal = from("https://q.example/v2/", "ftp://q.example/u").expect_err("no ftp");
    assert_eq!(refusal.kind(), PushErrorKind::Unintelligible);
    let url = HttpUrl::parse("https://q.example/").expect("it is a URL");
    assert_eq!(
        location(url.origin(), &url, &HeaderMap::new()),
        Err(Refusal::Missing)
    );
}
