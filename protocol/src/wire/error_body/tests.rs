use super::*;
use crate::redaction::redacted;

fn message(body: &str) -> (Option<String>, String) {
    let read = read(
        StatusCode::BAD_REQUEST,
        &HeaderMap::new(),
        body.as_bytes(),
        &redacted,
    );
    (
        read.answer.code.map(|code| code.to_string()),
        read.answer.message,
    )
}

#[test]
fn every_kind_of_body_is_understood_or_left_out() {
    let code = |text: &str| Some(text.to_owned());
    for (body, expected_code, expected) in [
        (
            r#"{"errors":[{"code":"DENIED","message":"no","detail":{"message":"quota\nlong dump"}}]}"#,
            code("DENIED"),
            "no: quota",
        ),
        (
            r#"{"errors":[{"code":"DENIED","detail":"why"}]}"#,
            code("DENIED"),
            "why",
        ),
        (
            r#"{"errors":[{"code":"X","message":"m","detail":[1,2]}]}"#,
            code("X"),
            "m",
        ),
        (
            r#"{"errors":[{"code":"X","message":"m is m","detail":"m"}]}"#,
            code("X"),
            "m is m",
        ),
        (
            r#"{"errors":[{"code":7,"message":null,"detail":7}]}"#,
            None,
            "",
        ),
        // Three shapes of an object where the list should be, and of what is in it.
        (
            r#"{"errors":{"code":"DENIED","message":"no","detail":"why"}}"#,
            code("DENIED"),
            "no: why",
        ),
        (
            r#"{"errors":{"name":["is too long","is odd"]}}"#,
            None,
            "name: is too long",
        ),
        (
            r#"{"errors":{"name":"is too long"}}"#,
            None,
            "name: is too long",
        ),
        (
            r#"{"errors":{"0":{"code":"DENIED","message":"no"}}}"#,
            code("DENIED"),
            "no",
        ),
        (r#"{"errors":{}}"#, None, ""),
        (r#"{"errors":{"name":7}}"#, None, ""),
        (r#"{"errors":["no","why"]}"#, None, "no"),
        (r#"{"errors":"no"}"#, None, "no"),
        (
            r#"{"error":{"code":"DENIED","message":"no"}}"#,
            code("DENIED"),
            "no",
        ),
        ("\u{feff}{\"errors\":[{\"code\":\"X\"}]}", code("X"), ""),
        (r#"{"errors":null}"#, None, ""),
        (r#"{"errors":[]}"#, None, ""),
        ("{}", None, ""),
        ("", None, ""),
        ("null", None, ""),
        (
            r#"{"error": "Invalid bearer token format"}"#,
            None,
            "Invalid bearer token format",
        ),
        (
            "Too Many Requests (HAP429).\nmore",
            None,
            "Too Many Requests (HAP429).",
        ),
        (
            "<html><head><title>413 Request Entity Too Large</title></head><body>x</body></html>",
            None,
            "413 Request Entity Too Large",
        ),
        (
            "<!DOCTYPE HTML><h1>Not <b>Found</b></h1>",
            None,
            "Not Found",
        ),
        ("<html><body>plain\u{1b}[2J</body>", None, "plain[2J"),
        ("<html><title>", None, ""),
    ] {
        assert_eq!(
            message(body),
            (expected_code, expected.to_owned()),
            "{body}"
        );
    }
}

#[test]
fn missing_blobs_are_named() {
    let (a, b) = (Digest::sha256(b"a"), Digest::sha256(b"b"));
    let body = format!(
        r#"{{"errors":[{{"code":"MANIFEST_BLOB_UNKNOWN","detail":{{"digest":"{a}"}}}},{{"detail":"{b} {a} sha256:12"}}]}}"#
    );
    let read = read(
        StatusCode::BAD_REQUEST,
        &HeaderMap::new(),
        body.as_bytes(),
        &redacted,
    );
    assert_eq!(read.digests, [a, b]);
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let read = read(
        StatusCode::BAD_GATEWAY,
        &HeaderMap::new(),
        &[0xff, 0xfe, b'x'],
        &redacted,
    );
    assert!(read.answer.message.ends_with('x'));
}

#[test]
fn what_begins_with_an_angle_bracket_is_a_page_only_where_it_says_so() {
    let page = b"<p>out of order</p>";
    let mut headers = HeaderMap::new();
    let said = |headers: &HeaderMap| {
        read(StatusCode::BAD_GATEWAY, headers, page, &redacted)
            .answer
            .message
    };
    assert_eq!(said(&headers), "<p>out of order</p>");
    let html = http::HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(CONTENT_TYPE, html);
    assert_eq!(said(&headers), "out of order");
}

#[test]
fn compressed_words_are_said_to_be() {
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0];
    let read_with = |coding: Option<&str>, body: &[u8]| {
        let mut headers = HeaderMap::new();
        if let Some(coding) = coding {
            headers.insert(CONTENT_ENCODING, coding.parse().expect("it is a value"));
        }
        read(StatusCode::FORBIDDEN, &headers, body, &redacted)
            .answer
            .message
    };
    for (coding, body) in [
        (None, &gzip[..]),
        (Some("gzip"), &gzip[..]),
        (Some("br"), b"\x0b\x02"),
    ] {
        let message = read_with(coding, body);
        assert!(message.contains("compressed"), "{coding:?}: {message}");
    }
    assert_eq!(read_with(Some("identity"), b"no"), "no");
    assert_eq!(read_with(Some("gzip"), b""), "");
    // One that says so and is not is read.
    assert_eq!(read_with(Some("gzip"), br#"{"message":"no"}"#), "no");
}
