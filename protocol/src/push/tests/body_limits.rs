//! Registries, and what is in front of them, that take no more than so much in one request.

use super::bench::*;
use crate::*;

const OPEN: &str = "POST /v2/team/app/blobs/uploads/";
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const MB: u64 = 1_000_000;

/// A registry that takes bodies of `limit` bytes at most, and in which nothing is.
struct Limited {
    limit: u64,
    /// The smallest part that its sessions take.
    least: Option<&'static str>,
    /// The length of every body of a blob, and whether it was taken.
    bodies: Vec<(u64, bool)>,
    sessions: u32,
}

impl Limited {
    fn new(limit: u64) -> Self {
        Self {
            limit,
            least: None,
            bodies: Vec::new(),
            sessions: 0,
        }
    }

    /// Plays a push of blobs of these sizes to its end. No time passes in it.
    fn push(&mut self, config: Config, sizes: &[u64]) -> Result<Report, PushError> {
        let mut bench = Bench::new(config);
        for (index, size) in sizes.iter().enumerate() {
            bench.add(BlobSpec::known(sized(index, *size)));
        }
        bench.set_manifest();
        // Bodies take longer than anything else.
        let is_short = |call: &Call| !matches!(call.request.body(), Payload::Blob(_));
        while !bench.calls.is_empty() {
            let short = bench.calls.iter().position(is_short);
            let call = bench.calls.remove(short.unwrap_or(0));
            self.answer(&mut bench, call.expect("there is one"));
        }
        assert!(bench.done, "it waits until {:?}", bench.wakes);
        bench.push.finish()
    }

    fn answer(&mut self, bench: &mut Bench, call: Call) {
        let length = call.request.body().length().unwrap_or(u64::MAX);
        let is_bytes = matches!(call.request.body(), Payload::Blob(_));
        let is_taken = length <= self.limit;
        if is_bytes {
            self.bodies.push((length, is_taken));
        }
        let method = call.request.method().as_str();
        let named = Digest::sha256(b"{}").to_string();
        match method {
            "PUT" | "PATCH" if !is_taken => bench.reply(call, 413, &[], "", part(0)),
            "GET" => bench.reply(call, 200, &[], "", part(0)),
            "HEAD" => bench.reply(call, 404, &[], "", part(0)),
            "POST" => {
                self.sessions += 1;
                let place = format!("/up/{}", self.sessions);
                let mut headers = vec![("location", place.as_str())];
                headers.extend(self.least.map(|least| ("oci-chunk-min-length", least)));
                bench.reply(call, 202, &headers, "", part(0));
            }
            "PATCH" => bench.reply(call, 202, &[], "", part(length)),
            "PUT" if call.line().contains("/manifests/") => {
                let headers = [("docker-content-digest", named.as_str())];
                bench.reply(call, 201, &headers, "", part(0));
            }
            "PUT" => bench.reply(call, 201, &[], "", part(length)),
            _ => bench.reply(call, 204, &[], "", part(0)),
        }
    }

    fn refused(&self) -> Vec<u64> {
        let refused = self.bodies.iter().filter(|(_, is_taken)| !is_taken);
        refused.map(|(length, _)| *length).collect()
    }
}

/// The `index`th blob, which need not exist, since only its length counts.
fn sized(index: usize, size: u64) -> Descriptor {
    let digest = Digest::sha256(index.to_string().as_bytes());
    Descriptor::new(MediaType::OCI_LAYER_GZIP, Content { digest, size })
}

#[test]
fn a_large_layer_gets_through_every_limit_that_is_common() {
    for (limit, tried) in [
        (100 * MB, vec![]),
        (10 * MB, vec![70 * MB, 32 * MIB, 16 * MIB]),
        (4 * MIB, vec![70 * MB, 32 * MIB, 16 * MIB, 8 * MIB]),
        (
            MIB,
            vec![70 * MB, 32 * MIB, 16 * MIB, 8 * MIB, 4 * MIB, 2 * MIB],
        ),
    ] {
        let mut registry = Limited::new(limit);
        // To learn a size is neither a failed attempt nor a failed session, and takes no pause.
        let mut config = config();
        (config.attempts, config.sessions, config.retries) = (1, 1, 0);
        let report = registry.push(config, &[70 * MB]).expect("it goes in parts");
        assert_eq!(registry.refused(), tried, "{limit}");
        assert_eq!(report.retries, 0);
        let learnt = (!tried.is_empty()).then(|| registry.bodies[tried.len()].0);
        assert_eq!(report.largest_chunk, learnt, "{limit}");
    }
}

#[test]
fn the_default_limit_of_nginx_is_tried_and_a_quarter_of_it() {
    for (limit, size, tried) in [
        (MIB, 1_500 * KIB, vec![1_500 * KIB]),
        (512 * KIB, 1_500 * KIB, vec![1_500 * KIB, MIB]),
        (512 * KIB, 900 * KIB, vec![900 * KIB]),
    ] {
        let mut registry = Limited::new(limit);
        registry.push(config(), &[size]).expect("it goes in parts");
        assert_eq!(registry.refused(), tried, "{limit}, {size}");
    }
}

#[test]
fn what_is_too_large_in_every_size_is_said_with_the_size() {
    for (size, last) in [(2 * MIB, 256 * KIB), (200 * KIB, 200 * KIB), (1, 1)] {
        let mut registry = Limited::new(0);
        let error = registry
            .push(config(), &[size])
            .expect_err("nothing is taken");
        assert_eq!(error.kind(), PushErrorKind::Rejected);
        let told = error.to_string();
        let expected = format!("{last} bytes are too many for one request");
        assert!(told.contains(&expected) && told.contains("413"), "{told}");
        assert!(error.hint().is_some_and(|hint| hint.contains("limits")));
    }
}

#[test]
fn all_blobs_of_a_push_learn_together() {
    let mut registry = Limited::new(4 * MIB);
    let report = registry
        .push(config(), &[70 * MB; 6])
        .expect("they go in parts");
    // Four were on the wire, whole, when the first of them was refused.
    let whole = registry
        .refused()
        .iter()
        .filter(|length| **length == 70 * MB)
        .count();
    assert_eq!(whole, 4);
    // Of what one of them is about to find out the others try no more than is in the air.
    let smaller = registry.refused().len() - whole;
    assert_eq!(smaller, 3 * 4, "{:?}", registry.refused());
    assert_eq!(report.largest_chunk, Some(4 * MIB));

    let mut config = config();
    config.uploads = 1;
    let mut registry = Limited::new(4 * MIB);
    registry
        .push(config, &[70 * MB, 50 * MB, 3 * MIB])
        .expect("they go in parts");
    assert_eq!(registry.refused(), [70 * MB, 32 * MIB, 16 * MIB, 8 * MIB]);
    // What fits goes whole.
    assert_eq!(registry.bodies.last(), Some(&(3 * MIB, true)));
}

#[test]
fn a_size_that_is_set_is_a_beginning_and_no_promise() {
    let mut config = config();
    config.chunk = Some(16 * MIB);
    let mut registry = Limited::new(4 * MIB);
    let report = registry
        .push(config.clone(), &[70 * MB])
        .expect("it goes in parts");
    assert_eq!(registry.refused(), [16 * MIB, 8 * MIB]);
    assert_eq!(report.largest_chunk, Some(4 * MIB));
    let mut registry = Limited::new(100 * MB);
    let report = registry.push(config, &[70 * MB]).expect("it goes in parts");
    assert_eq!(registry.bodies[0], (16 * MIB, true));
    assert_eq!(report.largest_chunk, None);
}

#[test]
fn a_smallest_part_that_is_too_large_is_said() {
    let mut registry = Limited::new(4 * MIB);
    registry.least = Some("5242880");
    let error = registry
        .push(config(), &[70 * MB])
        .expect_err("5 MiB are too many");
    let told = error.to_string();
    assert!(told.contains("5242880 bytes are too many"), "{told}");
    assert!(
        told.contains("no parts of less than 5242880 (OCI-Chunk-Min-Length)"),
        "{told}"
    );
    // One that lies between two sizes is tried.
    let mut registry = Limited::new(6 * MIB);
    registry.least = Some("5242880");
    registry
        .push(config(), &[70 * MB])
        .expect("5 MiB are not too many");
    assert_eq!(registry.bodies.last(), Some(&(70 * MB % (5 * MIB), true)));
}

/// A push in parts of 4 MiB, of which two were taken, up to the third.
fn third_part() -> (Bench, Call) {
    let mut config = config();
    config.chunk = Some(4 * MIB);
    let (mut bench, first) = Bench::putting_with(config, BlobSpec::known(sized(0, 20 * MIB)));
    bench.reply(first, 202, &[("location", "/up/0b")], "", part(4 * MIB));
    let second = bench.next();
    bench.reply(second, 202, &[], "", part(4 * MIB));
    let third = bench.next();
    assert_eq!(third.slice(), Some((8 * MIB, Extent::Exact(4 * MIB))));
    (bench, third)
}

#[test]
fn what_was_taken_before_a_part_was_too_large_is_not_sent_again() {
    let (mut bench, third) = third_part();
    bench.reply(third, 413, &[], "", part(0));
    bench.answer("GET /up/0b", 204, &[("range", "0-8388607")]);
    let smaller = bench.next();
    assert_eq!(smaller.line(), "PATCH /up/0b");
    assert_eq!(smaller.slice(), Some((8 * MIB, Extent::Exact(2 * MIB))));
    assert!(bench.aborted.is_empty() && bench.now == Timestamp::ZERO);
}

#[test]
fn a_session_that_went_with_a_part_that_was_too_large_is_replaced_without_blame() {
    for status in [404, 405, 500] {
        let (mut bench, third) = third_part();
        bench
            .push
            .set_manifest(manifest())
            .expect("it is the first");
        bench.reply(third, 413, &[], "", part(0));
        if status == 500 {
            bench.answer("GET /up/0b", 204, &[]);
        } else {
            bench.answer("GET /up/0b", status, &[]);
        }
        bench.answer("DELETE /up/0b", 204, &[]);
        bench.answer(OPEN, 202, &[("location", "/up/1")]);
        let again = bench.next();
        assert_eq!(again.slice(), Some((0, Extent::Exact(2 * MIB))), "{status}");
        assert!(
            !bench
                .events
                .iter()
                .any(|event| matches!(event, Event::Retrying { .. }))
        );
    }
}

#[test]
fn bodies_that_break_in_one_place_are_suspected_to_be_too_large() {
    let (mut bench, mut call) = Bench::putting_with(config(), BlobSpec::known(sized(0, 70 * MB)));
    for expected in [70 * MB, 70 * MB, 16 * MIB, 4 * MIB] {
        assert_eq!(call.slice(), Some((0, Extent::Exact(expected))));
        bench.break_off(call, FailureKind::Interrupted, part(70_000));
        bench.sleep();
        bench.answer("GET /up/0", 204, &[("range", "0--1")]);
        call = bench.next();
    }
    assert_eq!(call.slice(), Some((0, Extent::Exact(MIB))));
    // That gets through: more breaks are breaks, and all that is learnt is kept.
    bench.reply(call, 202, &[], "", part(MIB));
    let mut call = bench.next();
    for _ in 0..2 {
        assert_eq!(call.slice(), Some((MIB, Extent::Exact(MIB))));
        bench.break_off(call, FailureKind::Interrupted, part(70_000));
        bench.sleep();
        bench.answer("GET /up/0", 204, &[("range", "0-1048575")]);
        call = bench.next();
    }
}

#[test]
fn a_session_that_goes_with_every_break_does_not_end_the_search_for_a_size() {
    let (mut bench, mut call) = Bench::putting_with(config(), BlobSpec::known(sized(0, 70 * MB)));
    for (session, expected) in [70 * MB, 70 * MB, 16 * MIB, 4 * MIB]
        .into_iter()
        .enumerate()
    {
        assert_eq!(call.slice(), Some((0, Extent::Exact(expected))));
        bench.break_off(call, FailureKind::Interrupted, part(70_000));
        bench.sleep();
        // Docker's registry says this of nothing.
        bench.answer(&format!("GET /up/{session}"), 204, &[("range", "0-0")]);
        bench.answer(&format!("DELETE /up/{session}"), 204, &[]);
        let next = format!("/up/{}", session + 1);
        bench.answer(OPEN, 202, &[("location", &next)]);
        call = bench.next();
    }
    assert_eq!(call.slice(), Some((0, Extent::Exact(MIB))));
}

#[test]
fn small_bodies_that_break_are_not_suspected_to_be_too_large() {
    let (mut bench, mut call) = Bench::putting("0123456789");
    for _ in 0..4 {
        assert_eq!(call.slice(), Some((0, Extent::Exact(10))));
        bench.break_off(call, FailureKind::Interrupted, part(1));
        bench.sleep();
        bench.answer("GET /up/0", 204, &[("range", "0--1")]);
        call = bench.next();
    }
}

#[test]
fn a_guess_about_the_size_is_dropped_where_parts_are_not_taken() {
    let (mut bench, mut call) = Bench::putting_with(config(), BlobSpec::known(sized(0, 70 * MB)));
    for _ in 0..2 {
        bench.break_off(call, FailureKind::Interrupted, part(70_000));
        bench.sleep();
        bench.answer("GET /up/0", 204, &[("range", "0--1")]);
        call = bench.next();
    }
    assert_eq!(call.line(), "PATCH /up/0");
    bench.reply(call, 405, &[], "", part(0));
    bench.answer("DELETE /up/0", 204, &[]);
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    assert_eq!(bench.next().slice(), Some((0, Extent::Exact(70 * MB))));
}

#[test]
fn what_is_too_large_for_a_source_without_places_is_said() {
    let spec = BlobSpec::known(sized(0, 70 * MB)).with_replay(Replay::FromStart);
    let (mut bench, put) = Bench::putting_with(config(), spec);
    bench.reply(put, 413, &[], "", part(0));
    let told = bench.error().to_string();
    assert!(
        told.contains("only be read from the start to the end"),
        "{told}"
    );
}

#[test]
fn a_manifest_that_is_too_large_is_not_taken_for_a_blob() {
    let (mut bench, put) = Bench::finishing_with(config());
    bench.reply(
        put,
        413,
        &[("content-type", "text/html")],
        "<html>",
        part(0),
    );
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Rejected);
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("a manifest goes in one request"), "{hint}");
}

#[test]
fn a_token_server_to_which_a_request_is_too_large_is_said() {
    let mut bench = Bench::new(config());
    let realm = "Bearer realm=\"https://auth.example/token\"";
    bench.answer("GET /v2/", 401, &[("www-authenticate", realm)]);
    bench.hand_in(Some(Credentials::IdentityToken(Secret::new(
        "refresh-canary",
    ))));
    let call = bench.next();
    assert_eq!(call.line(), "POST https://auth.example/token");
    bench.reply(call, 413, &[], "", part(0));
    let error = bench.error();
    assert_eq!(error.phase(), Phase::Authentication);
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("token server"), "{hint}");
}
