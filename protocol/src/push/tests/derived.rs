//! A config, which can hardly be there where one of its layers is not.

use super::bench::{Bench, all, blob, config, part};
use crate::*;

#[test]
fn what_is_made_of_something_new_is_uploaded_without_being_looked_for() {
    let mut bench = Bench::opened_with(ahead());
    bench.add(BlobSpec::known(blob("layer")));
    bench.add(BlobSpec::known(blob("config")).derived());
    bench.set_manifest();
    assert_eq!(bench.lines(), [&head("layer")[..], OPEN]);
    bench.answer(&head("layer"), 404, &[]);
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    let put_layer = bench.next();
    assert!(put_layer.line().starts_with("PUT /up/0?digest="));
    let put_config = bench.next();
    assert!(put_config.line().starts_with("PUT /up/1?digest="));
    bench.reply(put_config, 201, &[], "", all("config"));
    bench.reply(put_layer, 201, &[], "", all("layer"));
    confirm(&mut bench);
    assert_eq!(bench.report().requests, 7);
}

#[test]
fn what_is_made_of_what_is_there_is_looked_for() {
    let mut bench = Bench::opened_with(ahead());
    bench.add(BlobSpec::known(blob("layer")));
    bench.add(BlobSpec::known(blob("config")).derived());
    bench.set_manifest();
    bench.answer(&head("layer"), 200, &[]);
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    assert_eq!(bench.lines(), [head("config")]);
    bench.answer_next(200, &[]);
    assert_eq!(
        bench.lines(),
        [
            "HEAD /v2/team/app/manifests/1.0",
            "DELETE /up/0",
            "DELETE /up/1"
        ]
    );
}

#[test]
fn one_new_part_is_enough_while_others_are_still_looked_for() {
    let mut bench = Bench::opened_with(config());
    bench.add(BlobSpec::known(blob("old")));
    bench.add(BlobSpec::known(blob("new")));
    bench.add(BlobSpec::known(blob("config")).derived());
    let (old, new) = (bench.next(), bench.next());
    assert_eq!(bench.lines(), [""; 0], "the config waits");
    bench.reply(new, 404, &[], "", part(0));
    // The preflight's session is the new layer's, and the config opens its own.
    let lines = bench.lines();
    assert_eq!(lines[0], OPEN);
    assert!(lines[1].starts_with("PUT /up/0?digest="), "{lines:?}");
    bench.reply(old, 200, &[], "", part(0));
    assert_eq!(bench.lines().len(), 2, "the config is not looked for");
}

#[test]
fn what_is_mounted_is_new_to_the_repository() {
    let mut bench = Bench::opened_with(config());
    let from = "team/base".parse().expect("it has the form");
    bench.add(BlobSpec::known(blob("layer")).with_mount_from(from));
    bench.add(BlobSpec::known(blob("config")).derived());
    bench.answer(&head("layer"), 404, &[]);
    let put_config = bench.calls.pop_back().expect("it has the first session");
    assert!(put_config.line().starts_with("PUT /up/0?digest="));
}

#[test]
fn what_is_made_of_nothing_is_looked_for() {
    let mut bench = Bench::opened_with(config());
    bench.add(BlobSpec::known(blob("config")).derived());
    assert_eq!(bench.lines(), [head("config")]);
}

#[test]
fn with_a_token_a_small_push_takes_eight_requests_in_five_round_trips() {
    let mut bench = Bench::new(ahead());
    for spec in [
        BlobSpec::known(blob("layer")),
        BlobSpec::known(blob("config")).derived(),
    ] {
        bench.push.add_blob(spec).expect("the push has not ended");
    }
    bench.set_manifest();
    let challenge = r#"Bearer realm="https://q.example/token",service="q""#;
    bench.answer("GET /v2/", 401, &[("www-authenticate", challenge)]);
    bench.hand_in(None);
    let token = bench.next();
    assert!(token.line().starts_with("GET /token?"), "{token:?}");
    bench.reply(token, 200, &[], r#"{"token":"t"}"#, part(0));
    assert_eq!(bench.lines(), [OPEN, &head("layer"), OPEN]);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    bench.answer(&head("layer"), 404, &[]);
    bench.answer(OPEN, 202, &[("location", "/up/1")]);
    for name in ["layer", "config"] {
        let put = bench.next();
        bench.reply(put, 201, &[], "", all(name));
    }
    confirm(&mut bench);
    assert_eq!(bench.report().requests, 8);
}

fn ahead() -> Config {
    let mut config = config();
    config.look_ahead = true;
    config
}

fn head(name: &str) -> String {
    format!("HEAD /v2/team/app/blobs/{}", blob(name).digest)
}

/// Answers the manifest's `PUT`.
fn confirm(bench: &mut Bench) {
    let named = Digest::sha256(b"{}").to_string();
    let line = "PUT /v2/team/app/manifests/1.0";
    bench.answer(line, 201, &[("docker-content-digest", &named)]);
}

const OPEN: &str = "POST /v2/team/app/blobs/uploads/";
