//! Blobs that go in parts: because a registry takes no more, or says that it takes no more.

use super::bench::*;
use crate::*;

const OPEN: &str = "POST /v2/team/app/blobs/uploads/";
const MIB: u64 = 1 << 20;

#[test]
fn too_large_for_one_request_goes_in_parts() {
    let size = (3 << 20) + 1;
    let (mut bench, put) = Bench::putting_with(config(), BlobSpec::known(sized(size)));
    bench.reply(
        put,
        413,
        &[("content-type", "text/html")],
        "<html>413</html>",
        part(70_000),
    );
    bench.answer("DELETE /up/0", 204, &[]);
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    let first = bench.next();
    assert_eq!(first.header("content-range"), Some("0-1048575"));
    // A `Range` that is stuck, or ahead, is not believed.
    bench.reply(
        first,
        201,
        &[("location", "/up/2"), ("range", "0-0")],
        "",
        part(MIB),
    );
    let second = bench.next();
    assert_eq!(second.line(), "PATCH /up/2");
    assert_eq!(second.slice(), Some((MIB, Extent::Exact(MIB))));
    bench.reply(second, 204, &[("range", "0-99999999")], "", part(MIB));
    let third = bench.next();
    bench.reply(third, 204, &[], "", part(MIB));
    let last = bench.next();
    assert_eq!(last.slice(), Some((3 * MIB, Extent::Exact(1))));
    // The whole, and the parts once.
    let is_told = |event: &&Event| matches!(event, Event::BlobUploading { offset: 0, .. });
    assert_eq!(bench.events.iter().filter(is_told).count(), 2);
    let is_other = |event: &Event| matches!(event, Event::BlobUploading { offset: 1.., .. });
    assert!(!bench.events.iter().any(is_other));
    bench.reply(last, 204, &[], "", part(1));
    assert!(bench.next().line().starts_with("PUT /up/2?digest="));
}

#[test]
fn where_parts_are_not_taken_the_blob_goes_whole() {
    let mut config = config();
    config.chunk = Some(4);
    // That is learnt, and no session is blamed for it.
    config.sessions = 1;
    let (mut bench, patch) = Bench::putting_with(config, BlobSpec::known(blob("0123456789")));
    bench.reply(patch, 405, &[], "", part(4));
    bench.answer("DELETE /up/0", 204, &[]);
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    assert_eq!(bench.next().slice(), Some((0, Extent::Exact(10))));
}

#[test]
fn the_session_says_how_large_parts_are() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 200, &[]);
    bench.answer(
        OPEN,
        202,
        &[
            ("location", "/up/0"),
            ("oci-chunk-max-length", "4"),
            ("oci-chunk-min-length", "2"),
        ],
    );
    bench.add(BlobSpec::known(blob("0123456789")));
    bench.answer_next(404, &[]);
    assert_eq!(bench.next().header("content-range"), Some("0-3"));
}

#[test]
fn what_is_as_large_as_a_part_goes_whole() {
    let mut config = config();
    config.chunk = Some(10);
    let (_, put) = Bench::putting_with(config, BlobSpec::known(blob("0123456789")));
    assert!(put.line().starts_with("PUT "), "{}", put.line());
}

#[test]
fn a_part_moves_on_by_what_was_sent_unless_less_is_said_to_be_there() {
    for (range, next) in [
        ("0-1", "2-5"),
        ("0-2", "3-6"),
        ("0-3", "4-7"),
        ("0-7", "4-7"),
        ("nonsense", "4-7"),
    ] {
        let mut config = config();
        config.chunk = Some(4);
        let blob = BlobSpec::known(blob("0123456789ab"));
        let (mut bench, patch) = Bench::putting_with(config, blob);
        bench.reply(patch, 202, &[("range", range)], "", part(4));
        let patch = bench.next();
        assert_eq!(patch.header("content-range"), Some(next), "{range}");
    }
}

#[test]
fn a_registry_that_says_what_it_had_before_has_the_part_all_the_same() {
    for range in ["0-2", "0-3"] {
        let mut config = config();
        config.chunk = Some(4);
        let blob = BlobSpec::known(blob("0123456789ab"));
        let (mut bench, first) = Bench::putting_with(config, blob);
        bench.reply(first, 202, &[], "", part(4));
        let second = bench.next();
        bench.reply(second, 202, &[("range", range)], "", part(4));
        assert_eq!(bench.next().header("content-range"), Some("8-11"));
    }
}

#[test]
fn the_first_part_of_a_large_blob_fits_what_is_common_in_front_of_registries() {
    let (mut bench, put) = Bench::putting_with(config(), BlobSpec::known(sized(2_000 * MIB)));
    let patch = too_large(&mut bench, put);
    assert_eq!(patch.slice(), Some((0, Extent::Exact(64 * MIB))));
}

#[test]
fn a_largest_part_counts_where_it_is_one_and_the_blob_can_be_read_in_parts() {
    for (most, replay) in [("0", Replay::Anywhere), ("4", Replay::FromStart)] {
        let mut bench = Bench::new(config());
        bench.answer("GET /v2/", 200, &[]);
        let headers = [("location", "/up/0"), ("oci-chunk-max-length", most)];
        bench.answer(OPEN, 202, &headers);
        bench.add(BlobSpec::known(blob("0123456789")).with_replay(replay));
        bench.answer_next(404, &[]);
        let put = bench.next();
        assert_eq!(put.slice(), Some((0, Extent::Exact(10))), "{most}");
    }
}

/// A blob that nobody has to have, since only its length counts.
fn sized(size: u64) -> Descriptor {
    let digest = Digest::sha256(b"big");
    Descriptor::new(MediaType::OCI_LAYER_GZIP, Content { digest, size })
}

/// What comes after a body was too large.
fn too_large(bench: &mut Bench, put: Call) -> Call {
    bench.reply(put, 413, &[], "", part(0));
    bench.answer("DELETE /up/0", 204, &[]);
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    bench.next()
}
