//! Headers of a registry that may say anything: one target for each that is parsed.

use std::time::Duration;

use http::Method;
use http::header::AUTHORIZATION;

use super::exchanges::{Reply, SIZE, is_for_token, play, status, with_header};

/// `WWW-Authenticate`, a value to a line: realms, services and scopes.
pub(super) fn challenge(bytes: &[u8]) {
    play(bytes, |request| {
        if request.headers().contains_key(AUTHORIZATION) || is_for_token(request) {
            return Reply::Good;
        }
        let lines = bytes.split(|byte| *byte == b'\n');
        Reply::Answer(lines.fold(status(401), |response, line| {
            with_header(response, "www-authenticate", line)
        }))
    });
}

/// `Location`: of an upload session, of the next part, and of a redirect.
pub(super) fn location(bytes: &[u8]) {
    let (what, value) = bytes.split_first().unwrap_or((&0, &[]));
    let mut redirects = 0;
    let played = play(bytes, |request| match *request.method() {
        Method::POST => Reply::Answer(with_header(status(202), "location", value)),
        Method::HEAD if what % 3 == 1 && redirects < 1 => {
            redirects += 1;
            Reply::Answer(with_header(status(307), "location", value))
        }
        Method::PUT if what % 3 == 2 && redirects < 1 => {
            redirects += 1;
            Reply::Answer(with_header(status(307), "location", value))
        }
        _ => Reply::Good,
    });
    for asked in &played.requests {
        assert!(!asked.path.contains("/../"), "{}", asked.path);
    }
}

/// `Range`: what an interrupted upload's session is said to have. The first two bytes tell how
/// much was sent.
pub(super) fn range(bytes: &[u8]) {
    let (sent, value) = bytes.split_at(bytes.len().min(2));
    let sent = sent.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)) % (SIZE + 1);
    let mut is_broken = false;
    let played = play(bytes, |request| match *request.method() {
        Method::PUT if !is_broken && request.uri().path().contains("/uploads/") => {
            is_broken = true;
            Reply::Broken(sent)
        }
        Method::GET if request.uri().path().contains("/uploads/") => {
            Reply::Answer(with_header(status(204), "range", value))
        }
        _ => Reply::Good,
    });
    let mut slices = played.requests.iter().filter_map(|asked| asked.slice);
    let first = slices.next();
    assert_eq!(first, Some((0, SIZE)));
    if let Some((offset, _)) = slices.next() {
        assert!(
            offset <= sent,
            "{offset} is beyond the {sent} that were sent"
        );
    }
    assert!(played.result.is_ok(), "{:?}", played.result);
}

/// `Retry-After` on the first line, `Date` on the second.
pub(super) fn retry_after(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let (after, date) = (lines.next().unwrap_or_default(), lines.next());
    let mut is_first = true;
    let played = play(bytes, |_| {
        if !std::mem::take(&mut is_first) {
            return Reply::Good;
        }
        let response = with_header(status(429), "retry-after", after);
        let date = date.into_iter();
        Reply::Answer(date.fold(response, |response, date| {
            with_header(response, "date", date)
        }))
    });
    let seconds = std::str::from_utf8(after)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok());
    let limit = super::exchanges::config().retry_after_limit;
    match (seconds.map(Duration::from_secs), played.requests.get(1)) {
        (Some(pause), Some(second)) => assert!(second.at >= pause, "{:?}", second.at),
        (Some(pause), None) => assert!(pause > limit, "{pause:?}"),
        (None, Some(second)) => assert!(second.at <= limit * 2, "{:?}", second.at),
        (None, None) => assert!(played.result.is_err()),
    }
}
