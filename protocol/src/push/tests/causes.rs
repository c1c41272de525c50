//! Failures of which more is known than their status: what a person is told then.

use super::bench::*;
use crate::*;

const OPEN: &str = "POST /v2/team/app/blobs/uploads/";

/// A push to `reference`, challenged like this and let in with a token, up to the answer to its
/// first `POST`.
fn refused(reference: &str, service: &str, status: u16, body: &str) -> PushError {
    let reference: Reference = reference.parse().expect("it has the form");
    let mut bench = Bench::new(Config::new(reference));
    let challenge = format!(r#"Bearer realm="https://auth.example/t",service="{service}""#);
    let headers = [("www-authenticate", challenge.as_str())];
    bench.answer_next(401, &headers);
    bench.hand_in(Some(Credentials::password("me", "pass-canary")));
    loop {
        let call = bench.next();
        if call.line().contains("auth.example") {
            bench.reply(call, 200, &[], r#"{"token":"t"}"#, part(0));
            continue;
        }
        bench.reply(call, status, &headers, body, part(0));
        if bench.done {
            return bench.error();
        }
    }
}

#[test]
fn a_harbor_wants_a_project() {
    for status in [401, 403, 404] {
        let told = refused("h.example/app:1", "harbor-registry", status, "").to_string();
        assert!(
            told.contains("wants PROJECT/app for app"),
            "{status}: {told}"
        );
        let told = refused("h.example/team/app:1", "harbor-registry", status, "").to_string();
        assert!(!told.contains("PROJECT"), "{status}: {told}");
    }
    // Of another registry that is not known.
    let error = refused("h.example/app:1", "else", 404, "");
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("some registries want PROJECT/NAME"))
    );
}

#[test]
fn a_registry_that_calls_itself_otherwise_is_named_both_ways() {
    let told = refused("q.example/team/app:1", "registry.internal:5000", 401, "").to_string();
    assert!(
        told.contains("reached as q.example and calls itself registry.internal:5000"),
        "{told}"
    );
    for (service, status) in [
        ("q.example", 401),
        ("container_registry", 401),
        ("r.internal", 403),
    ] {
        let told = refused("q.example/team/app:1", service, status, "").to_string();
        assert!(!told.contains("calls itself"), "{service}: {told}");
    }
}

#[test]
fn a_full_quota_is_no_matter_of_rights() {
    let body = r#"{"errors":[{"code":"DENIED","message":"Quota has been exceeded on namespace"}]}"#;
    let harbor = r#"{"errors":[{"code":"DENIED","message":"adding 3 MiB of storage resource, which when updated to current usage of 9 MiB will exceed the configured upper limit of 10 MiB"}]}"#;
    for body in [body, harbor] {
        let mut bench = Bench::new(config());
        bench.answer("GET /v2/", 200, &[]);
        bench.answer_with(OPEN, 403, &[], body);
        let (mut put, call) = Bench::putting("abc");
        put.reply(call, 403, &[], body, part(3));
        let (mut manifest, call) = Bench::finishing_with(config());
        manifest.reply(call, 403, &[], body, part(2));
        manifest.answer_next(404, &[]);
        for error in [bench.error(), put.error(), manifest.error()] {
            assert_eq!(error.kind(), PushErrorKind::Rejected, "{error}");
            let hint = error.hint().unwrap_or_default();
            assert!(hint.contains("quota is full"), "{error}: {hint}");
        }
    }
    let (mut bench, put) = Bench::putting("abc");
    bench.reply(put, 507, &[], "", part(3));
    assert!(
        bench
            .error()
            .hint()
            .is_some_and(|hint| hint.contains("storage"))
    );
}

#[test]
fn a_page_that_forbids_comes_from_something_in_front() {
    let page = "<html><title>403 Forbidden</title></html>";
    let headers = [("content-type", "text/html")];
    let mut opening = Bench::new(config());
    opening.answer("GET /v2/", 200, &[]);
    opening.answer_with(OPEN, 403, &headers, page);
    let (mut putting, put) = Bench::putting("abc");
    putting.reply(put, 403, &headers, page, part(0));
    let (mut manifest, put) = Bench::finishing_with(config());
    manifest.reply(put, 403, &headers, page, part(0));
    manifest.answer_next(404, &[]);
    for error in [opening.error(), putting.error(), manifest.error()] {
        assert_eq!(error.kind(), PushErrorKind::Denied);
        assert!(error.answer().is_some_and(|answer| answer.is_page));
        let hint = error.hint().unwrap_or_default();
        assert!(
            hint.contains("something in front of the registry"),
            "{hint}"
        );
    }
    let (mut bench, put) = Bench::putting("abc");
    bench.reply(put, 403, &[], "no", part(0));
    let error = bench.error();
    assert!(error.answer().is_some_and(|answer| !answer.is_page));
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("right to push"))
    );
}

#[test]
fn a_place_without_the_port_is_named_with_its_cause() {
    let reference: Reference = "q.example:5000/team/app:1"
        .parse()
        .expect("it has the form");
    for failure in [None, Some(404)] {
        let mut config = Config::new(reference.clone());
        (config.attempts, config.sessions) = (1, 1);
        let mut bench = Bench::new(config);
        bench.answer_next(200, &[]);
        let location = "https://q.example/v2/team/app/blobs/uploads/7?_state=sig-canary";
        bench.answer_next(202, &[("location", location)]);
        bench.add(BlobSpec::known(blob("abc")));
        bench.answer_next(404, &[]);
        let put = bench.next();
        match failure {
            None => bench.break_off(put, FailureKind::Connect, part(0)),
            Some(status) => bench.reply(put, status, &[], "", part(0)),
        }
        let error = bench.error();
        let hint = error.hint().unwrap_or_default();
        let expected = "the registry is at https://q.example:5000 and sent the upload to \
                        https://q.example/v2/team/app/blobs/uploads/7, without the port";
        assert!(hint.contains(expected), "{error}: {hint}");
        assert!(!hint.contains("sig-canary"), "invariant 12");
    }
}

#[test]
fn a_place_that_is_no_url_is_shown_up_to_its_query() {
    for (location, shown, cause) in [
        (
            "https, http://q.example/v2/up/7?_state=sig-canary",
            r#""https, http://q.example/v2/up/7""#,
            "X-Forwarded-Proto",
        ),
        (
            "https,http://q.example/up",
            r#""https,http://q.example/up""#,
            "X-Forwarded-Proto",
        ),
        (
            "https://q.example:port/up",
            r#""https://q.example:port/up""#,
            "port is malformed",
        ),
        (
            "ftp://q.example/up",
            r#""ftp://q.example/up""#,
            "neither http nor https",
        ),
        (
            "https://me:pass-canary@q.example/up",
            "its Location is not",
            "user name",
        ),
        (
            "https://me:pass-canary@[/up",
            "its Location is not",
            "is not a URL",
        ),
    ] {
        let mut bench = Bench::new(config());
        bench.answer("GET /v2/", 200, &[]);
        bench.answer_next(202, &[("location", location)]);
        let told = bench.error().to_string();
        assert!(
            told.contains(shown) && told.contains(cause),
            "{location}: {told}"
        );
        assert!(!told.contains("canary"), "invariant 12: {told}");
    }
}

#[test]
fn schemes_that_cannot_be_answered_are_named() {
    for (challenges, named) in [
        (vec!["Negotiate"], "offers Negotiate and nothing else"),
        (
            vec!["Negotiate", "NTLM", "Negotiate"],
            "offers Negotiate, NTLM and",
        ),
        (vec![r#"Digest realm="x", nonce="y""#], "offers Digest and"),
        (vec![], "does not say how"),
    ] {
        let mut bench = Bench::new(config());
        let headers: Vec<_> = challenges
            .iter()
            .map(|text| ("www-authenticate", *text))
            .collect();
        bench.answer("GET /v2/", 401, &headers);
        let error = bench.error();
        assert_eq!(error.kind(), PushErrorKind::Unauthenticated);
        assert!(error.to_string().contains(named), "{error}");
    }
}

/// A push that is given this by its token server.
fn given(headers: &[(&str, &str)], body: &str) -> Bench {
    let mut bench = Bench::new(config());
    let realm = "Bearer realm=\"https://auth.example/token\"";
    bench.answer("GET /v2/", 401, &[("www-authenticate", realm)]);
    bench.hand_in(None);
    let call = bench.next();
    bench.reply(call, 200, headers, body, part(0));
    bench
}

#[test]
fn a_mark_in_front_of_a_token_is_not_a_part_of_it() {
    let mut bench = given(&[], "\u{feff}{\"token\":\"t\"}");
    assert_eq!(bench.next().header("authorization"), Some("Bearer t"));
}

#[test]
fn a_compressed_token_is_told_from_none() {
    for (headers, body) in [
        (vec![("content-encoding", "gzip")], "x"),
        (vec![("content-encoding", "br")], "x"),
    ] {
        let told = given(&headers, body).error().to_string();
        assert!(
            told.contains("the token server's answer is compressed"),
            "{told}"
        );
    }
    let told = given(&[("content-encoding", "identity")], "{}")
        .error()
        .to_string();
    assert!(told.contains("has no token"), "{told}");
}

#[test]
fn a_token_that_is_too_large_for_servers_is_said_with_its_size() {
    for status in [400, 431, 500] {
        let token = "t".repeat(200_000);
        let mut bench = given(&[], &format!(r#"{{"token":"{token}"}}"#));
        while !bench.done {
            bench.answer_next(status, &[]);
            if !bench.done {
                bench.sleep();
            }
        }
        let error = bench.error();
        let hint = error.hint().unwrap_or_default();
        assert!(
            hint.contains("has 200007 bytes"),
            "{status}: {error}, {hint}"
        );
    }
    // One of a common size is not blamed.
    let mut bench = given(&[], r#"{"token":"t"}"#);
    bench.answer_next(400, &[]);
    assert_eq!(bench.error().hint(), None);
}

#[test]
fn a_proxy_that_answers_in_place_of_the_registry_is_named() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 200, &[]);
    bench.answer_next(407, &[]);
    assert!(
        bench
            .error()
            .hint()
            .is_some_and(|hint| hint.contains("proxy"))
    );
}
