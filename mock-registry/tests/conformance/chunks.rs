//! Blobs in several pieces.

use crate::APP;
use crate::client::{Answer, Client, with_query};
use longshore_protocol::Digest;

fn patch(client: &mut Client, location: &str, range: &str, bytes: &[u8]) -> Answer {
    let headers = [
        ("content-type", "application/octet-stream"),
        ("content-range", range),
    ];
    client.send(&format!("PATCH {location}"), &headers, bytes)
}

fn put(
    client: &mut Client,
    location: &str,
    range: Option<&str>,
    whole: &[u8],
    last: &[u8],
) -> Answer {
    let target = with_query(location, &format!("digest={}", Digest::sha256(whole)));
    let range = range.map(|range| ("content-range", range));
    let headers: Vec<_> = range.into_iter().collect();
    client.send(&format!("PUT {target}"), &headers, last)
}

#[test]
fn p24_a_content_range_is_two_numbers() {
    for range in [
        "bytes=0-4",
        "bytes 0-4",
        "0-4/5",
        "0-",
        "-4",
        "4",
        "a-b",
        "0 - 4",
        "3-1",
    ] {
        let mut client = Client::of("oci");
        let location = client.open(APP);
        let answer = patch(&mut client, &location, range, b"hello");
        assert!(
            [400, 416].contains(&answer.status()),
            "{range}: {}",
            answer.status()
        );
        assert_eq!(client.core.open_sessions()[0].stored, 0, "{range}");
    }
}

#[test]
fn p25_p29_a_chunk_out_of_order_is_refused() {
    let mut client = Client::of("oci");
    let location = client.open(APP);
    assert_eq!(
        patch(&mut client, &location, "1-5", b"hello").status(),
        416,
        "a first gap"
    );
    assert_eq!(patch(&mut client, &location, "0-4", b"hello").status(), 202);
    for range in ["0-4", "4-8", "6-10"] {
        assert_eq!(
            patch(&mut client, &location, range, b"hello").status(),
            416,
            "{range}"
        );
    }
    assert_eq!(client.core.open_sessions()[0].stored, 5);
}

#[test]
fn p29_a_last_chunk_out_of_order_is_refused_too() {
    let mut client = Client::of("oci");
    let location = client.open(APP);
    patch(&mut client, &location, "0-4", b"hello");
    let refused = put(&mut client, &location, Some("6-6"), b"hello!", b"!");
    assert_eq!(refused.status(), 416);
    let done = put(&mut client, &location, Some("5-5"), b"hello!", b"!");
    assert_eq!(done.status(), 201, "the session outlives it");
}

#[test]
fn p24_a_length_that_the_range_belies_is_refused() {
    let mut client = Client::of("oci");
    let location = client.open(APP);
    assert_eq!(patch(&mut client, &location, "0-9", b"hello").status(), 400);
}

/// Chunks of any size follow each other, and the last may be smaller than the smallest.
#[test]
fn p26_p27_the_range_covers_the_whole_blob() {
    let mut client = Client::of("oci");
    let location = client.open(APP);
    for (range, bytes, shown) in [
        ("0-4", &b"hello"[..], "0-4"),
        ("5-5", b" ", "0-5"),
        ("6-10", b"world", "0-10"),
    ] {
        let answer = patch(&mut client, &location, range, bytes);
        assert_eq!(
            (answer.status(), answer.header("range")),
            (202, Some(shown))
        );
        assert!(answer.header("location").is_some());
    }
    let done = put(&mut client, &location, None, b"hello world", b"");
    assert_eq!(done.status(), 201);
    assert_eq!(client.get(&done.location()).text(), "hello world");
}

#[test]
fn p28_the_newest_location_is_the_one_that_goes_on() {
    let text = "name = 'r'\nsummary = ''\n[location]\nstate = 'rotating'";
    let profile = longshore_mock_registry::Profile::from_toml(text).unwrap();
    let mut client = Client::new(longshore_mock_registry::Config::new(profile));
    let first = client.open(APP);
    let second = patch(&mut client, &first, "0-4", b"hello").location();
    assert_ne!(first, second);
    assert_eq!(
        patch(&mut client, &first, "5-5", b"!").status(),
        416,
        "the old one is dead"
    );
    let third = client.get(&second).location();
    assert_eq!(
        put(&mut client, &third, Some("5-5"), b"hello!", b"!").status(),
        201
    );
}

#[test]
fn p30_the_status_tells_where_an_upload_stands() {
    let mut client = Client::of("oci");
    let location = client.open(APP);
    let empty = client.get(&location);
    assert_eq!((empty.status(), empty.header("range")), (204, Some("0-0")));
    patch(&mut client, &location, "0-4", b"hello");
    assert_eq!(patch(&mut client, &location, "9-9", b"!").status(), 416);
    let status = client.get(&location);
    assert_eq!(
        (status.status(), status.header("range")),
        (204, Some("0-4"))
    );
    let next = status.location();
    assert_eq!(patch(&mut client, &next, "5-5", b"!").status(), 202);
}

#[test]
fn p31_an_upload_ends_with_or_without_a_last_chunk() {
    for (range, last) in [(None, &b""[..]), (Some("5-5"), b"!"), (None, b"!")] {
        let mut client = Client::of("oci");
        let location = client.open(APP);
        patch(&mut client, &location, "0-4", b"hello");
        let whole = [b"hello", last].concat();
        let done = put(&mut client, &location, range, &whole, last);
        assert_eq!(done.status(), 201);
        assert_eq!(client.get(&done.location()).0.body().as_ref(), whole);
        assert!(client.core.open_sessions().is_empty());
    }
    let mut client = Client::of("oci");
    let location = client.open(APP);
    patch(&mut client, &location, "0-4", b"hello");
    let wrong = put(&mut client, &location, None, b"other", b"");
    assert_eq!(
        (wrong.status(), wrong.code().as_deref()),
        (400, Some("DIGEST_INVALID"))
    );
}

#[test]
fn p33_a_stream_of_unknown_length_is_taken() {
    let mut client = Client::of("oci");
    let location = client.open(APP);
    let request = http::Request::patch(&location).body(bytes::Bytes::from_static(b"hello"));
    let answer = client.core.handle(client.now, request.unwrap());
    assert_eq!(answer.status(), 202);
    assert_eq!(
        put(&mut client, &location, None, b"hello", b"").status(),
        201
    );
}
