//! What a person is told when a push fails: what was being done, what the other side said, and
//! what to do about it.

use super::bench::*;
use crate::*;

/// Where the refusal meets the push.
#[derive(Clone, Copy, Debug)]
enum At {
    Open,
    Upload,
    Manifest,
}

impl At {
    fn words(self) -> &'static str {
        match self {
            Self::Open => "asking for permission to push (",
            Self::Upload => "uploading (",
            Self::Manifest => "uploading the manifest (",
        }
    }
}

/// A refusal, and what must come of it: the kind of error, a part of its text, a part of its hint.
struct Case {
    at: At,
    status: u16,
    body: &'static str,
    kind: PushErrorKind,
    text: &'static str,
    hint: Option<&'static str>,
}

#[test]
fn every_refusal_is_explained() {
    for case in CASES {
        let mut bench = match case.at {
            At::Open => {
                let mut bench = Bench::new(config());
                bench.answer("GET /v2/", 200, &[]);
                bench
            }
            At::Upload => {
                let (mut bench, put) = Bench::putting("abc");
                bench.calls.push_front(put);
                bench
            }
            At::Manifest => {
                let (mut bench, put) = Bench::finishing_with(config());
                bench.calls.push_front(put);
                bench
            }
        };
        let call = bench.next();
        let is_page = case.body.starts_with('<');
        let media_type = if is_page {
            "text/html"
        } else {
            "application/json"
        };
        let headers = [("content-type", media_type)];
        bench.reply(call, case.status, &headers, case.body, Receipt::default());
        let error = bench.error();
        let place = format!("{:?} {}: {error}, {:?}", case.at, case.status, error.hint());
        assert_eq!(error.kind(), case.kind, "{place}");
        let (told, phase) = (error.to_string(), case.at.words());
        assert!(told.starts_with(phase), "{place}");
        assert!(told.contains(case.text), "{place}");
        assert!(!told.contains("\"\""), "{place}");
        let answer = error.answer().map(|answer| answer.status.as_u16());
        let is_refusal = case.status >= 300;
        assert_eq!(answer, is_refusal.then_some(case.status), "{place}");
        match (case.hint, error.hint()) {
            (Some(wanted), Some(hint)) => assert!(hint.contains(wanted), "{place}"),
            (wanted, hint) => assert_eq!(wanted, hint, "{place}"),
        }
    }
}

#[test]
fn what_is_no_answer_at_all_is_explained() {
    let failures = [
        (
            FailureKind::Tls,
            PushErrorKind::Tls,
            "certificate authority",
        ),
        (
            FailureKind::Source,
            PushErrorKind::Source,
            "must not change",
        ),
        (
            FailureKind::Connect,
            PushErrorKind::Unreachable,
            "hang up on repositories",
        ),
    ];
    for (failure, kind, hint) in failures {
        let mut config = config();
        config.attempts = 1;
        let mut bench = Bench::new(config);
        bench.answer("GET /v2/", 200, &[]);
        let call = bench.next();
        bench.break_off(call, failure, Receipt::default());
        let error = bench.error();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains("the cable broke"), "{error}");
        assert!(!error.to_string().contains("several attempts"), "{error}");
        assert!(
            error.hint().is_some_and(|text| text.contains(hint)),
            "{error:?}"
        );
    }
}

#[test]
fn a_registry_that_is_down_is_told_from_one_that_is_not_there() {
    let last = |answers: bool| {
        let mut config = config();
        config.attempts = 2;
        let mut bench = Bench::new(config);
        loop {
            let call = bench.next();
            if answers {
                bench.reply(call, 503, &[], "", Receipt::default());
            } else {
                bench.break_off(call, FailureKind::Connect, Receipt::default());
            }
            if bench.done {
                return bench.error();
            }
            bench.sleep();
        }
    };
    let (down, absent) = (last(true), last(false));
    assert_eq!(down.hint(), Some("try again later"));
    assert_eq!(
        absent.hint(),
        Some("check the registry's address and the network")
    );
    for error in [down, absent] {
        assert_eq!(error.kind(), PushErrorKind::Unreachable);
        assert!(
            error.to_string().contains("after several attempts"),
            "{error}"
        );
    }
}

#[test]
fn whoever_may_try_only_once_is_not_told_of_several_attempts() {
    let mut config = config();
    config.attempts = 1;
    let mut bench = Bench::new(config);
    bench.answer("GET /v2/", 503, &[]);
    let told = bench.error().to_string();
    assert!(told.contains("gave up: 503"), "{told}");
}

#[test]
fn a_place_where_nothing_goes_is_named() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 200, &[]);
    bench.answer_next(202, &[("location", "http://169.254.169.254/up")]);
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Unsafe);
    let told = error.to_string();
    let expected = "refusing to follow the registry: ";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_tag_that_nobody_may_move_is_not_permitted() {
    for (status, kind) in [(403, PushErrorKind::Denied), (409, PushErrorKind::Rejected)] {
        let (mut bench, put) = Bench::finishing_with(config());
        bench.reply(put, status, &[], "", part(0));
        bench.answer_next(404, &[]);
        assert_eq!(bench.error().kind(), kind, "{status}");
    }
}

#[test]
fn a_page_is_one_by_its_type_or_by_how_it_begins() {
    for (media_type, body, is_page) in [
        ("text/html", "<b>It works!</b>", true),
        ("text/plain", "<b>It works!</b>", false),
        ("text/html", "It works!", false),
        ("text/plain", " <!DOCTYPE html>", true),
    ] {
        let mut bench = Bench::new(config());
        bench.answer("GET /v2/", 200, &[]);
        let call = bench.next();
        let headers = [("content-type", media_type)];
        bench.reply(call, 202, &headers, body, Receipt::default());
        let told = bench.error().to_string();
        assert_eq!(told.contains("is a web page"), is_page, "{body}: {told}");
    }
}

#[test]
fn whoever_waits_is_told_what_for() {
    let (mut bench, put) = Bench::putting("abc");
    bench.reply(put, 503, &[], "", part(0));
    bench.sleep();
    let call = bench.next();
    bench.break_off(call, FailureKind::Interrupted, part(0));
    let told: Vec<_> = bench
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Retrying {
                phase,
                blob: Some(_),
                reason,
                ..
            } => Some((*phase, reason.as_str())),
            _ => None,
        })
        .collect();
    let expected = [
        (Phase::Upload, "the registry said 503 Service Unavailable"),
        (Phase::Resume, "the cable broke"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_blob_that_failed_is_named() {
    let (mut bench, put) = Bench::putting("abc");
    bench.reply(put, 405, &[], "", part(0));
    let told = bench.error().to_string();
    let place = format!("(blob {} of {REFERENCE})", blob("abc").digest.short());
    assert!(told.contains(&place), "{told}");

    let mut bench = Bench::opened();
    bench.add(BlobSpec::unknown(MediaType::OCI_LAYER_GZIP, Replay::Never));
    let patch = bench.next();
    bench.reply(patch, 405, &[], "", part(0));
    let told = bench.error().to_string();
    let place = format!("(blob 1 of {REFERENCE})");
    assert!(told.contains(&place), "{told}");
}

#[test]
fn a_token_server_without_tls_is_no_token_server() {
    let mut bench = Bench::new(config());
    let realm = "Bearer realm=\"https://auth.example/token\"";
    bench.answer("GET /v2/", 401, &[("www-authenticate", realm)]);
    bench.hand_in(None);
    let call = bench.next();
    bench.break_off(call, FailureKind::Tls, Receipt::default());
    assert_eq!(bench.error().kind(), PushErrorKind::Tls);
}

#[test]
fn a_token_server_without_a_token_is_named() {
    let mut bench = Bench::new(config());
    let realm = "Bearer realm=\"https://auth.example/token\"";
    bench.answer("GET /v2/", 401, &[("www-authenticate", realm)]);
    bench.hand_in(None);
    let call = bench.next();
    bench.reply(call, 200, &[], "{}", Receipt::default());
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Unintelligible);
    let text = error.to_string();
    assert!(
        text.contains("the token server's answer has no token"),
        "{text}"
    );
    assert!(text.contains("https://auth.example/token"), "{text}");
}

const CASES: &[Case] = &[
    Case {
        at: At::Open,
        status: 404,
        body: NAMELESS,
        kind: PushErrorKind::Rejected,
        text: "the registry refused: 404 NAME_UNKNOWN",
        hint: Some("have to be created first"),
    },
    Case {
        at: At::Open,
        status: 404,
        body: PAGE,
        kind: PushErrorKind::Rejected,
        text: "the registry refused: 404",
        hint: Some("does not look like a registry"),
    },
    Case {
        at: At::Open,
        status: 405,
        body: "",
        kind: PushErrorKind::Rejected,
        text: "the registry refused: 405",
        hint: Some("read-only"),
    },
    Case {
        at: At::Open,
        status: 403,
        body: "",
        kind: PushErrorKind::Denied,
        text: "this is not permitted: 403",
        hint: Some("right to push to this repository"),
    },
    Case {
        at: At::Open,
        status: 400,
        body: NAMELESS,
        kind: PushErrorKind::Rejected,
        text: "the registry refused: 400 NAME_UNKNOWN, \"no such\"",
        hint: None,
    },
    Case {
        at: At::Open,
        status: 202,
        body: "",
        kind: PushErrorKind::Unintelligible,
        text: "the registry's answer makes no sense",
        hint: None,
    },
    Case {
        at: At::Open,
        status: 200,
        body: PAGE,
        kind: PushErrorKind::Unintelligible,
        text: "the answer is a web page, not a registry's",
        hint: Some("does not look like a registry"),
    },
    Case {
        at: At::Upload,
        status: 405,
        body: "",
        kind: PushErrorKind::Rejected,
        text: "the registry refused: 405",
        hint: None,
    },
    Case {
        at: At::Manifest,
        status: 415,
        body: "",
        kind: PushErrorKind::Rejected,
        text: "the registry refused: 415",
        hint: Some("try the other one"),
    },
    Case {
        at: At::Manifest,
        status: 413,
        body: PAGE,
        kind: PushErrorKind::Rejected,
        text: "the registry refused: 413",
        hint: Some("in front of it"),
    },
    Case {
        at: At::Manifest,
        status: 413,
        body: NAMELESS,
        kind: PushErrorKind::Rejected,
        text: "413 NAME_UNKNOWN",
        hint: Some("limits the size of requests"),
    },
    Case {
        at: At::Manifest,
        status: 404,
        body: NAMELESS,
        kind: PushErrorKind::Rejected,
        text: "404 NAME_UNKNOWN",
        hint: None,
    },
];

const NAMELESS: &str = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no such"}]}"#;
const PAGE: &str = "<html><title>Welcome</title></html>";
