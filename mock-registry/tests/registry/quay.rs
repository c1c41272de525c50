//! Quay's habits beyond manifests: tokens, blobs, errors, the order of checks.

use std::time::Duration;

use longshore_mock_registry::{Config, Profile};
use longshore_protocol::Digest;

use crate::client::{Client, OCI_MANIFEST, manifest, with_query};

const APP: &str = "alice/app";
const SERVICE: &str = "registry.test";

fn with_alice() -> Client {
    Client::new(config())
}

fn config() -> Config {
    Config::new(Profile::builtin("quay").unwrap()).user("alice", "secret")
}

fn log_in(client: &mut Client, scopes: &[&str]) {
    let answer = client.log_in("/v2/auth", SERVICE, "alice:secret", scopes);
    assert_eq!(answer.status(), 200, "{}", answer.text());
}

fn pusher() -> Client {
    let mut client = with_alice();
    log_in(&mut client, &["repository:alice/app:pull,push"]);
    client
}

#[test]
fn the_base_challenges_even_on_success() {
    let mut client = with_alice();
    let challenge = "Bearer realm=\"http://registry.test/v2/auth\",service=\"registry.test\"";
    let bare = client.get("/v2/");
    assert_eq!((bare.status(), bare.text().as_str()), (401, "true"));
    assert_eq!(bare.header("www-authenticate"), Some(challenge));
    assert_eq!(
        bare.header("docker-distribution-api-version"),
        Some("registry/2.0")
    );
    log_in(&mut client, &[]);
    let good = client.get("/v2/");
    assert_eq!((good.status(), good.text().as_str()), (200, "true"));
    assert_eq!(good.header("www-authenticate"), Some(challenge));
    client.headers = vec![("authorization".into(), crate::client::basic("alice:secret"))];
    let basic = client.get("/v2/");
    assert_eq!(basic.status(), 401);
    assert_eq!(basic.text(), r#"{"error":"Invalid bearer token format"}"#);
    assert!(
        basic
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    client.headers.clear();
    let old = client.send("GET /v2/", &[("user-agent", "docker/1.5.0 go/1.4")], b"");
    assert_eq!(old.status(), 404);
    let moved = client.get("/v2");
    assert_eq!((moved.status(), moved.location().as_str()), (308, "/v2/"));
}

#[test]
fn a_token_has_one_member_and_lasts_an_hour() {
    let mut client = with_alice();
    let answer = client.log_in(
        "/v2/auth",
        SERVICE,
        "alice:secret",
        &["repository:alice/app:push"],
    );
    let body = answer.json();
    assert_eq!(
        body.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["token"]
    );
    assert_eq!(client.core.repositories(), [APP], "created by the token");
    let status = |client: &mut Client, seconds| {
        client.now = Duration::from_secs(seconds);
        client.get("/v2/").status()
    };
    assert_eq!(
        status(&mut client, 3629),
        200,
        "with thirty seconds of grace"
    );
    assert_eq!(status(&mut client, 3630), 401);
    assert_eq!(
        client.get("/v2/").text(),
        r#"{"error":"Signature has expired"}"#
    );
}

#[test]
fn grants_shrink_silently() {
    let mut config = config();
    config.rights.pull_only.insert(APP.into());
    let mut client = Client::new(config);
    log_in(&mut client, &["repository:alice/app:pull,push"]);
    let refused = client.send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"");
    assert_eq!(
        (refused.status(), refused.code().as_deref()),
        (401, Some("UNAUTHORIZED"))
    );
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(
        challenge.ends_with(",scope=\"repository:alice/app:pull,push\""),
        "{challenge}"
    );
    assert!(
        client.core.repositories().is_empty(),
        "nothing was granted that creates"
    );
    let unknown = client.get(&format!("/v2/{APP}/blobs/{}", Digest::sha256(b"x")));
    assert_eq!(unknown.code().as_deref(), Some("BLOB_UNKNOWN"));
    assert_eq!(
        client
            .get(&format!("/v2/{APP}/tags/list"))
            .code()
            .as_deref(),
        Some("NAME_UNKNOWN")
    );
}

#[test]
fn a_push_token_reads_blobs_and_public_ones_need_no_token() {
    let mut client = Client::new(config().anonymous_pull(true));
    log_in(&mut client, &["repository:alice/app:push"]);
    let digest = client.push_blob(APP, b"layer");
    let target = format!("/v2/{APP}/blobs/{digest}");
    assert_eq!(client.get(&target).status(), 200);
    client.headers.clear();
    assert_eq!(client.get(&target).status(), 200);
    let mut private = pusher();
    private.push_blob(APP, b"layer");
    private.headers.clear();
    assert_eq!(private.get(&target).status(), 401);
}

#[test]
fn token_requests_are_refused_as_quay_refuses_them() {
    let mut client = with_alice();
    let mut ask = |user: &str, scope: &str| {
        let scopes: &[&str] = if scope.is_empty() { &[] } else { &[scope] };
        let answer = client.log_in("/v2/auth", SERVICE, user, scopes);
        (answer.status(), answer.code().unwrap_or_default())
    };
    let alice = "alice:secret";
    assert_eq!(ask("", ""), (401, "UNAUTHORIZED".into()));
    assert_eq!(
        ask("", "repository:alice/app:pull").0,
        200,
        "and nothing in it"
    );
    assert_eq!(
        ask(alice, "repository:alice/App:pull"),
        (400, "NAME_INVALID".into())
    );
    for scope in [
        "registry:catalog:*",
        "repository:a:delete",
        "repository:a:pull%20repository:b:pull",
    ] {
        assert_eq!(
            ask(alice, scope),
            (400, "INVALID_REQUEST".into()),
            "{scope}"
        );
    }
    assert_eq!(ask(alice, "repository:alice/none:*").0, 500);
    let post = client.send("POST /v2/auth", &[], b"grant_type=password");
    assert_eq!((post.status(), post.json()), (405, serde_json::Value::Null));
}

#[test]
fn wrong_passwords_cost_time() {
    let mut client = with_alice();
    let mut ask = |millis, user: &str| {
        client.now = Duration::from_millis(millis);
        let answer = client.log_in("/v2/auth", SERVICE, user, &[]);
        (
            answer.status(),
            answer.header("retry-after").map(str::to_owned),
        )
    };
    assert_eq!(ask(0, "alice:wrong"), (401, None));
    assert_eq!(ask(499, "alice:secret"), (429, Some("0".into())));
    assert_eq!(ask(500, "alice:wrong"), (401, None));
    assert_eq!(ask(600, "alice:secret"), (429, Some("1".into())));
    assert_eq!(ask(2000, "alice:secret"), (200, None));
    assert_eq!(ask(2001, "alice:wrong").0, 401);
    assert_eq!(ask(2501, "alice:secret").0, 200, "the count began anew");
}

#[test]
fn the_range_header_has_four_forms() {
    let mut client = pusher();
    let opened = client.send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"");
    assert_eq!(
        (opened.status(), opened.header("range")),
        (202, Some("bytes=0--1"))
    );
    let location = opened.location();
    assert!(location.starts_with("http://registry.test/v2/alice/app/blobs/uploads/"));
    assert!(opened.header("docker-upload-uuid").is_some());
    let patch = format!("PATCH {location}");
    let empty = client.send(&patch, &[], b"");
    assert_eq!((empty.status(), empty.header("range")), (202, Some("0--1")));
    let five = client.send(&patch, &[], b"hello");
    assert_eq!(five.header("range"), Some("0-4"));
    let status = client.get(&location);
    assert_eq!(
        (status.status(), status.header("range")),
        (204, Some("bytes=0-5"))
    );
    assert_eq!(status.header("location"), None);
    let gap = client.send(&patch, &[("content-range", "9-9")], b"x");
    assert_eq!((gap.status(), gap.header("range")), (416, Some("0-5")));
    assert_eq!(
        (gap.text().as_str(), gap.location()),
        ("", location.clone())
    );
    let digest = format!("digest={}", Digest::sha256(b"hello"));
    let put = format!("PUT {}", with_query(&location, &digest));
    assert_eq!(
        client
            .send(&put, &[("content-range", "9-9")], b"x")
            .status(),
        416
    );
    let gone = client.send(&put, &[], b"");
    assert_eq!(
        gone.code().as_deref(),
        Some("BLOB_UPLOAD_UNKNOWN"),
        "a 416 on PUT destroys"
    );
}

#[test]
fn overlaps_are_skipped_and_surpluses_dropped() {
    for (range, piece, whole) in [
        ("3-7", &b"lo wo"[..], Some("hello wo")),
        ("5-6", b" wo and more", Some("hello w")),
        ("5-99", b" w", Some("hello w")),
        ("0-4", b"hello", None),
    ] {
        let mut client = pusher();
        let location = client.open(APP);
        let patch = format!("PATCH {location}");
        client.send(&patch, &[], b"hello");
        let answer = client.send(&patch, &[("content-range", range)], piece);
        assert_eq!(answer.status(), 202, "{range}");
        let hoped = whole.unwrap_or("hello");
        let digest = Digest::sha256(hoped.as_bytes());
        let put = format!("PUT {}", with_query(&location, &format!("digest={digest}")));
        let status = client.send(&put, &[], b"").status();
        assert_eq!(status, if whole.is_some() { 201 } else { 400 }, "{range}");
        assert_eq!(client.core.has_blob(APP, &digest), whole.is_some());
    }
    let mut client = pusher();
    let location = client.open(APP);
    let odd = client.send(
        &format!("PATCH {location}"),
        &[("content-range", "bytes 0-4/5")],
        b"hello",
    );
    assert_eq!(
        (odd.status(), odd.code().as_deref()),
        (400, Some("INVALID_REQUEST"))
    );
}

#[test]
fn commits_fail_with_one_code_and_destroy_the_session() {
    let upper = format!("sha256:{}", "A".repeat(64));
    let long = format!("sha512:{}", "a".repeat(128));
    for digest in [
        upper.as_str(),
        &long,
        "nope",
        &Digest::sha256(b"y").to_string(),
    ] {
        let mut client = pusher();
        let location = client.open(APP);
        let missing = client.send(&format!("PUT {location}"), &[], b"x");
        assert_eq!(missing.code().as_deref(), Some("BLOB_UPLOAD_INVALID"));
        let reason = missing.json()["errors"][0]["detail"]["reason"].clone();
        assert_eq!(reason, "Missing digest arg on monolithic upload");
        assert_eq!(client.core.open_sessions().len(), 1, "it survives that");
        let put = format!("PUT {}", with_query(&location, &format!("digest={digest}")));
        let failed = client.send(&put, &[], b"x");
        assert_eq!(failed.status(), 400);
        assert_eq!(failed.code().as_deref(), Some("BLOB_UPLOAD_INVALID"));
        assert_eq!(failed.json()["errors"][0]["detail"], serde_json::json!({}));
        assert!(client.core.open_sessions().is_empty(), "{digest}");
    }
}

#[test]
fn mounts_work_or_become_sessions() {
    let mut client = with_alice();
    log_in(
        &mut client,
        &[
            "repository:alice/app:pull,push",
            "repository:alice/base:pull,push",
        ],
    );
    let digest = client.push_blob("alice/base", b"shared");
    let mount = |client: &mut Client, query: &str| {
        client
            .send(
                &format!("POST /v2/{APP}/blobs/uploads/?mount={query}"),
                &[],
                b"",
            )
            .status()
    };
    for query in [
        format!("{digest}"),
        format!("{digest}&from=alice/none"),
        format!("{digest}&from=bob/secret"),
        "nope&from=alice/base".to_owned(),
        format!("{}&from=alice/base", Digest::sha256(b"absent")),
    ] {
        assert_eq!(mount(&mut client, &query), 202, "{query}");
    }
    assert_eq!(
        mount(&mut client, &format!("{digest}&from=alice/base")),
        201
    );
    let other = Digest::sha256(b"other");
    let target = format!("POST /v2/{APP}/blobs/uploads/?mount={digest}&from=x/y&digest={other}");
    assert_eq!(client.send(&target, &[], b"other").status(), 201);
}

#[test]
fn blobs_are_served_as_quay_serves_them() {
    let mut client = pusher();
    let digest = client.push_blob(APP, b"0123456789");
    let target = format!("/v2/{APP}/blobs/{digest}");
    let head = client.send(&format!("HEAD {target}"), &[], b"");
    assert_eq!(head.header("content-length"), Some("10"));
    assert_eq!(head.header("cache-control"), Some("max-age=31436000"));
    assert_eq!(head.header("docker-distribution-api-version"), None);
    let part = client.send(&format!("GET {target}"), &[("range", "bytes=0-1")], b"");
    assert_eq!((part.status(), part.text().as_str()), (200, "0123456789"));
    let delete = client.send(&format!("DELETE {target}"), &[], b"");
    assert_eq!(
        (delete.status(), delete.code().as_deref()),
        (405, Some("UNSUPPORTED"))
    );
    let odd = client.get(&format!("/v2/{APP}/blobs/nope"));
    assert_eq!(
        (odd.status(), odd.header("allow")),
        (405, Some("DELETE, OPTIONS"))
    );
    let other = client.get(&format!("/v2/alice/other/blobs/{digest}"));
    assert_eq!(other.status(), 401, "blobs belong to repositories");
}

#[test]
fn the_media_type_is_judged_before_the_token() {
    let mut client = with_alice();
    let target = format!("PUT /v2/{APP}/manifests/v1");
    let put = |client: &mut Client, media_type: &str| {
        client
            .send(&target, &[("content-type", media_type)], b"{")
            .status()
    };
    assert_eq!(put(&mut client, "text/plain"), 415);
    assert_eq!(put(&mut client, OCI_MANIFEST), 401);
    log_in(&mut client, &["repository:alice/app:pull,push"]);
    assert_eq!(put(&mut client, OCI_MANIFEST), 400);
    let odd = client.send("PUT /v2/alice/app/manifests/.v1", &[], b"{}");
    assert_eq!(
        (odd.status(), odd.json()),
        (404, serde_json::Value::Null),
        "a page"
    );
}

#[test]
fn a_manifest_is_answered_with_a_relative_location() {
    let mut client = pusher();
    let config =
        br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    client.push_blob(APP, config);
    client.push_blob(APP, b"layer");
    let body = manifest(config, &[b"layer"]);
    let target = format!("PUT /v2/{APP}/manifests/v1");
    let headers = [("content-type", OCI_MANIFEST)];
    let created = client.send(&target, &headers, body.as_bytes());
    assert_eq!((created.status(), created.text().as_str()), (201, "OK"));
    let digest = Digest::sha256(body.as_bytes());
    assert_eq!(created.location(), format!("/v2/{APP}/manifests/{digest}"));
    let large = vec![b' '; (1 << 20) + 1];
    assert_eq!(client.send(&target, &headers, &large).status(), 413);
}

#[test]
fn a_short_name_is_in_the_library() {
    let mut client = with_alice();
    log_in(&mut client, &["repository:app:pull,push"]);
    let digest = client.push_blob("app", b"layer");
    assert!(client.core.has_blob("library/app", &digest));
    assert!(
        client
            .open("app")
            .contains("/v2/library/app/blobs/uploads/")
    );
}
