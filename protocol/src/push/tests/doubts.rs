//! What a registry says that contradicts itself, or what was said before.

use super::bench::*;
use crate::*;

fn head(text: &str) -> String {
    format!("HEAD /v2/team/app/blobs/{}", blob(text).digest)
}

fn other() -> String {
    Digest::sha256(b"other").to_string()
}

#[test]
fn a_commit_that_names_another_digest_is_not_believed() {
    let mut bench = Bench::opened();
    let id = bench.add(BlobSpec::unknown(
        MediaType::OCI_LAYER_GZIP,
        Replay::FromStart,
    ));
    let patch = bench.next();
    bench.reply(patch, 202, &[("location", "/up/1")], "", all("abc"));
    let commit = bench.next();
    assert_eq!(
        commit.line(),
        format!("PUT /up/1?digest={}", blob("abc").digest)
    );
    let header = ("docker-content-digest", other());
    bench.reply(
        commit,
        201,
        &[(header.0, &header.1)],
        "",
        Receipt::default(),
    );
    assert!(!bench.events.contains(&Event::BlobDone(id, blob("abc"))));
    if bench.calls.is_empty() {
        bench.sleep();
    }
    bench.answer(&head("abc"), 200, &[]);
    assert!(bench.events.contains(&Event::BlobDone(id, blob("abc"))));
}

#[test]
fn another_manifest_under_the_right_name_is_not_taken_for_ours() {
    let (mut bench, put) = Bench::finishing_with(config());
    bench.reply(put, 201, &[], "", part(0));
    bench.answer_next(405, &[]);
    let get = bench.next();
    bench.reply(get, 200, &[], "other", part(0));
    assert!(!bench.done, "a registry may lag behind");
    bench.sleep();
    let get = bench.next();
    assert_eq!(get.request.method(), "GET");
    bench.reply(get, 200, &[], "{}", part(0));
    bench.report();
}

#[test]
fn an_upload_that_gets_on_may_break_as_often_as_it_likes() {
    let text = "0123456789".repeat(10);
    let (mut bench, mut call) = Bench::putting(&text);
    for n in 1..config().attempts + 4 {
        bench.break_off(call, FailureKind::Interrupted, part(20));
        bench.sleep();
        let has = u64::from(n) * 10;
        let range = format!("0-{}", has - 1);
        bench.answer("GET /up/0", 204, &[("range", &range)]);
        call = bench.next();
        let rest = Extent::Exact(100 - has);
        assert_eq!(call.slice(), Some((has, rest)), "{}", call.line());
    }
}

#[test]
fn a_blob_is_announced_once_however_often_it_is_asked_for() {
    let mut bench = Bench::opened();
    let id = bench.add(BlobSpec::known(blob("a")));
    assert!(bench.events.contains(&Event::BlobChecking(id)));
    bench.answer(&head("a"), 502, &[]);
    bench.sleep();
    bench.answer(&head("a"), 200, &[]);
    let is_told = |event: &&Event| **event == Event::BlobChecking(id);
    assert_eq!(bench.events.iter().filter(is_told).count(), 1);
}

#[test]
fn what_is_printed_tells_what_it_is() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 200, &[]);
    bench.answer_next(202, &[("location", "https://store.example/up?sig=x")]);
    let id = bench.add(BlobSpec::known(blob("a")));
    assert_eq!(format!("{id:?}"), "blob 0");
    let call = bench.next();
    assert!(
        format!("{:?}", call.ticket).contains("request 3"),
        "{:?}",
        call.ticket
    );
    bench.reply(call, 404, &[], "", part(0));
    let call = bench.next();
    let exchange = Exchange {
        ticket: call.ticket,
        request: call.request,
        limits: call.limits,
    };
    let text = format!("{exchange:?}");
    for part in ["PUT", "store.example", "/up", "request 4", "Blob("] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("sig=x"), "{text}");
    let repository: Repository = "team/app".parse().expect("it has the form");
    assert!(format!("{repository:?}").contains("team/app"));
    let layer = MediaType::OCI_LAYER;
    let text = "application/vnd.oci.image.layer.v1.tar";
    assert_eq!(layer.as_str(), text);
    assert_eq!(format!("{layer} {layer:?}"), format!("{text} {text}"));
    let time = Timestamp::since_epoch(std::time::Duration::from_millis(1_500));
    assert_eq!(format!("{time:?}"), "t=1.500s");
    let told = r#"{"errors":[{"code":"DENIED"}]}"#;
    let (mut bench, put) = Bench::putting("abc");
    bench.reply(put, 403, &[], told, part(0));
    let error = bench.error();
    let code = error.answer().and_then(|answer| answer.code.as_ref());
    assert_eq!(format!("{code:?}"), "Some(DENIED)");
}

#[test]
fn a_body_that_left_whole_may_have_arrived() {
    let (mut bench, put) = Bench::putting("abc");
    bench.break_off(put, FailureKind::Interrupted, part(3));
    bench.sleep();
    bench.answer(&head("abc"), 200, &[]);
    bench.set_manifest();
    // The session is still open if somebody else brought the blob.
    let manifest = "PUT /v2/team/app/manifests/1.0";
    assert_eq!(bench.lines(), ["DELETE /up/0", manifest]);
}

#[test]
fn a_question_is_asked_as_often_as_is_allowed_and_then_no_more() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    let mut asked = 0;
    while !bench.done {
        asked += 1;
        let call = bench.next();
        bench.reply(call, 502, &[], "", Receipt::default());
        if bench.lines() == ["DELETE /up/0"] {
            break;
        }
        bench.sleep();
    }
    assert_eq!(asked, config().attempts);
    assert_eq!(bench.error().kind(), PushErrorKind::Unreachable);
}

#[test]
fn whoever_stores_a_body_has_longer_to_answer() {
    let (mut bench, put) = Bench::putting("abc");
    assert_eq!(put.limits.answer, config().commit);
    assert_eq!(put.limits.idle, config().idle);
    bench.add(BlobSpec::known(blob("b")));
    let head = bench.next();
    assert_eq!(head.limits.answer, config().idle);
    assert_eq!(head.limits.total, None);
}

#[test]
fn a_push_that_has_ended_takes_nothing_more() {
    let mut push = Push::new(config(), Timestamp::ZERO);
    assert!(!push.is_done());
    push.cancel(Timestamp::ZERO);
    for _ in 0..10 {
        push.poll(Timestamp::ZERO);
    }
    assert!(push.is_done());
    assert_eq!(
        push.add_blob(BlobSpec::known(blob("a"))),
        Err(Misuse::Ended)
    );
    assert_eq!(push.set_manifest(manifest()), Err(Misuse::Ended));
}

#[test]
fn whatever_comes_after_a_request_was_given_up_is_ignored() {
    for has_answer in [true, false] {
        let mut bench = Bench::opened();
        bench.add(BlobSpec::known(blob("a")));
        let late = bench.next();
        bench.sleep();
        assert_eq!(bench.aborted, [late.ticket.id()]);
        if has_answer {
            bench.reply(late, 404, &[], "", part(0));
        } else {
            bench.break_off(late, FailureKind::Interrupted, part(0));
        }
        bench.sleep();
        bench.answer(&head("a"), 200, &[]);
        assert!(bench.calls.is_empty(), "{:?}", bench.lines());
    }
}
