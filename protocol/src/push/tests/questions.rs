//! Registries that do not answer when they are asked for a blob.

use super::bench::*;
use crate::*;

fn is_upload(bench: &mut Bench) -> bool {
    let line = bench.next().line();
    line.starts_with("PUT /up/")
}

#[test]
fn a_blob_that_cannot_be_asked_for_is_uploaded() {
    for status in [400, 403, 405, 501] {
        let mut bench = Bench::opened();
        bench.add(BlobSpec::known(blob("a")));
        bench.answer_next(status, &[]);
        assert!(is_upload(&mut bench), "{status}");
        assert_eq!(bench.now, Timestamp::ZERO, "{status}");
    }
}

#[test]
fn a_blob_that_is_asked_for_in_vain_is_uploaded_and_the_next_one_sooner() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    for _ in 0..2 {
        bench.answer_next(500, &[]);
        bench.sleep();
    }
    bench.answer_next(500, &[]);
    assert!(is_upload(&mut bench));
    bench.add(BlobSpec::known(blob("b")));
    bench.answer_next(500, &[]);
    assert_eq!(bench.lines(), ["POST /v2/team/app/blobs/uploads/"]);
    // Who has answers again is heard.
    bench.add(BlobSpec::known(blob("c")));
    let head = bench.calls.pop_back().expect("it is asked for");
    bench.reply(head, 200, &[], "", part(0));
    assert!(
        bench
            .events
            .iter()
            .any(|event| matches!(event, Event::BlobExists(_)))
    );
}

#[test]
fn a_registry_that_is_down_is_not_uploaded_to() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    for status in [500, 503, 502, 504] {
        bench.answer_next(status, &[]);
        bench.sleep();
    }
    bench.answer_next(502, &[]);
    assert_eq!(bench.error().kind(), PushErrorKind::Unreachable);
}

#[test]
fn what_may_have_arrived_is_asked_for_in_vain_and_the_session_then() {
    let (mut bench, put) = Bench::putting("0123456789");
    bench.reply(put, 500, &[], "", part(10));
    bench.sleep();
    bench.answer_next(501, &[]);
    bench.answer("GET /up/0", 204, &[("range", "0-9")]);
    assert!(bench.next().line().starts_with("PUT /up/0?digest="));
}

#[test]
fn a_manifest_that_head_does_not_tell_of_is_looked_at() {
    for status in [405, 501] {
        let (mut bench, put) = Bench::finishing_with(config());
        bench.reply(put, 201, &[], "", part(2));
        bench.answer_next(status, &[]);
        let get = bench.next();
        assert_eq!(get.request.method(), "GET", "{status}");
        bench.reply(get, 200, &[], "{}", part(0));
        bench.report();
    }
}

#[test]
fn parts_that_a_firewall_refuses_go_whole() {
    for status in [403, 501] {
        let mut config = config();
        config.chunk = Some(4);
        let spec = BlobSpec::known(blob("0123456789"));
        let (mut bench, patch) = Bench::putting_with(config, spec);
        let page = "<html><title>Forbidden</title></html>";
        bench.reply(patch, status, &[], page, part(4));
        bench.answer("DELETE /up/0", 204, &[]);
        bench.answer_next(202, &[("location", "/up/1")]);
        let put = bench.next();
        assert_eq!(put.slice(), Some((0, Extent::Exact(10))), "{status}");
        assert_eq!(bench.now, Timestamp::ZERO);
        // What then is refused is refused.
        bench.reply(put, 403, &[], page, part(4));
        assert_eq!(bench.error().kind(), PushErrorKind::Denied);
    }
}

#[test]
fn parts_that_may_be_neither_sent_nor_large_are_not_permitted() {
    let descriptor = Descriptor::new(
        MediaType::OCI_LAYER_GZIP,
        Content {
            digest: Digest::sha256(b"big"),
            size: 70_000_000,
        },
    );
    let (mut bench, put) = Bench::putting_with(config(), BlobSpec::known(descriptor));
    bench.reply(put, 413, &[], "", part(0));
    bench.answer("DELETE /up/0", 204, &[]);
    bench.answer_next(202, &[("location", "/up/1")]);
    bench.answer_next(403, &[]);
    assert_eq!(bench.error().kind(), PushErrorKind::Denied);
}
