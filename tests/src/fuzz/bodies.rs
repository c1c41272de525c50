//! Bodies of answers: error documents of a registry, and the answers of a token server.

use bytes::Bytes;

use super::exchanges::{Reply, is_for_token, play, status, with_header};

/// The first byte says where, the second with which status; what comes then is the body.
pub(super) fn bodies(bytes: &[u8]) {
    let (head, body) = bytes.split_at(bytes.len().min(2));
    let place = head.first().copied().unwrap_or_default();
    let code = 400 + u16::from(head.get(1).copied().unwrap_or_default() % 200);
    let body = Bytes::copy_from_slice(body);
    let played = play(bytes, |request| {
        let path = request.uri().path();
        let is_login = request.headers().contains_key("authorization");
        match place % 6 {
            0 | 1 if path == "/v2/" && !is_login => {
                let realm = b"Bearer realm=\"https://auth.test/token\",service=\"registry.test\"";
                Reply::Answer(with_header(status(401), "www-authenticate", realm))
            }
            0 if is_for_token(request) => Reply::Answer(status(200).map(|_| body.clone())),
            1 if is_for_token(request) => Reply::Answer(status(code).map(|_| body.clone())),
            2 if request.method() == "POST" => refusal(code, &body),
            3 if request.method() == "PUT" && path.contains("/uploads/") => refusal(code, &body),
            4 if request.method() == "PUT" => refusal(code, &body),
            5 if request.method() != "DELETE" => refusal(code, &body),
            _ => Reply::Good,
        }
    });
    assert!(place % 6 != 5 || played.result.is_err(), "all was refused");
}

fn refusal(code: u16, body: &Bytes) -> Reply {
    let response = status(code).map(|_| body.clone());
    Reply::Answer(with_header(response, "content-type", b"application/json"))
}
