//! A second 401, with another challenge than the first, or with none.

use super::bench::*;
use crate::*;

const BEARER: &str = r#"Bearer realm="https://auth.example/token",service="q""#;
const TOKEN: &str = "GET https://auth.example/token?service=q&scope=repository:team/app:pull,push";
const OPEN: &str = "POST /v2/team/app/blobs/uploads/";

/// A push whose first request was refused with this challenge, and that was given a password.
fn challenged(challenge: &str) -> Bench {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 401, &[("www-authenticate", challenge)]);
    bench.hand_in(Some(Credentials::password("me", "my-password")));
    bench
}

/// Harbor challenges with Basic whoever comes with credentials.
#[test]
fn the_challenge_that_began_with_bearer_is_the_one_that_is_meant() {
    let mut bench = challenged(BEARER);
    bench.answer_with(TOKEN, 200, &[], r#"{"token":"the-first"}"#);
    bench.answer(OPEN, 401, &[("www-authenticate", "Basic realm=\"harbor\"")]);
    bench.answer_with(TOKEN, 200, &[], r#"{"token":"the-second"}"#);
    let open = bench.next();
    assert_eq!(open.line(), OPEN);
    assert_eq!(open.header("authorization"), Some("Bearer the-second"));
}

#[test]
fn a_scope_is_asked_for_where_the_challenge_is_about_the_push() {
    let with_scope = |scope: &str| format!("{BEARER},scope=\"repository:{scope}:pull\"");
    let mut bench = challenged(&with_scope("of/the-probe"));
    bench.answer_with(TOKEN, 200, &[], r#"{"token":"the-first"}"#);
    let challenge = with_scope("of/the-push");
    bench.answer(OPEN, 401, &[("www-authenticate", &challenge)]);
    let line = bench.next().line();
    assert_eq!(line, format!("{TOKEN}&scope=repository:of/the-push:pull"));
}

#[test]
fn a_challenge_need_not_be_said_twice() {
    let mut bench = challenged("Basic realm=\"x\"");
    bench.answer(OPEN, 401, &[]);
    let again = bench.asked.pop_front().expect("other credentials may help");
    assert_eq!(again.reason, CredentialsReason::Refused);
}

#[test]
fn a_401_that_never_said_how_is_the_end() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 401, &[]);
    assert!(bench.asked.is_empty(), "nobody knows what for");
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Unauthenticated);
    assert!(error.to_string().contains("does not say how"), "{error}");
}
