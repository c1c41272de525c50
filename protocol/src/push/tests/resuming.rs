//! A broken upload, and where it goes on.

use super::bench::*;
use crate::*;

const OPEN: &str = "POST /v2/team/app/blobs/uploads/";

#[test]
fn a_broken_upload_goes_on_where_the_registry_is() {
    let (mut bench, put) = Bench::putting("0123456789");
    bench.break_off(put, FailureKind::Interrupted, part(8));
    bench.sleep();
    bench.answer(
        "GET /up/0",
        204,
        &[("range", "0-4"), ("location", "/up/1?_state=%2F")],
    );
    let patch = bench.next();
    assert_eq!(patch.line(), "PATCH /up/1?_state=%2F");
    assert_eq!(patch.header("content-range"), Some("5-9"));
    assert_eq!(patch.slice(), Some((5, Extent::Exact(5))));
    bench.reply(
        patch,
        202,
        &[("location", "/up/2?x"), ("range", "0-9")],
        "",
        part(5),
    );
    let digest = blob("0123456789").digest;
    bench.answer(&format!("PUT /up/2?x&digest={digest}"), 201, &[]);
    assert_eq!(
        bench.push.progress().next().map(|p| (p.sent, p.activity)),
        Some((10, BlobActivity::Done))
    );
}

#[test]
fn a_session_that_says_nothing_useful_is_replaced() {
    for (status, headers) in [
        (404, &[][..]),
        (405, &[]),
        (204, &[]),
        (204, &[("range", "0-0")]),
        (204, &[("range", "0-99")]),
        (204, &[("range", "0-9")]),
        (204, &[("range", "nonsense")]),
    ] {
        let (mut bench, put) = Bench::putting("0123456789");
        bench.break_off(put, FailureKind::Interrupted, part(8));
        bench.sleep();
        bench.answer("GET /up/0", status, headers);
        // There was a pause already.
        let lines = bench.lines();
        assert!(
            lines.contains(&OPEN.to_owned()),
            "{status} {headers:?}: {lines:?}"
        );
        assert!(
            lines.contains(&"DELETE /up/0".to_owned()),
            "{status}: {lines:?}"
        );
    }
}

#[test]
fn a_registry_that_counts_one_too_many_is_corrected_when_it_takes_nothing() {
    let (mut bench, put) = Bench::putting("0123456789");
    bench.break_off(put, FailureKind::Interrupted, part(8));
    bench.sleep();
    bench.answer("GET /up/0", 204, &[("range", "bytes=0-5")]);
    let patch = bench.next();
    assert_eq!(patch.header("content-range"), Some("6-9"));
    bench.reply(patch, 416, &[("range", "0-5")], "", part(4));
    // That tells how it counts. It is no failure, and there is no pause.
    bench.answer("GET /up/0", 204, &[("range", "bytes=0-5")]);
    let mut patch = bench.next();
    // Whether it takes something there does not show where nothing arrives.
    for _ in 0..2 {
        assert_eq!(patch.header("content-range"), Some("5-9"));
        bench.break_off(patch, FailureKind::Interrupted, part(0));
        patch = asked(&mut bench, 6);
    }
}

/// A push whose upload goes on at the fifth byte, since the registry says that it has as many.
fn going_on_at_five() -> (Bench, Call) {
    let (mut bench, put) = Bench::putting("0123456789");
    bench.break_off(put, FailureKind::Interrupted, part(8));
    let patch = asked(&mut bench, 5);
    assert_eq!(patch.header("content-range"), Some("5-9"));
    (bench, patch)
}

/// What comes after the session was asked, and said that it has so many bytes.
fn asked(bench: &mut Bench, has: u64) -> Call {
    bench.sleep();
    let range = format!("0-{}", has - 1);
    bench.answer("GET /up/0", 204, &[("range", &range)]);
    bench.next()
}

#[test]
fn a_registry_that_has_one_more_than_was_sent_is_asked_to_take_that_one() {
    let (mut bench, put) = Bench::putting("0123456789");
    bench.break_off(put, FailureKind::Interrupted, part(5));
    for _ in 0..2 {
        let patch = asked(&mut bench, 6);
        assert_eq!(patch.header("content-range"), Some("5-9"));
        bench.break_off(patch, FailureKind::Interrupted, part(0));
    }
    let patch = asked(&mut bench, 6);
    bench.reply(patch, 416, &[], "", part(0));
    bench.sleep();
    bench.answer("GET /up/0", 204, &[("range", "0-5")]);
    assert_eq!(bench.lines(), ["DELETE /up/0", OPEN]);
}

#[test]
fn a_single_byte_more_is_progress() {
    let text = "01234567890123456789";
    let (mut bench, mut patch) = Bench::putting(text);
    bench.break_off(patch, FailureKind::Interrupted, part(8));
    // More often than there are attempts.
    for has in 5..16 {
        patch = asked(&mut bench, has);
        let range = format!("{has}-19");
        assert_eq!(patch.header("content-range"), Some(range.as_str()));
        bench.break_off(patch, FailureKind::Interrupted, part(1));
    }
    assert!(!bench.done);
}

#[test]
fn an_upload_that_gets_no_further_ends() {
    let (mut bench, mut patch) = going_on_at_five();
    // To get there was progress, so this is the first of five.
    for _ in 0..4 {
        bench.reply(patch, 429, &[], "", part(0));
        patch = asked(&mut bench, 5);
    }
    bench.reply(patch, 429, &[], "", part(0));
    assert_eq!(bench.error().kind(), PushErrorKind::Unreachable);
}

#[test]
fn each_request_has_its_own_attempts() {
    let mut bench = Bench::opened();
    let from: Repository = "other/app".parse().expect("it has the form");
    bench.add(BlobSpec::known(blob("a")).with_mount_from(from));
    for status in [404, 202] {
        for _ in 0..4 {
            bench.answer_next(503, &[]);
            bench.sleep();
        }
        bench.answer_next(status, &[("location", "/up/1")]);
    }
    assert!(bench.next().line().starts_with("PUT /up/1?digest="));
}

#[test]
fn where_nothing_was_answered_the_same_place_is_tried_again_before_the_one_in_front_of_it() {
    let (mut bench, patch) = going_on_at_five();
    bench.break_off(patch, FailureKind::Interrupted, part(3));
    let patch = asked(&mut bench, 5);
    assert_eq!(patch.header("content-range"), Some("5-9"));
    // An answer that refuses may be lost as well.
    bench.break_off(patch, FailureKind::Interrupted, part(3));
    let patch = asked(&mut bench, 5);
    assert_eq!(patch.header("content-range"), Some("4-9"));
    // It took something there: one more than it says, as always.
    bench.break_off(patch, FailureKind::Interrupted, part(2));
    let patch = asked(&mut bench, 7);
    assert_eq!(patch.header("content-range"), Some("7-9"));
}

#[test]
fn where_things_broke_and_the_place_in_front_is_refused_the_registry_was_right() {
    let (mut bench, mut patch) = going_on_at_five();
    for range in ["5-9", "4-9"] {
        bench.break_off(patch, FailureKind::Interrupted, part(0));
        patch = asked(&mut bench, 5);
        assert_eq!(patch.header("content-range"), Some(range));
    }
    let refuse = |bench: &mut Bench, patch| bench.reply(patch, 416, &[], "", part(0));
    // That was to be found out, and there is no reason to wait.
    refuse(&mut bench, patch);
    bench.answer("GET /up/0", 204, &[("range", "0-4")]);
    let patch = bench.next();
    assert_eq!(patch.header("content-range"), Some("5-9"));
    bench.break_off(patch, FailureKind::Interrupted, part(0));
    let patch = asked(&mut bench, 5);
    assert_eq!(patch.header("content-range"), Some("5-9"));
    refuse(&mut bench, patch);
    bench.sleep();
    bench.answer("GET /up/0", 204, &[("range", "0-4")]);
    assert_eq!(bench.lines(), ["DELETE /up/0", OPEN]);
}

#[test]
fn a_registry_that_is_busy_says_nothing_of_the_place() {
    let (mut bench, mut patch) = going_on_at_five();
    for _ in 0..3 {
        bench.reply(patch, 429, &[], "", part(5));
        patch = asked(&mut bench, 5);
        assert_eq!(patch.header("content-range"), Some("5-9"));
    }
}

/// `0-0` may be one byte, so the session is no longer trusted; but that is no fault of its own.
#[test]
fn a_registry_that_is_busy_costs_no_session_of_those_that_may_fail() {
    let mut config = config();
    config.sessions = 1;
    let (mut bench, mut put) = Bench::putting_with(config, BlobSpec::known(blob("0123456789")));
    for n in 0..4 {
        bench.reply(put, 429, &[], "", part(10));
        bench.sleep();
        bench.answer_next(204, &[("range", "0-0")]);
        bench.answer(&format!("DELETE /up/{n}"), 204, &[]);
        let place = format!("/up/{}", n + 1);
        bench.answer(OPEN, 202, &[("location", &place)]);
        put = bench.next();
    }
    bench.reply(put, 201, &[], "", all("0123456789"));
    assert!(matches!(bench.events.last(), Some(Event::BlobDone(..))));
}

#[test]
fn what_cannot_be_read_on_begins_anew_unless_all_of_it_has_arrived() {
    for (range, line) in [("0-4", "DELETE /up/0"), ("0-9", "PUT /up/0?digest=")] {
        let text = "0123456789";
        let spec = BlobSpec::known(blob(text)).with_replay(Replay::FromStart);
        let (mut bench, put) = Bench::putting_with(config(), spec);
        bench.reply(put, 502, &[], "", all(text));
        bench.sleep();
        bench.answer_next(404, &[]);
        bench.answer("GET /up/0", 204, &[("range", range)]);
        let next = bench.next().line();
        assert!(next.starts_with(line), "{range}: {next}");
    }
}

#[test]
fn a_registry_that_does_not_know_the_question_gets_another_session() {
    let (mut bench, put) = Bench::putting("0123456789");
    bench.break_off(put, FailureKind::Interrupted, part(8));
    bench.sleep();
    bench.answer("GET /up/0", 501, &[]);
    bench.answer("DELETE /up/0", 204, &[]);
    bench.answer(
        "POST /v2/team/app/blobs/uploads/",
        202,
        &[("location", "/up/1")],
    );
    assert_eq!(bench.next().slice(), Some((0, Extent::Exact(10))));
}

#[test]
fn a_registry_that_refuses_the_question_ends_the_push() {
    let (mut bench, put) = Bench::putting("0123456789");
    bench.break_off(put, FailureKind::Interrupted, part(8));
    bench.sleep();
    bench.answer("GET /up/0", 507, &[]);
    assert_eq!(bench.error().kind(), PushErrorKind::Rejected);
}

#[test]
fn where_nothing_has_arrived_there_is_no_place_in_front() {
    let (mut bench, mut put) = Bench::putting("0123456789");
    for _ in 0..3 {
        bench.break_off(put, FailureKind::Interrupted, part(3));
        bench.sleep();
        bench.answer("GET /up/0", 204, &[("range", "bytes=0--1")]);
        put = bench.next();
        assert!(put.line().starts_with("PUT /up/0?"), "{}", put.line());
    }
}

#[test]
fn a_registry_that_takes_nothing_where_it_says_it_is_loses_the_session() {
    let (mut bench, put) = Bench::putting("0123456789");
    bench.break_off(put, FailureKind::Interrupted, part(8));
    let patch = asked(&mut bench, 6);
    bench.reply(patch, 416, &[], "", part(4));
    bench.answer("GET /up/0", 204, &[("range", "0-5")]);
    let patch = bench.next();
    bench.reply(patch, 416, &[], "", part(5));
    bench.sleep();
    bench.answer("GET /up/0", 204, &[("range", "0-5")]);
    let lines = bench.lines();
    assert!(lines.contains(&OPEN.to_owned()), "{lines:?}");
}
