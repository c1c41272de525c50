use super::*;

fn base() -> HttpUrl {
    HttpUrl::parse("https://q.example/v2/a/blobs/uploads/?x=1").expect("it is a URL")
}

fn whole(url: &HttpUrl) -> String {
    url.to_uri().expect("it is a URI").to_string()
}

#[test]
fn references_resolve_as_the_rfc_says() {
    for (reference, url) in [
        (
            "/v2/a/u/1?_state=b%2Fc&d",
            "https://q.example/v2/a/u/1?_state=b%2Fc&d",
        ),
        ("1", "https://q.example/v2/a/blobs/uploads/1"),
        (
            "./1?q=/../x",
            "https://q.example/v2/a/blobs/uploads/1?q=/../x",
        ),
        ("../x/./y/..", "https://q.example/v2/a/blobs/x/"),
        ("../../../../../../z", "https://q.example/z"),
        (
            "?only=query",
            "https://q.example/v2/a/blobs/uploads/?only=query",
        ),
        ("//other.example:444/x", "https://other.example:444/x"),
        ("http://other.example", "http://other.example/"),
        ("HTTPS://Q.Example:443/x", "https://q.example/x"),
        ("https://q.example?x", "https://q.example/?x"),
        ("https://[::1]:8080/x#f", "https://[::1]:8080/x"),
        (" /trimmed ", "https://q.example/trimmed"),
        ("/a:b/c", "https://q.example/a:b/c"),
    ] {
        let joined = base().join(reference).expect(reference);
        assert_eq!(whole(&joined), url, "{reference}");
    }
}

#[test]
fn what_is_no_place_to_go_is_refused() {
    for (reference, error) in [
        ("", UrlError::Empty),
        ("#f", UrlError::Empty),
        ("ftp://q.example/", UrlError::Scheme),
        ("file:///etc/passwd", UrlError::Scheme),
        ("null://host/v2/token", UrlError::Scheme),
        ("https://user:pass@q.example/", UrlError::UserInformation),
        ("https://user@q.example", UrlError::UserInformation),
        ("https:///x", UrlError::Authority),
        ("https:x", UrlError::Authority),
        ("https://host:5001:5001/x", UrlError::Authority),
        ("https://host:99999/x", UrlError::Authority),
        ("https://host:+80/x", UrlError::Authority),
        ("/a b", UrlError::Characters),
        ("/a\r\nHost: x", UrlError::Characters),
        ("/\u{e4}", UrlError::Characters),
        ("\\\\evil\\x", UrlError::Characters),
    ] {
        assert_eq!(base().join(reference), Err(error), "{reference}");
    }
    assert_eq!(HttpUrl::parse("/relative"), Err(UrlError::Scheme));
}

#[test]
fn a_pair_is_added_and_nothing_else_changes() {
    for (before, after) in [
        ("https://q.example/u", "https://q.example/u?digest=d"),
        ("https://q.example/u?", "https://q.example/u?digest=d"),
        (
            "https://q.example/u?z=%2f&a=+",
            "https://q.example/u?z=%2f&a=+&digest=d",
        ),
        ("https://q.example/u?a&", "https://q.example/u?a&digest=d"),
    ] {
        let url = HttpUrl::parse(before).expect(before);
        assert_eq!(whole(&url.with_query_pair("digest=d")), after);
    }
}

#[test]
fn queries_are_not_printed() {
    let url = HttpUrl::parse("https://s.example/u?signature=canary").expect("it is a URL");
    assert_eq!(
        format!("{url} {url:?}"),
        "https://s.example/u https://s.example/u"
    );
}

#[test]
fn query_values_are_encoded() {
    assert_eq!(
        encoded("repository:a/b:pull,push"),
        "repository:a/b:pull,push"
    );
    assert_eq!(encoded("a b&c=d+\u{e4}"), "a%20b%26c%3Dd%2B%C3%A4");
}

#[test]
fn lengths_are_bounded() {
    let start = "https://q.example/";
    let longest = format!("{start}{}", "a".repeat(MAX_URL - start.len()));
    assert!(HttpUrl::parse(&longest).is_ok());
    let longer = HttpUrl::parse(&format!("{longest}a"));
    assert_eq!(longer, Err(UrlError::Length));
}

#[test]
fn a_relative_path_does_not_begin_with_a_segment_with_a_colon() {
    let base = HttpUrl::parse("https://q.example/v2/up/").expect("it is a URL");
    for text in [
        "https,http://q.example/up",
        "127.0.0.1:5000/v2/up",
        "1:2",
        ":/up",
    ] {
        assert_eq!(base.join(text).err(), Some(UrlError::Scheme), "{text}");
    }
    for text in ["/a:b", "a/b:c", "?a:b", "./a:b"] {
        assert!(base.join(text).is_ok(), "{text}");
    }
}
