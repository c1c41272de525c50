//! Answers that send requests elsewhere: which are followed, how often, and with what.

use super::bench::*;
use crate::*;

const OPEN: &str = "POST /v2/team/app/blobs/uploads/";

#[test]
fn a_redirect_asks_for_the_bytes_again() {
    for (replay, sent, can_follow) in [
        (Replay::FromStart, 1, true),
        (Replay::Never, 0, true),
        (Replay::Never, 1, false),
    ] {
        let mut bench = Bench::opened();
        bench.add(BlobSpec::unknown(MediaType::OCI_LAYER_GZIP, replay));
        let patch = bench.next();
        bench.reply(patch, 307, &[("location", "/elsewhere")], "", part(sent));
        if can_follow {
            assert_eq!(bench.lines(), ["PATCH /elsewhere"], "{replay:?} {sent}");
        } else {
            assert_eq!(bench.error().kind(), PushErrorKind::Source);
        }
    }
}

#[test]
fn a_write_is_redirected_only_by_what_keeps_its_method() {
    let (mut bench, put) = Bench::putting("a");
    bench.reply(
        put,
        307,
        &[("location", "https://store.example/x?sig=1")],
        "",
        part(0),
    );
    let put = bench.next();
    assert_eq!(put.line(), "PUT https://store.example/x?sig=1");
    assert_eq!(put.slice(), Some((0, Extent::Exact(1))));
    bench.reply(
        put,
        303,
        &[("location", "https://store.example/y")],
        "",
        part(0),
    );
    assert_eq!(bench.error().kind(), PushErrorKind::Unintelligible);
}

#[test]
fn a_question_is_redirected_without_credentials_and_not_for_ever() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    for n in 0..5 {
        bench.answer_next(302, &[("location", &format!("https://store.example/{n}"))]);
    }
    bench.answer_next(302, &[("location", "https://store.example/6")]);
    let error = bench.error();
    assert!(error.to_string().contains("too many redirects"), "{error}");
}

#[test]
fn a_mount_that_is_sent_from_place_to_place_is_a_mount_that_failed() {
    let from = "team/base".parse().expect("it has the form");
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")).with_mount_from(from));
    bench.answer_next(404, &[]);
    for n in 0..=5 {
        let mount = bench.next();
        assert_eq!(mount.request.method(), "POST", "{n}");
        bench.reply(mount, 307, &[("location", "/elsewhere")], "", part(0));
    }
    assert_eq!(bench.next().slice(), Some((0, Extent::Exact(1))));
}

#[test]
fn redirects_are_counted_whatever_else_there_is_to_say() {
    for has_news in [false, true] {
        let mut bench = Bench::opened();
        bench.add(BlobSpec::known(blob("a")));
        bench.add(BlobSpec::known(blob("b")));
        let mut requests = 0;
        while let Some(call) = bench.calls.pop_front() {
            requests += 1;
            let warning = format!("299 - \"no {requests}\"");
            let mut headers = vec![("location", "/elsewhere")];
            headers.extend(has_news.then_some(("warning", warning.as_str())));
            if call.request.method() == "DELETE" {
                bench.reply(call, 204, &[], "", part(0));
            } else {
                bench.reply(call, 307, &headers, "", part(0));
            }
        }
        // Six of each question, the last of them aborted, and the session that is deleted.
        assert_eq!(requests, 13, "{has_news}");
        let told = bench.error().to_string();
        assert!(told.contains("too many redirects"), "{told}");
    }
}

#[test]
fn what_is_said_before_a_redirect_is_followed_is_said_first() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    let call = bench.next();
    let warning = ("warning", "299 - \"soon\"");
    let headers = [("location", "/elsewhere"), warning];
    let mut response = http::Response::builder().status(307);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let response = response.body(bytes::Bytes::new()).expect("it is sound");
    bench
        .push
        .handle_response(bench.now, call.ticket, response, Receipt::default());
    let first = bench.push.poll(bench.now);
    assert!(
        matches!(first, Output::Event(Event::Warning(_))),
        "{first:?}"
    );
    let second = bench.push.poll(bench.now);
    assert!(matches!(second, Output::Send(_)), "{second:?}");
}

#[test]
fn every_request_of_a_blob_follows_and_the_password_stays() {
    let elsewhere = "https://store.example/x?sig=1";
    for status in [307, 308] {
        for (step, is_followed) in [("HEAD", true), ("PATCH", true), ("PUT", true)] {
            let mut config = config();
            config.chunk = Some(4);
            let mut bench = Bench::new(config);
            bench.answer(
                "GET /v2/",
                401,
                &[("www-authenticate", "Basic realm=\"x\"")],
            );
            bench.hand_in(Some(Credentials::password("me", "pass-canary")));
            bench.answer(OPEN, 202, &[("location", "/up/0")]);
            bench.add(BlobSpec::known(blob("0123456")));
            let mut call = bench.next();
            while call.request.method() != step {
                assert!(call.header("authorization").is_some());
                let status = if call.request.method() == "HEAD" {
                    404
                } else {
                    202
                };
                let sent = call.request.body().length().unwrap_or(0);
                bench.reply(call, status, &[], "", part(sent));
                call = bench.next();
            }
            bench.reply(call, status, &[("location", elsewhere)], "", part(0));
            let call = bench.next();
            assert_eq!(call.line(), format!("{step} {elsewhere}"), "{is_followed}");
            assert_eq!(call.header("authorization"), None, "invariant 14");
        }
    }
}

/// A push without TLS whose first request is sent on with this status.
fn sent_on(status: u16, location: &str) -> Bench {
    let mut config = config();
    config.scheme = Scheme::Http;
    let mut bench = Bench::new(config);
    bench.answer(
        "GET http://q.example/v2/",
        status,
        &[("location", location)],
    );
    bench
}

#[test]
fn what_is_in_front_of_a_registry_may_send_a_push_to_tls() {
    for status in [301, 302, 307, 308] {
        let mut bench = sent_on(status, "https://q.example/v2/");
        bench.answer(
            "GET /v2/",
            401,
            &[("www-authenticate", "Basic realm=\"x\"")],
        );
        let request = bench.asked.pop_front().expect("credentials are asked for");
        assert_eq!(request.recipient.to_string(), "https://q.example");
        let me = Credentials::password("me", "pass-canary");
        bench
            .push
            .handle_credentials(bench.now, request.ticket, Some(me));
        bench.drain();
        // Everything else goes there at once, and with the password.
        let open = bench.next();
        assert_eq!(open.line(), OPEN, "{status}");
        assert!(open.header("authorization").is_some());
        // It does not know that it is reached with TLS.
        let location = [("location", "http://q.example/up/0")];
        bench.reply(open, 202, &location, "", part(0));
        bench.add(BlobSpec::known(blob("a")));
        bench.answer_next(404, &[]);
        let put = bench.next();
        assert!(
            put.line().starts_with("PUT /up/0?digest="),
            "{}",
            put.line()
        );
        assert!(put.header("authorization").is_some());
    }
}

#[test]
fn a_post_that_is_sent_to_tls_keeps_its_method_and_its_password() {
    let mut config = config();
    config.scheme = Scheme::Http;
    let mut bench = Bench::new(config);
    let challenge = [("www-authenticate", "Basic realm=\"x\"")];
    bench.answer("GET http://q.example/v2/", 401, &challenge);
    bench.hand_in(Some(Credentials::password("me", "pass-canary")));
    let there = "https://q.example/v2/team/app/blobs/uploads/";
    let line = "POST http://q.example/v2/team/app/blobs/uploads/";
    bench.answer(line, 301, &[("location", there)]);
    let open = bench.next();
    assert_eq!(open.line(), OPEN);
    assert!(open.header("authorization").is_some());
    bench.reply(open, 202, &[("location", "/up/0")], "", part(0));
    bench.add(BlobSpec::known(blob("a")));
    assert!(bench.next().line().starts_with("HEAD /v2/"));
}

#[test]
fn a_post_is_sent_nowhere_else_by_what_changes_methods() {
    for location in [
        "https://other.example/v2/team/app/blobs/uploads/",
        "https://q.example/login",
        "http://q.example/v2/team/app/blobs/uploads/",
    ] {
        let mut config = config();
        config.scheme = Scheme::Http;
        let mut bench = Bench::new(config);
        bench.answer("GET http://q.example/v2/", 200, &[]);
        bench.answer_next(301, &[("location", location)]);
        let error = bench.error();
        assert_eq!(error.kind(), PushErrorKind::Unintelligible, "{location}");
    }
}

#[test]
fn nothing_is_sent_from_tls_to_clear_text() {
    for status in [301, 307] {
        let mut bench = Bench::new(config());
        bench.answer("GET /v2/", 200, &[]);
        bench.answer(OPEN, status, &[("location", "http://other.example/up")]);
        assert!(bench.calls.is_empty());
        assert!(bench.done);
    }
}

#[test]
fn a_storage_that_wants_credentials_for_a_blob_says_nothing_of_it() {
    for status in [401, 403] {
        let mut bench = Bench::opened();
        bench.add(BlobSpec::known(blob("a")));
        bench.answer_next(307, &[("location", "https://store.example/a?sig=1")]);
        bench.answer_next(status, &[("www-authenticate", "Basic realm=\"s3\"")]);
        assert!(bench.next().line().starts_with("PUT /up/0"), "{status}");
        assert!(bench.asked.is_empty());
    }
}
