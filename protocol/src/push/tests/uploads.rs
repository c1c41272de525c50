use super::bench::*;
use crate::*;

const OPEN: &str = "POST /v2/team/app/blobs/uploads/";

fn head(text: &str) -> String {
    format!("HEAD /v2/team/app/blobs/{}", blob(text).digest)
}

#[test]
fn a_blob_that_is_there_is_not_sent() {
    let mut bench = Bench::opened();
    let id = bench.add(BlobSpec::known(blob("abc")));
    bench.answer(&head("abc"), 200, &[("content-length", "3")]);
    assert!(bench.events.contains(&Event::BlobExists(id)));
    assert!(bench.calls.is_empty());
}

#[test]
fn a_blob_of_another_length_or_digest_is_not_the_same() {
    let other = Digest::sha256(b"x").to_string();
    for header in [("content-length", "4"), ("docker-content-digest", &other)] {
        let mut bench = Bench::opened();
        bench.add(BlobSpec::known(blob("abc")));
        bench.answer(&head("abc"), 200, &[header]);
        assert_eq!(bench.next().request.method(), "PUT", "{header:?}");
    }
}

#[test]
fn a_question_that_is_not_answered_is_asked_again_and_one_that_is_refused_is_dropped() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    bench.answer(&head("a"), 502, &[]);
    bench.sleep();
    let call = bench.next();
    bench.break_off(call, FailureKind::TimedOut, part(0));
    bench.sleep();
    bench.answer(&head("a"), 405, &[]);
    assert_eq!(bench.next().request.method(), "PUT");
}

#[test]
fn blobs_with_one_digest_are_sent_once() {
    let (mut bench, put) = Bench::putting("a");
    let twin = bench.add(BlobSpec::known(blob("a")));
    assert!(bench.calls.is_empty());
    bench.reply(put, 201, &[], "", all("a"));
    assert!(bench.events.contains(&Event::BlobDone(twin, blob("a"))));
}

#[test]
fn an_empty_blob_is_an_empty_put() {
    let (_, put) = Bench::putting("");
    assert_eq!(put.request.body(), &Payload::Empty);
}

#[test]
fn an_answer_lost_after_the_last_byte_is_looked_for_before_anything_is_sent_again() {
    let (mut bench, put) = Bench::putting("abc");
    bench.break_off(put, FailureKind::Interrupted, all("abc"));
    bench.sleep();
    bench.answer(&head("abc"), 200, &[]);
    let id = BlobId(0);
    assert!(bench.events.contains(&Event::BlobDone(id, blob("abc"))));
    assert!(
        !bench.events.contains(&Event::BlobExists(id)),
        "it was uploaded"
    );
}

#[test]
fn somebody_else_may_have_committed_the_blob() {
    let (mut bench, put) = Bench::putting("abc");
    let body = r#"{"errors":[{"code":"BLOB_UPLOAD_INVALID","message":"cannot be updated"}]}"#;
    bench.reply(put, 400, &[], body, all("abc"));
    bench.sleep();
    bench.answer(&head("abc"), 200, &[]);
    assert!(
        bench
            .events
            .contains(&Event::BlobDone(BlobId(0), blob("abc")))
    );
}

#[test]
fn a_lost_session_is_replaced_a_few_times_and_no_more() {
    let (mut bench, mut put) = Bench::putting("abc");
    let body = r#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#;
    for session in 1..=3 {
        bench.reply(put, 404, &[], body, part(3));
        if session == 3 {
            break;
        }
        bench.sleep();
        let lines = bench.lines();
        assert!(lines.contains(&OPEN.to_owned()), "{lines:?}");
        while let Some(call) = bench.calls.pop_front() {
            let location = format!("/up/{session}");
            let status = if call.line() == OPEN { 202 } else { 404 };
            bench.reply(call, status, &[("location", &location)], "", part(0));
            if status == 202 {
                break;
            }
        }
        put = bench.next();
        // The registry is asked whether it has the lost session under another name.
        while put.line().starts_with("GET ") {
            bench.reply(put, 404, &[], "", part(0));
            put = bench.next();
        }
    }
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Rejected);
    assert!(error.to_string().contains("BLOB_UPLOAD_UNKNOWN"), "{error}");
}

#[test]
fn a_stream_is_one_patch_to_its_end_and_a_commit_with_its_digest() {
    let mut bench = Bench::opened();
    let layer = MediaType::OCI_LAYER_GZIP;
    let id = bench.add(BlobSpec::unknown(layer.clone(), Replay::FromStart));
    let patch = bench.next();
    assert_eq!(patch.line(), "PATCH /up/0");
    assert_eq!(patch.header("content-range"), None);
    assert_eq!(patch.slice(), Some((0, Extent::ToEnd)));
    bench.reply(patch, 202, &[("location", "/up/1")], "", all("stream"));
    let digest = Digest::sha256(b"stream");
    bench.answer(&format!("PUT /up/1?digest={digest}"), 201, &[]);
    let descriptor = Descriptor::new(layer, Content::of(b"stream"));
    assert_eq!(bench.push.descriptor(id), Some(descriptor.clone()));
    assert!(bench.events.contains(&Event::BlobDone(id, descriptor)));
}

#[test]
fn a_packer_is_run_again_and_must_give_the_same_bytes() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::unknown(
        MediaType::OCI_LAYER_GZIP,
        Replay::FromStart,
    ));
    let patch = bench.next();
    bench.break_off(patch, FailureKind::Interrupted, all("stream"));
    bench.sleep();
    bench.answer("DELETE /up/0", 204, &[]);
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    let put = bench.next();
    assert_eq!(
        put.slice(),
        Some((0, Extent::Exact(6))),
        "its length is known by now"
    );
    bench.reply(put, 201, &[], "", all("strEAm"));
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Source);
    assert!(error.to_string().contains("changed"), "{error}");
}

#[test]
fn a_source_that_can_be_read_once_is_not_read_twice() {
    for sent in [0, 1] {
        let mut bench = Bench::opened();
        bench.add(BlobSpec::unknown(MediaType::OCI_LAYER_GZIP, Replay::Never));
        let patch = bench.next();
        bench.break_off(patch, FailureKind::Interrupted, part(sent));
        bench.sleep();
        bench.answer("DELETE /up/0", 204, &[]);
        bench.answer(OPEN, 202, &[("location", "/up/1")]);
        if sent == 0 {
            assert_eq!(bench.next().line(), "PATCH /up/1");
        } else {
            assert_eq!(bench.error().kind(), PushErrorKind::Source);
        }
    }
}

#[test]
fn a_mount_that_works_moves_nothing() {
    let mut bench = Bench::opened();
    let from: Repository = "other/app".parse().expect("it has the form");
    let id = bench.add(BlobSpec::known(blob("a")).with_mount_from(from.clone()));
    bench.answer(&head("a"), 404, &[]);
    let line = format!("{OPEN}?mount={}&from=other/app", blob("a").digest);
    bench.answer(&line, 201, &[]);
    assert!(bench.events.contains(&Event::BlobMounted(id, from)));
}

#[test]
fn a_mount_of_something_else_is_none() {
    let mut bench = Bench::opened();
    let from: Repository = "other/app".parse().expect("it has the form");
    bench.add(BlobSpec::known(blob("a")).with_mount_from(from));
    bench.answer(&head("a"), 404, &[]);
    let other = Digest::sha256(b"other").to_string();
    bench.answer_next(201, &[("docker-content-digest", &other)]);
    assert!(bench.next().line().starts_with("PUT /up/0?digest="));
}

#[test]
fn an_upload_of_something_else_is_looked_into() {
    let (mut bench, put) = Bench::putting("abc");
    let other = Digest::sha256(b"other").to_string();
    bench.reply(
        put,
        201,
        &[("docker-content-digest", &other)],
        "",
        all("abc"),
    );
    bench.answer(&head("abc"), 404, &[]);
    bench.sleep();
    let lines = bench.lines();
    assert_eq!(lines, ["DELETE /up/0", OPEN]);
}

#[test]
fn a_blob_of_nothing_takes_no_lane_from_others() {
    let mut config = config();
    config.uploads = 1;
    let (mut bench, _large) = Bench::putting_with(config, BlobSpec::known(blob("large")));
    bench.add(BlobSpec::known(blob("")));
    bench.answer(&head(""), 404, &[]);
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    assert!(bench.next().line().starts_with("PUT /up/1?digest="));
}

#[test]
fn a_mount_that_fails_is_an_upload_with_the_session_that_came_back_or_another() {
    let from: Repository = "other/app".parse().expect("it has the form");
    for status in [302, 400, 401, 403, 404, 405, 409, 500, 501, 507] {
        let mut bench = Bench::opened();
        bench.add(BlobSpec::known(blob("a")).with_mount_from(from.clone()));
        bench.answer(&head("a"), 404, &[]);
        bench.answer_next(status, &[("www-authenticate", "Basic")]);
        if status == 401 {
            // Somebody might have credentials. Nobody has.
            continue;
        }
        assert!(bench.next().line().starts_with("PUT /up/0?"), "{status}");
    }
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")).with_mount_from(from));
    bench.answer(&head("a"), 404, &[]);
    bench.answer_next(202, &[("location", "/up/mount")]);
    assert!(bench.next().line().starts_with("PUT /up/mount?"));
}

#[test]
fn what_is_done_again_is_told_once() {
    let mut bench = Bench::opened();
    let id = bench.add(BlobSpec::known(blob("a")));
    bench.answer(&head("a"), 500, &[]);
    bench.sleep();
    bench.answer(&head("a"), 404, &[]);
    let put = bench.next();
    bench.break_off(put, FailureKind::Interrupted, all("a"));
    bench.sleep();
    bench.answer(&head("a"), 404, &[]);
    bench.answer("GET /up/0", 404, &[]);
    bench.sleep();
    bench.answer("DELETE /up/0", 204, &[]);
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    let count = |wanted: &Event| bench.events.iter().filter(|event| *event == wanted).count();
    assert_eq!(count(&Event::BlobChecking(id)), 1);
    let sent = Event::BlobUploading {
        blob: id,
        offset: 0,
    };
    assert_eq!(
        count(&sent),
        2,
        "once for each time that its bytes are sent"
    );
}

#[test]
fn lanes_are_kept() {
    let mut config = config();
    config.uploads = 2;
    config.controls = 1;
    let mut bench = Bench::opened_with(config);
    for n in 0..5 {
        bench
            .push
            .add_blob(BlobSpec::unknown(MediaType::OCI_LAYER, Replay::FromStart))
            .expect("n");
        let _ = n;
    }
    bench.drain();
    // The spare session serves one; the others need sessions, one question at a time.
    let lines = bench.lines();
    assert_eq!(lines, [OPEN, "PATCH /up/0"], "{lines:?}");
    let open = bench.next();
    bench.reply(open, 202, &[("location", "/up/1")], "", part(0));
    assert_eq!(bench.lines(), ["PATCH /up/0", OPEN, "PATCH /up/1"]);
}
