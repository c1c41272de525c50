//! A blob whose digest becomes known while it is sent.

use super::bench::*;
use crate::*;

const OPEN: &str = "POST /v2/team/app/blobs/uploads/";
const TEXT: &str = "0123456789ABCDEF";

/// A push that streams a blob of which `sent` bytes have left the source, and then learns what it
/// is.
fn learning(sent: u64, replay: Replay) -> (Bench, Call, BlobId) {
    let mut bench = Bench::opened();
    let id = bench.add(BlobSpec::unknown(MediaType::OCI_LAYER_GZIP, replay));
    let patch = bench.next();
    bench
        .push
        .handle_progress(bench.now, patch.ticket.id(), sent);
    let content = Content::of(TEXT.as_bytes());
    bench.push.learn(bench.now, id, content);
    bench.drain();
    (bench, patch, id)
}

fn unknown() -> BlobSpec {
    BlobSpec::unknown(MediaType::OCI_LAYER_GZIP, Replay::Anywhere)
}

fn head() -> String {
    format!(
        "HEAD /v2/team/app/blobs/{}",
        Digest::sha256(TEXT.as_bytes())
    )
}

#[test]
fn a_blob_that_is_there_is_not_sent_to_its_end() {
    for replay in [Replay::Anywhere, Replay::FromStart, Replay::Never] {
        let (mut bench, patch, id) = learning(3, replay);
        bench.answer(&head(), 200, &[("content-length", "16")]);
        assert_eq!(bench.cut, [patch.ticket.id()]);
        assert!(bench.aborted.is_empty());
        assert!(bench.events.contains(&Event::BlobExists(id)));
        assert!(bench.calls.is_empty(), "{:?}", bench.lines());
        // Where the session is by then.
        bench.reply(patch, 202, &[("location", "/up/0?at=3")], "", part(3));
        bench.answer("DELETE /up/0?at=3", 204, &[]);
        assert!(bench.calls.is_empty(), "{:?}", bench.lines());
        let manifest = manifest_of(TEXT);
        let named = manifest.descriptor().digest.to_string();
        bench.push.set_manifest(manifest).expect("it is the first");
        bench.drain();
        bench.answer_next(200, &[("docker-content-digest", &named)]);
        assert_eq!(bench.report().blobs[0].sent, 3);
    }
}

#[test]
fn whatever_else_is_heard_of_a_blob_it_is_sent_to_its_end() {
    let answers: [(u16, &[(&str, &str)]); 5] = [
        (404, &[]),
        (401, &[]),
        (429, &[]),
        (500, &[]),
        (200, &[("content-length", "17")]),
    ];
    for (status, headers) in answers {
        let (mut bench, patch, _) = learning(3, Replay::Anywhere);
        bench.answer(&head(), status, headers);
        assert!(
            bench.aborted.is_empty() && bench.calls.is_empty(),
            "{status}"
        );
        bench.reply(patch, 202, &[("location", "/up/1")], "", all(TEXT));
        let digest = Digest::sha256(TEXT.as_bytes());
        bench.answer(&format!("PUT /up/1?digest={digest}"), 201, &[]);
        assert!(bench.calls.is_empty());
    }
}

#[test]
fn a_blob_that_arrived_meanwhile_was_uploaded() {
    let (mut bench, patch, id) = learning(3, Replay::Anywhere);
    let question = bench.next();
    bench.reply(patch, 202, &[("location", "/up/1")], "", all(TEXT));
    bench.reply(question, 200, &[], "", part(0));
    let digest = Digest::sha256(TEXT.as_bytes());
    bench.answer(&format!("PUT /up/1?digest={digest}"), 201, &[]);
    assert!(bench.aborted.is_empty());
    assert!(!bench.events.contains(&Event::BlobExists(id)));
}

#[test]
fn what_becomes_known_before_it_is_sent_is_looked_for_first() {
    let mut config = config();
    config.uploads = 1;
    let mut bench = Bench::opened_with(config);
    bench.add(unknown());
    let waiting = bench.add(unknown());
    let _patch = bench.next();
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    assert!(bench.calls.is_empty(), "it waits for a lane");
    bench
        .push
        .learn(bench.now, waiting, Content::of(TEXT.as_bytes()));
    bench.drain();
    assert_eq!(bench.lines(), ["DELETE /up/1".to_owned(), head()]);
}

#[test]
fn what_becomes_known_before_it_has_a_session_is_looked_for_first() {
    let mut bench = Bench::opened();
    bench.add(unknown());
    let _patch = bench.next();
    let pausing = bench.add(unknown());
    bench.answer(OPEN, 500, &[]);
    bench
        .push
        .learn(bench.now, pausing, Content::of(TEXT.as_bytes()));
    bench.drain();
    bench.sleep();
    assert_eq!(bench.lines(), [head()]);
}

#[test]
fn a_session_that_is_being_opened_is_used_although_the_blob_became_known() {
    let mut bench = Bench::opened();
    bench.add(unknown());
    let _patch = bench.next();
    let opening = bench.add(unknown());
    bench
        .push
        .learn(bench.now, opening, Content::of(TEXT.as_bytes()));
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    let digest = Digest::sha256(TEXT.as_bytes());
    assert_eq!(bench.lines(), [format!("PUT /up/1?digest={digest}")]);
}

#[test]
fn a_stream_that_breaks_after_its_content_was_learnt_begins_again_with_its_length() {
    let (mut bench, patch, _) = learning(8, Replay::Anywhere);
    bench.answer(&head(), 404, &[]);
    bench.break_off(patch, FailureKind::Interrupted, part(9));
    bench.sleep();
    bench.answer("DELETE /up/0", 204, &[]);
    bench.answer(
        "POST /v2/team/app/blobs/uploads/",
        202,
        &[("location", "/up/1")],
    );
    assert_eq!(bench.next().slice(), Some((0, Extent::Exact(16))));
}

/// A push with one lane of each kind, in which a stream is in the air that turned out to be empty,
/// and that the registry does not have.
fn learning_of_nothing() -> (Bench, Call) {
    let mut config = config();
    config.uploads = 1;
    config.controls = 1;
    let mut bench = Bench::opened_with(config);
    let media_type = MediaType::OCI_LAYER_GZIP;
    let id = bench.add(BlobSpec::unknown(media_type, Replay::Anywhere));
    let patch = bench.next();
    bench.push.learn(bench.now, id, Content::of(b""));
    bench.drain();
    bench.answer_next(404, &[]);
    (bench, patch)
}

#[test]
fn a_stream_that_did_not_begin_goes_on_as_what_it_was_learnt_to_be() {
    let (mut bench, patch) = learning_of_nothing();
    bench.break_off(patch, FailureKind::Connect, part(0));
    bench.sleep();
    let put = bench.next();
    let digest = Digest::sha256(b"");
    assert_eq!(put.line(), format!("PUT /up/0?digest={digest}"));
    assert_eq!(put.request.body(), &Payload::Empty);
}

#[test]
fn a_stream_takes_a_lane_whatever_it_was_learnt_to_be() {
    let (mut bench, patch) = learning_of_nothing();
    bench.add(BlobSpec::known(blob("waits for the lane")));
    bench.answer_next(404, &[]);
    bench.answer_next(202, &[("location", "/up/1")]);
    bench.add(BlobSpec::known(blob("is asked for")));
    let question = bench.next();
    let challenge = [("www-authenticate", "Basic realm=\"x\"")];
    bench.reply(patch, 401, &challenge, "", part(0));
    bench.hand_in(Some(Credentials::password("me", "my-password")));
    bench.reply(question, 404, &[], "", part(0));
    let bodies: Vec<_> = bench.calls.iter().filter_map(Call::slice).collect();
    assert_eq!(bodies, [(0, Extent::ToEnd)], "invariant 6");
}

#[test]
fn a_stream_that_ends_as_something_else_than_it_was_said_to_be_fails() {
    let (mut bench, patch, _) = learning(8, Replay::Anywhere);
    bench.answer(&head(), 404, &[]);
    bench.reply(
        patch,
        202,
        &[("location", "/up/1")],
        "",
        all("something else"),
    );
    assert_eq!(bench.error().kind(), PushErrorKind::Source);
}

#[test]
fn what_is_known_is_not_learnt_again() {
    let (mut bench, put) = Bench::putting("abc");
    let id = bench
        .push
        .progress()
        .next()
        .map(|progress| progress.blob)
        .expect("it was added");
    bench.push.learn(bench.now, id, Content::of(b"x"));
    bench.drain();
    assert!(bench.aborted.is_empty());
    bench.reply(put, 201, &[], "", all("abc"));
    assert_eq!(bench.push.descriptor(id), Some(blob("abc")));
}
