//! How a request's body is announced on HTTP/1.1.

use http::header::{CONTENT_LENGTH, EXPECT, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method};

/// Whether a body of this length, or of one that nobody knows, is announced with `Expect:
/// 100-continue`.
#[must_use]
pub fn expects(length: Option<u64>) -> bool {
    length.is_none_or(|length| length >= EXPECT_FROM)
}

/// Adds the headers that frame a body of `length`, and the question for leave to send it.
pub fn announce(headers: &mut HeaderMap, method: &Method, length: Option<u64>, expect: bool) {
    match length {
        None => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        Some(0) if !names_a_body(method) => {}
        Some(length) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
    }
    if expect {
        headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
    }
}

/// Whether a request without body says so (RFC 9110, section 8.6); the OCI distribution
/// specification wants `Content-Length: 0` where its requests are empty.
fn names_a_body(method: &Method) -> bool {
    matches!(
        *method,
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    )
}

/// The shortest body that is announced with `Expect: 100-continue`. Below, waiting for the
/// server's leave costs more than a body sent in vain; at a second for a server that does not know
/// `Expect`, a mebibyte is where even a slow line spends longer on the body than on the wait.
const EXPECT_FROM: u64 = 1024 * 1024;
