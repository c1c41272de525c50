use std::time::Duration;

use super::bench::*;
use crate::*;

#[test]
fn cancelling_aborts_what_is_in_the_air_and_deletes_what_is_open() {
    let (mut bench, put) = Bench::putting("abc");
    bench.add(BlobSpec::known(blob("b")));
    let head = bench.next();
    assert!(!bench.push.is_ending());
    bench.push.cancel(bench.now);
    bench.drain();
    assert!(bench.push.is_ending() && !bench.push.is_done());
    assert_eq!(bench.aborted, [put.ticket.id(), head.ticket.id()]);
    assert_eq!(bench.lines(), ["DELETE /up/0"]);
    bench.answer_next(204, &[]);
    let error = bench.error();
    assert_eq!(
        (error.kind(), error.sessions_left()),
        (PushErrorKind::Cancelled, 0)
    );
    assert_eq!(error.phase(), Phase::Upload);
}

#[test]
fn a_cancelled_push_says_what_it_was_about_to_do() {
    let cancelled = |mut bench: Bench| {
        bench.calls.clear();
        bench.push.cancel(bench.now);
        bench.drain();
        bench.error().phase()
    };
    assert_eq!(cancelled(Bench::new(config())), Phase::Probe);
    assert_eq!(cancelled(Bench::opened()), Phase::Upload);
    let mut asking = Bench::opened();
    asking.add(BlobSpec::known(blob("a")));
    assert_eq!(cancelled(asking), Phase::Check);
    let mut waiting = Bench::opened();
    waiting.add(BlobSpec::known(blob("a")));
    waiting.set_manifest();
    waiting.answer_next(503, &[]);
    assert_eq!(cancelled(waiting), Phase::Upload);
    let (mut pausing, put) = Bench::finishing_with(config());
    pausing.reply(put, 503, &[], "", part(0));
    assert_eq!(cancelled(pausing), Phase::Manifest);
}

#[test]
fn what_is_in_the_air_is_aborted_in_the_order_it_was_sent() {
    let mut config = config();
    config.controls = 8;
    let mut bench = Bench::opened_with(config);
    for n in 0..8 {
        let text = format!("blob {n}");
        bench
            .push
            .add_blob(BlobSpec::known(blob(&text)))
            .expect("the push has not ended");
    }
    bench.drain();
    let sent: Vec<_> = bench.calls.iter().map(|call| call.ticket.id()).collect();
    assert_eq!(sent.len(), 8);
    bench.push.cancel(bench.now);
    bench.drain();
    assert_eq!(bench.aborted, sent, "invariant 7");
}

#[test]
fn a_request_that_is_given_up_is_aborted_even_when_that_ends_the_push() {
    let mut config = config();
    config.attempts = 1;
    let mut bench = Bench::opened_with(config);
    bench.add(BlobSpec::known(blob("a")));
    let head = bench.next();
    bench.sleep();
    assert_eq!(bench.aborted, [head.ticket.id()]);
    assert_eq!(bench.error().kind(), PushErrorKind::Unreachable);
}

#[test]
fn a_session_that_is_being_opened_is_waited_for_so_that_it_can_be_deleted() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 200, &[]);
    let open = bench.next();
    bench.push.cancel(bench.now);
    bench.drain();
    assert!(bench.aborted.is_empty() && !bench.done);
    bench.reply(open, 202, &[("location", "/up/late")], "", part(0));
    bench.answer("DELETE /up/late", 401, &[]);
    assert_eq!(bench.error().sessions_left(), 1);
}

#[test]
fn a_deletion_that_gets_no_answer_is_tried_once_more() {
    for (second, left) in [(Some(204), 0), (None, 1)] {
        let (mut bench, _put) = Bench::putting("abc");
        bench.push.cancel(bench.now);
        bench.drain();
        let delete = bench.next();
        bench.break_off(delete, FailureKind::Interrupted, part(0));
        assert_eq!(bench.lines(), ["DELETE /up/0"]);
        match second {
            Some(status) => bench.answer_next(status, &[]),
            None => {
                let delete = bench.next();
                bench.break_off(delete, FailureKind::Interrupted, part(0));
            }
        }
        assert_eq!(bench.error().sessions_left(), left);
    }
}

#[test]
fn cleaning_up_has_its_time_and_no_more() {
    let (mut bench, _put) = Bench::putting("abc");
    bench.push.cancel(bench.now);
    bench.drain();
    let delete = bench.next();
    assert_eq!(delete.limits.total, Some(Duration::from_secs(2)));
    assert_eq!(bench.sleep(), Duration::from_secs(2));
    assert!(bench.aborted.contains(&delete.ticket.id()));
    assert_eq!(bench.error().sessions_left(), 1);
}

#[test]
fn cancelling_twice_ends_at_once() {
    let (mut bench, _put) = Bench::putting("abc");
    bench.push.cancel(bench.now);
    bench.drain();
    bench.push.cancel(bench.now);
    bench.drain();
    bench.calls.clear();
    assert_eq!(bench.error().kind(), PushErrorKind::Cancelled);
}

#[test]
fn a_failed_push_leaves_no_session_and_no_manifest() {
    let (mut bench, put) = Bench::putting("abc");
    bench.set_manifest();
    let failure = Failure::new(FailureKind::Source, "cannot read ./etc/shadow");
    bench.push.handle_failure(bench.now, put.ticket, failure);
    bench.drain();
    assert_eq!(bench.lines(), ["DELETE /up/0"]);
    bench.answer_next(204, &[]);
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Source);
    assert!(error.to_string().contains("./etc/shadow"), "{error}");
}

#[test]
fn a_push_that_is_dropped_is_cancelled() {
    let error = Push::new(config(), Timestamp::ZERO)
        .finish()
        .expect_err("it has not ended");
    assert_eq!(error.kind(), PushErrorKind::Cancelled);
}

#[test]
fn the_retries_of_the_whole_push_are_bounded() {
    let mut config = config();
    config.retries = 3;
    let mut bench = Bench::opened_with(config);
    for text in ["a", "b", "c", "d"] {
        bench
            .push
            .add_blob(BlobSpec::known(blob(text)))
            .expect("the manifest is not set");
    }
    bench.drain();
    for _ in 0..4 {
        let call = bench.next();
        bench.break_off(call, FailureKind::Interrupted, part(0));
    }
    assert_eq!(bench.error().kind(), PushErrorKind::Unreachable);
}

/// Cancels it with two sessions open, the second of them at another host.
fn cancel_with_two_sessions(bench: &mut Bench) {
    bench.add(BlobSpec::known(blob("a")));
    bench.answer_next(404, &[]);
    bench.next();
    bench.add(BlobSpec::known(blob("b")));
    bench.answer_next(404, &[]);
    bench.answer_next(202, &[("location", "https://store.example/up/1")]);
    bench.next();
    bench.push.cancel(bench.now);
    bench.drain();
}

#[test]
fn sessions_that_nobody_had_the_time_to_delete_are_counted() {
    let mut config = config();
    config.controls = 1;
    let mut bench = Bench::opened_with(config);
    cancel_with_two_sessions(&mut bench);
    // One deletion breaks and is to be tried again when the other, which nobody answers, is over.
    let call = bench.next();
    bench.break_off(call, FailureKind::Interrupted, part(0));
    bench.next();
    bench.sleep();
    assert_eq!(bench.error().sessions_left(), 2);
}

#[test]
fn a_session_is_deleted_with_what_the_registry_wants_to_see() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 401, &[("www-authenticate", "Basic realm=x")]);
    bench.hand_in(Some(Credentials::password("me", "pass-canary")));
    bench.answer_next(202, &[("location", "/up/0")]);
    cancel_with_two_sessions(&mut bench);
    for (line, is_known) in [
        ("DELETE /up/0", true),
        ("DELETE https://store.example/up/1", false),
    ] {
        let call = bench.next();
        assert_eq!(call.line(), line);
        assert_eq!(call.header("authorization").is_some(), is_known, "{line}");
    }
}

#[test]
fn a_registry_cannot_warn_for_ever() {
    let mut bench = Bench::opened();
    for n in 0..40 {
        bench.add(BlobSpec::known(blob(&n.to_string())));
        let warning = format!("299 - \"number {n}\"");
        bench.answer_next(200, &[("warning", &warning)]);
    }
    bench.push.cancel(bench.now);
    bench.drain();
    let is_warning = |event: &&Event| matches!(event, Event::Warning(_));
    assert_eq!(bench.events.iter().filter(is_warning).count(), 32);
}

#[test]
fn a_warning_is_told_once() {
    let mut bench = Bench::new(config());
    let warning = ("warning", "299 - \"this registry closes\"");
    bench.answer("GET /v2/", 200, &[warning]);
    bench.answer_next(202, &[warning, ("location", "/up/0")]);
    let told =
        |event: &&Event| matches!(event, Event::Warning(text) if text == "this registry closes");
    assert_eq!(bench.events.iter().filter(told).count(), 1);
}

#[test]
fn polling_again_changes_nothing() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    let again = bench.push.poll(bench.now);
    assert!(
        matches!(again, Output::Wait(until) if until == bench.wakes),
        "invariant 2"
    );
}

/// A push that sends a blob of unknown content, and its `PATCH`.
fn streaming() -> (Bench, Call) {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::unknown(
        MediaType::OCI_LAYER_GZIP,
        Replay::FromStart,
    ));
    let patch = bench.next();
    assert_eq!(patch.line(), "PATCH /up/0");
    (bench, patch)
}

#[test]
fn a_stream_is_cut_short_and_its_session_deleted_where_the_answer_says() {
    let (mut bench, patch) = streaming();
    bench.push.cancel(bench.now);
    bench.drain();
    assert_eq!(bench.cut, [patch.ticket.id()]);
    assert!(bench.aborted.is_empty() && bench.calls.is_empty() && !bench.done);
    bench.reply(patch, 202, &[("location", "/up/0?at=3")], "", part(3));
    bench.answer("DELETE /up/0?at=3", 204, &[]);
    assert_eq!(bench.error().sessions_left(), 0);
}

#[test]
fn a_stream_whose_source_fails_is_deleted_where_its_answer_says() {
    let (mut bench, patch) = streaming();
    let mut headers = http::HeaderMap::new();
    headers.insert("location", http::HeaderValue::from_static("/up/0?at=3"));
    let failure = Failure::new(FailureKind::Source, "the disk is gone").with_receipt(part(3));
    let failure = failure.with_headers(headers);
    bench.push.handle_failure(bench.now, patch.ticket, failure);
    bench.drain();
    bench.answer("DELETE /up/0?at=3", 204, &[]);
    let error = bench.error();
    assert_eq!(
        (error.kind(), error.sessions_left()),
        (PushErrorKind::Source, 0)
    );
}

#[test]
fn a_source_that_fails_when_its_stream_is_cut_short_is_deleted_where_the_answer_says() {
    let (mut bench, patch) = streaming();
    bench.push.cancel(bench.now);
    bench.drain();
    let mut headers = http::HeaderMap::new();
    headers.insert("location", http::HeaderValue::from_static("/up/0?at=3"));
    let failure = Failure::new(FailureKind::Source, "cancelled").with_headers(headers);
    bench.push.handle_failure(bench.now, patch.ticket, failure);
    bench.drain();
    bench.answer("DELETE /up/0?at=3", 204, &[]);
    assert_eq!(bench.error().sessions_left(), 0);
}

#[test]
fn a_session_whose_body_was_cut_is_not_taken_for_gone() {
    // To the deletion, to the question where the session is, and to the second deletion.
    for (answers, left) in [
        (&[204][..], 0),
        (&[404, 404], 1),
        (&[416, 404], 1),
        (&[404, 405], 1),
        (&[404, 204, 204], 0),
        (&[416, 204, 204], 0),
        (&[410, 204, 404], 1),
        (&[405], 1),
    ] {
        let (mut bench, _put) = Bench::putting("abc");
        bench.push.cancel(bench.now);
        bench.drain();
        let lines = ["DELETE /up/0", "GET /up/0", "DELETE /up/0?at=3"];
        for (line, status) in lines.iter().zip(answers) {
            let place = [("location", "/up/0?at=3")];
            bench.answer(line, *status, if *status == 204 { &place } else { &[] });
        }
        assert_eq!(bench.error().sessions_left(), left, "{answers:?}");
    }
}

#[test]
fn a_session_that_nothing_was_sent_to_is_gone_when_it_is_unknown() {
    for status in [204, 404, 410] {
        let mut bench = Bench::opened();
        bench.push.cancel(bench.now);
        bench.drain();
        bench.answer("DELETE /up/0", status, &[]);
        assert_eq!(bench.error().sessions_left(), 0, "{status}");
    }
}

#[test]
fn what_was_not_sent_yet_is_not_waited_for() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 401, &[("www-authenticate", "Basic realm=x")]);
    let request = bench.asked.pop_front().expect("credentials are asked for");
    let password = Credentials::password("me", "secret");
    bench
        .push
        .handle_credentials(bench.now, request.ticket, Some(password));
    // The news that comes with the session's `POST` goes first.
    let news = bench.push.poll(bench.now);
    assert!(
        matches!(news, Output::Event(_) | Output::Send(_)),
        "{news:?}"
    );
    if matches!(news, Output::Event(_)) {
        bench.push.cancel(bench.now);
        bench.drain();
        assert!(bench.done, "wakes {:?}", bench.wakes);
    }
}
