use super::bench::*;
use crate::*;

const PUT: &str = "PUT /v2/team/app/manifests/1.0";
const HEAD: &str = "HEAD /v2/team/app/manifests/1.0";

fn named() -> String {
    Digest::sha256(b"{}").to_string()
}

#[test]
fn the_manifest_waits_for_every_blob() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    bench.add(BlobSpec::known(blob("b")));
    bench.set_manifest();
    bench.answer_next(200, &[]);
    assert!(!bench.lines().iter().any(|line| line == HEAD));
    bench.answer_next(200, &[]);
    assert!(bench.lines().iter().any(|line| line == HEAD));
}

#[test]
fn a_manifest_that_is_there_already_is_not_sent() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    bench.set_manifest();
    bench.answer_next(200, &[]);
    bench.answer(HEAD, 200, &[("docker-content-digest", &named())]);
    assert!(bench.events.contains(&Event::ManifestExists));
    assert!(!bench.events.contains(&Event::ManifestUploading));
    let report = bench.report();
    assert!(report.manifest_existed);
    assert_eq!(report.manifest.digest.to_string(), named());
}

#[test]
fn whatever_else_is_heard_of_a_manifest_it_is_sent() {
    let other = Digest::sha256(b"other").to_string();
    let other = [("docker-content-digest", other.as_str())];
    let answers: [(u16, &[(&str, &str)]); 6] = [
        (200, &other),
        (200, &[]),
        (404, &[]),
        (403, &[]),
        (405, &[]),
        (500, &[]),
    ];
    for (status, headers) in answers {
        let mut bench = Bench::opened();
        bench.add(BlobSpec::known(blob("a")));
        bench.set_manifest();
        bench.answer_next(200, &[]);
        bench.answer(HEAD, status, headers);
        bench.answer("DELETE /up/0", 204, &[]);
        if status == 500 {
            bench.sleep();
        }
        bench.answer(PUT, 201, &[("docker-content-digest", &named())]);
        assert!(!bench.report().manifest_existed, "{status}");
    }
}

#[test]
fn a_manifest_is_not_looked_for_where_a_blob_was_new() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    bench.set_manifest();
    bench.answer_next(404, &[]);
    let upload = bench.next();
    bench.reply(upload, 201, &[], "", all("a"));
    assert_eq!(bench.lines(), [PUT]);
}

#[test]
fn a_manifest_is_confirmed_by_head_where_the_answer_does_not_name_it() {
    let (mut bench, put) = Bench::finishing_with(config());
    assert_eq!(put.line(), PUT);
    bench.reply(put, 201, &[], "", part(0));
    let by_digest = format!("HEAD /v2/team/app/manifests/{}", named());
    bench.answer(&by_digest, 404, &[]);
    bench.sleep();
    bench.answer(&by_digest, 200, &[]);
    assert_eq!(bench.report().manifest.digest.to_string(), named());
}

#[test]
fn a_manifest_that_was_taken_and_stays_away_is_sent_again() {
    let by_digest = format!("HEAD /v2/team/app/manifests/{}", named());
    let (mut bench, put) = Bench::finishing_with(config());
    bench.reply(put, 201, &[], "", part(0));
    bench.answer(&by_digest, 404, &[]);
    bench.sleep();
    bench.answer(&by_digest, 404, &[]);
    bench.sleep();
    bench.answer(PUT, 201, &[]);
    bench.answer(&by_digest, 200, &[]);
    bench.report();
}

#[test]
fn a_manifest_that_stays_away_whatever_is_done_ends_the_push() {
    let mut config = config();
    config.attempts = 3;
    let (mut bench, mut put) = Bench::finishing_with(config);
    for attempt in 1..=3 {
        bench.reply(put, 201, &[], "", part(0));
        bench.answer_next(404, &[]);
        bench.sleep();
        bench.answer_next(404, &[]);
        if attempt == 3 {
            break;
        }
        bench.sleep();
        put = bench.next();
        assert_eq!(put.line(), PUT);
    }
    let error = bench.error();
    assert_eq!(error.phase(), Phase::Confirm);
    let told = error.to_string();
    assert!(told.contains("said that it took the manifest"), "{told}");
}

#[test]
fn a_registry_that_has_no_head_is_asked_for_the_manifest_itself() {
    let (mut bench, put) = Bench::finishing_with(config());
    bench.reply(put, 201, &[], "", part(0));
    bench.answer_next(405, &[]);
    let get = bench.next();
    assert_eq!(
        get.line(),
        format!("GET /v2/team/app/manifests/{}", named())
    );
    bench.reply(get, 200, &[], "{}", part(0));
    bench.report();
}

#[test]
fn another_digest_than_was_sent_is_no_success() {
    let (mut bench, put) = Bench::finishing_with(config());
    let other = Digest::sha256(b"other").to_string();
    bench.reply(put, 201, &[("docker-content-digest", &other)], "", part(0));
    assert_eq!(bench.error().kind(), PushErrorKind::Unintelligible);
}

#[test]
fn a_manifest_waits_for_its_place_like_every_request() {
    let mut config = config();
    config.controls = 1;
    let mut bench = Bench::opened_with(config);
    bench.add(BlobSpec::known(blob("a")));
    bench.set_manifest();
    bench.answer_next(200, &[]);
    let mut lines = Vec::new();
    while !bench.done {
        let call = bench.next();
        assert!(bench.calls.is_empty(), "invariant 6: {:?}", bench.lines());
        let line = call.line();
        let status = if line.starts_with("HEAD") { 404 } else { 201 };
        lines.push(line);
        let headers = [("docker-content-digest", named())];
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        bench.reply(call, status, &headers, "", part(0));
    }
    assert_eq!(lines, [HEAD, "DELETE /up/0", PUT]);
}

#[test]
fn a_digest_of_another_algorithm_says_nothing() {
    let (mut bench, put) = Bench::finishing_with(config());
    let other = format!("sha512:{}", "0".repeat(128));
    bench.reply(put, 201, &[("docker-content-digest", &other)], "", part(0));
    let by_digest = format!("HEAD /v2/team/app/manifests/{}", named());
    bench.answer(&by_digest, 200, &[]);
    bench.report();
}

#[test]
fn a_manifest_that_was_sent_is_not_looked_for_before_it_is_sent_again() {
    let mut bench = Bench::opened();
    bench.add(BlobSpec::known(blob("a")));
    bench.set_manifest();
    bench.answer_next(404, &[]);
    bench.answer_next(201, &[]);
    let body = r#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}"#;
    bench.answer_with(PUT, 400, &[], body);
    bench.answer_next(200, &[]);
    bench.sleep();
    assert_eq!(bench.lines(), [PUT]);
}

#[test]
fn an_invalid_manifest_is_not_sent_twice() {
    let (mut bench, put) = Bench::finishing_with(config());
    let body = r#"{"errors":[{"code":"MANIFEST_INVALID","detail":{"message":"Found less history than layer blobs"}}]}"#;
    bench.reply(put, 400, &[], body, part(0));
    let error = bench.error();
    assert_eq!(
        (error.kind(), error.phase()),
        (PushErrorKind::Rejected, Phase::Manifest)
    );
    assert!(error.to_string().contains("Found less history"), "{error}");
}

#[test]
fn a_manifest_that_was_stored_all_the_same_is_found() {
    for status in [500, 403, 409] {
        let (mut bench, put) = Bench::finishing_with(config());
        bench.reply(put, status, &[], "", part(0));
        if status == 500 {
            bench.sleep();
        }
        bench.answer(HEAD, 200, &[("docker-content-digest", &named())]);
        assert_eq!(
            bench.report().manifest.digest.to_string(),
            named(),
            "{status}"
        );
    }
}

#[test]
fn a_tag_that_may_not_move_is_the_end_unless_it_is_there_already() {
    let other = Digest::sha256(b"other").to_string();
    let (mut bench, put) = Bench::finishing_with(config());
    let body = r#"{"errors":[{"code":"TAG_INVALID","message":"immutable"}]}"#;
    bench.reply(put, 400, &[], body, part(0));
    bench.answer(HEAD, 200, &[("docker-content-digest", &other)]);
    let get = bench.next();
    bench.reply(get, 200, &[], "other", part(0));
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Rejected);
    assert!(error.to_string().contains("TAG_INVALID"), "{error}");
}

#[test]
fn after_a_lost_answer_the_manifest_is_sent_again_if_it_is_not_there() {
    let (mut bench, put) = Bench::finishing_with(config());
    bench.break_off(put, FailureKind::Interrupted, part(2));
    bench.sleep();
    bench.answer(HEAD, 404, &[]);
    bench.answer(PUT, 201, &[("docker-content-digest", &named())]);
    bench.report();
}

#[test]
fn a_tag_that_does_not_say_what_it_stands_for_is_looked_into() {
    for (body, is_there) in [("{}", true), ("another", false)] {
        let (mut bench, put) = Bench::finishing_with(config());
        bench.break_off(put, FailureKind::Interrupted, part(2));
        bench.sleep();
        bench.answer(HEAD, 200, &[]);
        bench.answer_with("GET /v2/team/app/manifests/1.0", 200, &[], body);
        assert_eq!(bench.done, is_there, "{body}");
        assert_eq!(bench.lines().is_empty(), is_there, "{body}");
    }
}

#[test]
fn blobs_that_vanished_are_looked_for_then_sent_without_asking_and_then_it_is_enough() {
    let (mut bench, put) = Bench::finishing_with(config());
    let body = format!(
        r#"{{"errors":[{{"code":"MANIFEST_BLOB_UNKNOWN","detail":{{"digest":"{}"}}}}]}}"#,
        blob("a").digest
    );
    bench.reply(put, 400, &[], &body, part(0));
    bench.answer(
        &format!("HEAD /v2/team/app/blobs/{}", blob("a").digest),
        200,
        &[],
    );
    bench.sleep();
    bench.answer_with(PUT, 400, &[], &body);
    bench.answer(
        "POST /v2/team/app/blobs/uploads/",
        202,
        &[("location", "/up/1")],
    );
    let blob_put = bench.next();
    assert!(blob_put.line().starts_with("PUT /up/1?digest="));
    bench.reply(blob_put, 201, &[], "", all("a"));
    bench.sleep();
    bench.answer_with(PUT, 400, &[], &body);
    assert_eq!(bench.error().kind(), PushErrorKind::Rejected);
}

#[test]
fn only_the_blobs_that_are_named_are_looked_for_again_if_any_is() {
    for (is_named, looked_for) in [(true, vec!["b"]), (false, vec!["a", "b"])] {
        let mut bench = Bench::opened();
        for text in ["a", "b"] {
            bench.add(BlobSpec::known(blob(text)));
            bench.answer_next(404, &[]);
            if text == "b" {
                bench.answer_next(202, &[("location", "/up/1")]);
            }
            let put = bench.next();
            bench.reply(put, 201, &[], "", all(text));
        }
        bench.set_manifest();
        let body = format!(
            r#"{{"errors":[{{"code":"MANIFEST_BLOB_UNKNOWN","detail":{{"digest":"{}"}}}}]}}"#,
            blob(if is_named { "b" } else { "another" }).digest
        );
        bench.answer_with(PUT, 404, &[], &body);
        let lines: Vec<String> = looked_for
            .into_iter()
            .map(|text| format!("HEAD /v2/team/app/blobs/{}", blob(text).digest))
            .collect();
        assert_eq!(bench.lines(), lines);
    }
}

#[test]
fn quay_names_missing_blobs_in_words() {
    let (mut bench, put) = Bench::finishing_with(config());
    let body = format!(
        r#"{{"errors":[{{"code":"MANIFEST_INVALID","detail":{{"message":"Unknown blob `{}`"}}}}]}}"#,
        blob("a").digest
    );
    bench.reply(put, 400, &[], &body, part(0));
    assert_eq!(bench.next().request.method(), "HEAD");
}

#[test]
fn a_manifest_that_does_not_name_what_was_streamed_is_not_sent() {
    for (streamed, late) in [
        ("as it was", true),
        ("as it was", false),
        ("another", false),
    ] {
        let mut bench = Bench::opened();
        bench.add(BlobSpec::known(blob("no manifest has to name this")));
        bench.answer_next(200, &[]);
        let media_type = MediaType::OCI_LAYER_GZIP;
        bench.add(BlobSpec::unknown(media_type, Replay::Anywhere));
        let set = |bench: &mut Bench| {
            let manifest = manifest_of("as it was");
            bench.push.set_manifest(manifest).expect("it is the first");
            bench.drain();
        };
        if !late {
            set(&mut bench);
        }
        let patch = bench.next();
        bench.reply(patch, 202, &[("location", "/up/1")], "", all(streamed));
        bench.answer_next(201, &[]);
        if late {
            set(&mut bench);
        }
        if streamed == "as it was" {
            assert_eq!(bench.lines(), [PUT]);
            continue;
        }
        let error = bench.error();
        assert_eq!(error.kind(), PushErrorKind::Source);
        let digest = Digest::sha256(streamed.as_bytes());
        let told = error.to_string();
        let expected = format!("what was sent is {digest}, which the manifest does not name");
        assert!(told.contains(&expected), "{told}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut push = Push::new(config(), Timestamp::ZERO);
    push.set_manifest(manifest()).expect("it is the first");
    assert_eq!(push.set_manifest(manifest()), Err(Misuse::ManifestSet));
    assert_eq!(
        push.add_blob(BlobSpec::known(blob("a"))),
        Err(Misuse::ManifestSet)
    );
    let digest = Digest::sha256(b"other");
    let reference = format!("q.example/a@{digest}")
        .parse()
        .expect("it has the form");
    let mut push = Push::new(Config::new(reference), Timestamp::ZERO);
    assert_eq!(push.set_manifest(manifest()), Err(Misuse::OtherDigest));
}
