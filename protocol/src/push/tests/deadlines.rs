//! Requests that take too long for anybody to wait for them.

use std::time::Duration;

use super::bench::*;
use crate::*;

#[test]
fn a_request_that_nobody_answers_is_aborted_and_tried_again() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    let head = bench.next();
    let pause = bench.sleep();
    assert_eq!(pause, head.limits.answer + Duration::from_secs(5));
    assert_eq!(bench.aborted, [head.ticket.id()]);
    // A late answer is nobody's.
    bench.reply(head, 200, &[], "", part(0));
    bench.sleep();
    assert_eq!(bench.next().request.method(), "HEAD");
}

#[test]
fn progress_keeps_a_long_upload_alive() {
    let (mut bench, put) = Bench::putting("0123456789");
    for sent in 1..=9 {
        bench.now = bench.now + put.limits.answer;
        bench.push.handle_progress(bench.now, put.ticket.id(), sent);
        bench.drain();
    }
    assert!(bench.aborted.is_empty());
    let progress = bench.push.progress().next();
    let progress = progress.map(|progress| (progress.sent, progress.size));
    assert_eq!(progress, Some((9, Some(10))));
}

#[test]
fn an_answer_may_be_as_long_as_what_is_asked_for() {
    let mut bench = Bench::new(config());
    let challenge = "Bearer realm=\"https://auth.example/token\"";
    bench.answer("GET /v2/", 401, &[("www-authenticate", challenge)]);
    bench.hand_in(None);
    let token = bench.next();
    assert_eq!(token.limits.response_body, 1_048_576);

    let (mut bench, put) = Bench::finishing_with(config());
    assert_eq!(put.limits.response_body, 65_536);
    bench.reply(put, 201, &[], "", part(0));
    let head = bench.next();
    assert_eq!(head.limits.response_body, 65_536);
    bench.reply(head, 405, &[], "", part(0));
    // The manifest itself, which may have 4 MiB everywhere.
    assert_eq!(bench.next().limits.response_body, 8_388_608);
}

#[test]
fn what_has_not_moved_is_no_progress() {
    let (mut bench, put) = Bench::putting("0123456789");
    let sends = |bench: &mut Bench, sent| {
        bench.now = bench.now + Duration::from_secs(10);
        bench.push.handle_progress(bench.now, put.ticket.id(), sent);
        bench.drain();
        bench.wakes.expect("a request in the air has a deadline")
    };
    let first = sends(&mut bench, 5);
    for sent in [5, 4, 0] {
        assert_eq!(sends(&mut bench, sent), first);
    }
    assert_eq!(sends(&mut bench, 6), first + Duration::from_secs(40));
}

#[test]
fn a_source_that_can_be_read_once_may_have_been_read_by_who_did_not_answer() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::unknown(MediaType::OCI_LAYER_GZIP, Replay::Never));
    let patch = bench.next();
    bench.sleep();
    assert_eq!(bench.aborted, [patch.ticket.id()]);
    bench.sleep();
    bench.answer("DELETE /up/0", 204, &[]);
    bench.answer_next(202, &[("location", "/up/1")]);
    assert_eq!(bench.error().kind(), PushErrorKind::Source);
}
