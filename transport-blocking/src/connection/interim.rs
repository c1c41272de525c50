//! Interim answers: heads with a status of 1xx that come before the answer itself.
//!
//! They are sifted out before ureq sees them, for two reasons. While a body is sent, a late `100
//! Continue` must not be taken for the answer that ends the sending. And ureq takes a `100
//! Continue` with header fields, which RFC 9110 allows and some proxies send, for a final answer:
//! it would then wait for an answer while the server waits for the body.

/// What the bytes received so far are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sifted {
    /// Not enough to tell.
    Nothing,
    /// The server wants the body.
    Continue,
    /// The beginning of the answer. What is held belongs to it.
    Answer,
}

/// Takes complete interim heads off the front of `held`, up to the first that matters.
pub(super) fn sift(held: &mut Vec<u8>, expecting: bool) -> Sifted {
    loop {
        let code = match status(held) {
            Some(code) if code.starts_with(b"1") && code != b"101" => code,
            Some(_) => return Sifted::Answer,
            None if !held.is_empty() && !begins_like_a_head(held) => return Sifted::Answer,
            None => return Sifted::Nothing,
        };
        let is_continue = code == b"100";
        let Some(length) = head(held) else {
            return if held.len() < LONGEST {
                Sifted::Nothing
            } else {
                Sifted::Answer
            };
        };
        held.drain(..length);
        if is_continue && expecting {
            return Sifted::Continue;
        }
    }
}

/// What ureq is shown for a `100 Continue`, whatever fields it had.
pub(super) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The three digits of the status, once they are there.
fn status(head: &[u8]) -> Option<&[u8]> {
    let code = head.get(VERSION.len() + 2..VERSION.len() + 5)?;
    begins_like_a_head(head).then_some(code)
}

fn begins_like_a_head(bytes: &[u8]) -> bool {
    let shared = bytes.len().min(VERSION.len());
    bytes[..shared] == VERSION[..shared]
}

/// The length of the head, with the empty line that ends it.
fn head(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(end + 4)
}

/// `HTTP/1.0` or `HTTP/1.1`, without the last digit; a space follows.
const VERSION: &[u8] = b"HTTP/1.";

/// No interim head is this long: whatever it is, ureq may judge it.
const LONGEST: usize = 64 * 1024;
