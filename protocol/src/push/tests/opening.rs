use std::time::Duration;

use super::bench::*;
use crate::*;

#[test]
fn a_push_that_nothing_hinders_takes_the_shortest_way() {
    let (mut bench, put) = Bench::putting("layer");
    let digest = blob("layer").digest;
    assert_eq!(put.line(), format!("PUT /up/0?digest={digest}"));
    assert_eq!(put.slice(), Some((0, Extent::Exact(5))));
    assert_eq!(put.header("content-type"), Some("application/octet-stream"));
    assert_eq!(
        put.header("user-agent"),
        Some(concat!("longshore/", env!("CARGO_PKG_VERSION")))
    );
    bench.set_manifest();
    let echo = digest.to_string();
    bench.reply(
        put,
        201,
        &[("docker-content-digest", &echo)],
        "",
        all("layer"),
    );
    let put = bench.next();
    assert_eq!(put.line(), "PUT /v2/team/app/manifests/1.0");
    assert_eq!(
        put.header("content-type"),
        Some(MediaType::OCI_MANIFEST.as_str())
    );
    let named = Digest::sha256(b"{}").to_string();
    bench.reply(
        put,
        201,
        &[("docker-content-digest", &named)],
        "",
        Receipt::default(),
    );
    assert!(bench.events.contains(&Event::Ready));
    let report = bench.report();
    assert_eq!(report.manifest.digest, Digest::sha256(b"{}"));
    assert_eq!(report.blobs[0].outcome, BlobOutcome::Uploaded);
    assert_eq!(report.blobs[0].sent, 5);
    assert_eq!((report.requests, report.retries), (5, 0));
}

#[test]
fn permission_is_known_before_a_blob_is_added() {
    let mut bench = Bench::new(config());
    assert_eq!(bench.lines(), ["GET /v2/"]);
    bench.answer_next(200, &[]);
    bench.answer_with(
        "POST /v2/team/app/blobs/uploads/",
        403,
        &[],
        r#"{"errors":[{"code":"DENIED","message":"not you"}]}"#,
    );
    let error = bench.error();
    assert_eq!(
        (error.kind(), error.phase()),
        (PushErrorKind::Denied, Phase::Preflight)
    );
    let text = error.to_string();
    assert!(
        text.contains(REFERENCE) && text.contains("403 DENIED, \"not you\""),
        "{text}"
    );
    assert!(error.hint().is_some());
}

#[test]
fn a_page_for_people_is_no_registry() {
    let mut bench = Bench::new(config());
    let page = "<html><title>Welcome</title></html>";
    bench.answer_with("GET /v2/", 200, &[("content-type", "text/html")], page);
    let line = "POST /v2/team/app/blobs/uploads/";
    bench.answer_with(line, 404, &[("content-type", "text/html")], page);
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Rejected);
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("not look like a registry"))
    );
}

#[test]
fn a_registry_that_cannot_be_reached_is_tried_with_growing_pauses_and_given_up() {
    let mut bench = Bench::new(config());
    let mut pauses = Vec::new();
    loop {
        let call = bench.next();
        bench.break_off(call, FailureKind::Connect, Receipt::default());
        if bench.done {
            break;
        }
        pauses.push(bench.sleep());
    }
    assert_eq!(pauses.len(), 4, "five attempts: {pauses:?}");
    for (n, pause) in pauses.iter().enumerate() {
        let mean = Duration::from_millis(500 << n);
        assert!(
            *pause >= mean / 2 && *pause <= mean * 3 / 2,
            "{n}: {pause:?}"
        );
    }
    let error = bench.error();
    assert_eq!(
        (error.kind(), error.phase()),
        (PushErrorKind::Unreachable, Phase::Probe)
    );
    assert!(error.to_string().contains("the cable broke"));
}

#[test]
fn a_certificate_that_is_not_trusted_is_not_tried_twice() {
    let mut bench = Bench::new(config());
    let call = bench.next();
    bench.break_off(call, FailureKind::Tls, Receipt::default());
    assert_eq!(bench.error().kind(), PushErrorKind::Tls);
}

#[test]
fn without_preflight_nothing_is_opened_before_a_blob_needs_it() {
    let mut config = config();
    config.preflight = false;
    let mut bench = Bench::new(config);
    bench.answer("GET /v2/", 200, &[]);
    assert!(bench.calls.is_empty());
    assert!(!bench.events.contains(&Event::Ready));
    bench.add(BlobSpec::known(blob("a")));
    bench.answer_next(404, &[]);
    assert_eq!(bench.lines(), ["POST /v2/team/app/blobs/uploads/"]);
}

#[test]
fn looking_ahead_leaves_five_round_trips_of_a_push_with_one_layer() {
    let open = "POST /v2/team/app/blobs/uploads/";
    let mut config = config();
    config.look_ahead = true;
    let mut bench = Bench::new(config);
    bench.answer("GET /v2/", 200, &[]);
    bench.answer(open, 202, &[("location", "/up/0")]);
    bench
        .push
        .add_blob(BlobSpec::known(blob("layer")))
        .expect("the push has not ended");
    bench
        .push
        .add_blob(BlobSpec::known(blob("config")))
        .expect("the push has not ended");
    bench.set_manifest();
    let third: Vec<String> = bench.lines();
    assert!(
        third[0].starts_with("HEAD") && third[1].starts_with("HEAD"),
        "{third:?}"
    );
    assert_eq!(third[2..], [open]);
    bench.answer_next(404, &[]);
    bench.answer_next(404, &[]);
    let put_layer = bench
        .calls
        .pop_back()
        .expect("the first session serves the first blob");
    bench.answer(open, 202, &[("location", "/up/1")]);
    bench.reply(put_layer, 201, &[], "", all("layer"));
    let put_config = bench.next();
    assert!(put_config.line().starts_with("PUT /up/1?digest="));
    bench.reply(put_config, 201, &[], "", all("config"));
    let named = Digest::sha256(b"{}").to_string();
    let put = bench.next();
    bench.reply(
        put,
        201,
        &[("docker-content-digest", &named)],
        "",
        Receipt::default(),
    );
    assert_eq!(bench.report().requests, 8);
}

#[test]
fn blobs_that_are_known_from_the_start_are_looked_for_with_the_first_session_and_get_theirs() {
    let open = "POST /v2/team/app/blobs/uploads/";
    let mut config = config();
    config.look_ahead = true;
    let mut bench = Bench::new(config);
    for name in ["layer", "config"] {
        bench
            .push
            .add_blob(BlobSpec::known(blob(name)))
            .expect("the push has not ended");
    }
    bench.set_manifest();
    bench.answer("GET /v2/", 200, &[]);
    let second: Vec<String> = bench.lines();
    assert_eq!([&second[0], &second[3]], [open, open], "{second:?}");
    let is_question = |line: &String| line.starts_with("HEAD /v2/team/app/blobs/");
    assert!(second[1..3].iter().all(is_question), "{second:?}");
    assert_eq!(second.len(), 4, "{second:?}");
    bench.answer(open, 202, &[("location", "/up/0")]);
    bench.answer_next(404, &[]);
    bench.answer_next(404, &[]);
    bench.answer(open, 202, &[("location", "/up/1")]);
    for (session, name) in [("/up/0", "layer"), ("/up/1", "config")] {
        let put = bench.next();
        assert!(put.line().starts_with(&format!("PUT {session}?digest=")));
        bench.reply(put, 201, &[], "", all(name));
    }
    assert_eq!(bench.lines(), ["PUT /v2/team/app/manifests/1.0"]);
}

#[test]
fn a_password_that_nobody_has_tried_is_tried_no_more_often_than_need_be() {
    let mut config = config();
    config.look_ahead = true;
    let mut bench = Bench::new(config);
    for name in ["layer", "config"] {
        bench
            .push
            .add_blob(BlobSpec::known(blob(name)))
            .expect("the push has not ended");
    }
    bench.answer("GET /v2/", 401, &[("www-authenticate", "Basic realm=x")]);
    bench.hand_in(Some(Credentials::password("me", "pass-canary")));
    assert_eq!(bench.lines(), ["POST /v2/team/app/blobs/uploads/"]);
}

/// A push that looks for two blobs, has a session for one, and opens another one meanwhile.
fn opening_ahead() -> Bench {
    let mut config = config();
    config.look_ahead = true;
    let mut bench = Bench::opened_with(config);
    for text in ["a", "b"] {
        let spec = BlobSpec::known(blob(text));
        bench.push.add_blob(spec).expect("the push has not ended");
    }
    bench.drain();
    bench
}

#[test]
fn a_session_that_cannot_be_opened_ahead_is_not_missed() {
    let mut bench = opening_ahead();
    let (a, b, ahead) = (bench.next(), bench.next(), bench.next());
    bench.reply(a, 200, &[], "", part(0));
    bench.reply(b, 200, &[], "", part(0));
    // Nobody is asked for credentials either.
    bench.reply(
        ahead,
        401,
        &[("www-authenticate", "Basic realm=x")],
        "",
        part(0),
    );
    assert!(bench.asked.is_empty());
    bench.set_manifest();
    assert_eq!(
        bench.lines(),
        ["HEAD /v2/team/app/manifests/1.0", "DELETE /up/0"]
    );
}

#[test]
fn a_session_that_is_opened_ahead_is_waited_for_by_one_blob() {
    let open = "POST /v2/team/app/blobs/uploads/";
    let mut bench = opening_ahead();
    bench.answer_next(404, &[]);
    bench.answer_next(404, &[]);
    let is_open = |line: &&String| *line == open;
    assert_eq!(bench.lines().iter().filter(is_open).count(), 1);
    let media_type = MediaType::OCI_LAYER_GZIP;
    bench.add(BlobSpec::unknown(media_type, Replay::Anywhere));
    assert_eq!(bench.lines().iter().filter(is_open).count(), 2);
}

#[test]
fn a_session_that_is_opened_ahead_may_be_elsewhere() {
    let mut bench = opening_ahead();
    let (a, b, ahead) = (bench.next(), bench.next(), bench.next());
    bench.reply(ahead, 307, &[("location", "/elsewhere/")], "", part(0));
    bench.answer("POST /elsewhere/", 202, &[("location", "/up/1")]);
    bench.reply(a, 404, &[], "", part(0));
    bench.reply(b, 404, &[], "", part(0));
    let places: Vec<String> = bench.lines();
    assert!(places[0].starts_with("PUT /up/0?"), "{places:?}");
    assert!(places[1].starts_with("PUT /up/1?"), "{places:?}");
}

#[test]
fn a_session_that_no_blob_needs_is_deleted() {
    let (mut bench, put) = Bench::finishing_with(config());
    let named = Digest::sha256(b"{}").to_string();
    bench.reply(
        put,
        201,
        &[("docker-content-digest", &named)],
        "",
        Receipt::default(),
    );
    let report = bench.report();
    assert_eq!(report.blobs[0].outcome, BlobOutcome::Existed);
    assert_eq!(report.sessions_left, 0);
}

#[test]
fn places_that_are_refused() {
    for (location, kind) in [
        ("http://evil.example/up", PushErrorKind::Unsafe),
        ("https://169.254.169.254/up", PushErrorKind::Unsafe),
        ("https://127.0.0.1/up", PushErrorKind::Unsafe),
        ("ftp://q.example/up", PushErrorKind::Unintelligible),
        (
            "https://user:pass@q.example/up",
            PushErrorKind::Unintelligible,
        ),
    ] {
        let mut bench = Bench::new(config());
        bench.answer("GET /v2/", 200, &[]);
        bench.answer_next(202, &[("location", location)]);
        let error = bench.error();
        assert_eq!(error.kind(), kind, "{location}: {error}");
    }
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 200, &[]);
    bench.answer_next(202, &[]);
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Unintelligible);
    assert!(error.to_string().contains("no Location"), "{error}");
}

#[test]
fn a_request_to_a_host_that_the_registry_named_says_so() {
    let named_by = |location: &str| {
        let mut bench = Bench::new(config());
        let probe = bench.next();
        assert_eq!(probe.request.extensions().get::<NamedBy>(), None);
        bench.reply(probe, 200, &[], "", Receipt::default());
        bench.answer_next(202, &[("location", location)]);
        bench.add(BlobSpec::known(blob("layer")));
        let digest = blob("layer").digest;
        bench.answer(&format!("HEAD /v2/team/app/blobs/{digest}"), 404, &[]);
        let put = bench.next();
        put.request.extensions().get::<NamedBy>().cloned()
    };
    assert_eq!(named_by("/up/0"), None);
    assert_eq!(named_by("https://q.example/up/0"), None);
    let registry = "q.example".into();
    let expected = Some(NamedBy { registry });
    assert_eq!(named_by("https://storage.example/up/0"), expected);
}

#[test]
fn a_registry_that_is_busy_is_left_alone_for_as_long_as_it_asks() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 200, &[]);
    bench.answer_next(429, &[("retry-after", "20")]);
    let pause = bench.sleep();
    assert!(
        pause >= Duration::from_secs(20) && pause < Duration::from_secs(22),
        "{pause:?}"
    );
    bench.answer_next(
        503,
        &[
            ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ],
    );
    assert!(bench.sleep() >= Duration::from_secs(60));
    bench.answer_next(429, &[("retry-after", "300")]);
    // A little of our own pause on top, so that not all come back at once: this is the third.
    let own = bench.sleep() - Duration::from_secs(300);
    let range = Duration::from_millis(250)..Duration::from_millis(750);
    assert!(range.contains(&own), "{own:?}");
    bench.answer_next(429, &[("retry-after", "301")]);
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Unreachable);
    assert!(error.to_string().contains("301 s"), "{error}");
}
