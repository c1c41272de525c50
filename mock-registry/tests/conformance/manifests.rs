//! Manifests.

use crate::APP;
use crate::client::{Answer, Client, OCI_MANIFEST, manifest};
use longshore_mock_registry::{Config, Profile};
use longshore_protocol::Digest;
use serde_json::{Value, json};

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn put(client: &mut Client, reference: &str, body: &str) -> Answer {
    let target = format!("PUT /v2/{APP}/manifests/{reference}");
    client.send(&target, &[("content-type", OCI_MANIFEST)], body.as_bytes())
}

fn with(body: &str, member: &str, value: Value) -> String {
    let mut document: Value = serde_json::from_str(body).unwrap();
    document[member] = value;
    document.to_string()
}

fn subject() -> Value {
    json!({"mediaType": OCI_MANIFEST, "digest": Digest::sha256(b"subject").to_string(), "size": 7})
}

#[test]
fn p3_what_is_refused_for_missing_content_says_so() {
    let mut client = Client::of("oci");
    let body = manifest(b"{}", &[b"layer", b"more"]);
    for (missing, pushed) in [(3, &b""[..]), (2, b"{}"), (1, b"layer")] {
        client.push_blob(APP, pushed);
        let refused = put(&mut client, "v1", &body);
        assert_eq!(refused.status(), 400);
        let errors = refused.json()["errors"].as_array().unwrap().clone();
        assert_eq!(errors.len(), missing);
        assert!(
            errors
                .iter()
                .all(|error| error["code"] == "MANIFEST_BLOB_UNKNOWN")
        );
        assert_eq!(client.core.manifest(APP, "v1"), None);
    }
    client.push_blob(APP, b"more");
    assert_eq!(put(&mut client, "v1", &body).status(), 201);
}

/// As the specification's program wants it, and as `mock-registry serve` does it.
#[test]
fn p3_sparse_images_can_be_taken() {
    let config = Config::new(Profile::builtin("oci").unwrap()).sparse(true);
    let mut client = Client::new(config);
    let body = manifest(b"{}", &[b"layer"]);
    assert_eq!(
        put(&mut client, "v1", &body).status(),
        400,
        "not even the config is there"
    );
    client.push_blob(APP, b"{}");
    assert_eq!(put(&mut client, "v1", &body).status(), 201);
    let child =
        json!({"mediaType": OCI_MANIFEST, "digest": Digest::sha256(b"x").to_string(), "size": 1});
    let index =
        json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]}).to_string();
    let target = format!("PUT /v2/{APP}/manifests/all");
    let answer = client.send(&target, &[("content-type", OCI_INDEX)], index.as_bytes());
    assert_eq!(answer.status(), 201);
}

#[test]
fn p4_a_subject_need_not_be_there() {
    let mut client = Client::of("oci");
    client.push_blob(APP, b"{}");
    let body = with(&manifest(b"{}", &[]), "subject", subject());
    assert_eq!(put(&mut client, "v1", &body).status(), 201);
}

#[test]
fn p5_a_manifest_comes_back_byte_for_byte() {
    let mut client = Client::of("oci");
    client.push_blob(APP, b"{}");
    let body = manifest(b"{}", &[]).replace(',', " ,\n\t") + "\n\n";
    let digest = Digest::sha256(body.as_bytes()).to_string();
    assert_eq!(put(&mut client, "v1", &body).status(), 201);
    for reference in ["v1", &digest] {
        assert_eq!(
            client
                .get(&format!("/v2/{APP}/manifests/{reference}"))
                .text(),
            body
        );
    }
}

#[test]
fn p41_the_type_of_a_manifest_is_that_of_its_header() {
    let mut client = Client::of("oci");
    client.push_blob(APP, b"{}");
    let body = manifest(b"{}", &[]);
    let target = format!("PUT /v2/{APP}/manifests/v1");
    let answer = client.send(&target, &[("content-type", OCI_INDEX)], body.as_bytes());
    assert_eq!(answer.code().as_deref(), Some("MANIFEST_INVALID"));
    let own = "application/vnd.example.thing+json";
    let other = with(&body, "mediaType", own.into());
    client.send(&target, &[("content-type", own)], other.as_bytes());
    let got = client.get(&format!("/v2/{APP}/manifests/v1"));
    assert_eq!(got.header("content-type"), Some(own));
}

#[test]
fn p43_a_manifest_that_was_taken_is_where_it_is_said_to_be() {
    let mut client = Client::of("oci");
    client.push_blob(APP, b"{}");
    let body = manifest(b"{}", &[]);
    let digest = Digest::sha256(body.as_bytes()).to_string();
    for reference in ["v1", &digest] {
        let created = put(&mut client, reference, &body);
        assert_eq!(created.status(), 201);
        assert_eq!(
            created.header("docker-content-digest"),
            Some(digest.as_str())
        );
        assert_eq!(client.get(&created.location()).text(), body);
    }
    let wrong = Digest::sha256(b"wrong").to_string();
    let refused = put(&mut client, &wrong, &body);
    assert_eq!(
        (refused.status(), refused.code().as_deref()),
        (400, Some("DIGEST_INVALID"))
    );
}

#[test]
fn p43_a_tag_moves_to_the_newest_manifest() {
    let mut client = Client::of("oci");
    client.push_blob(APP, b"{}");
    let first = manifest(b"{}", &[]);
    let second = with(&first, "annotations", json!({"a": "b"}));
    put(&mut client, "v1", &first);
    put(&mut client, "v1", &second);
    assert_eq!(
        client.get(&format!("/v2/{APP}/manifests/v1")).text(),
        second
    );
    let digest = Digest::sha256(first.as_bytes());
    assert_eq!(
        client.get(&format!("/v2/{APP}/manifests/{digest}")).text(),
        first
    );
}

#[test]
fn p44_four_mebibytes_are_taken_and_more_is_413() {
    let mut client = Client::of("oci");
    client.push_blob(APP, b"{}");
    let body = manifest(b"{}", &[]);
    let padded = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    assert_eq!(put(&mut client, "v1", &padded(4 << 20)).status(), 201);
    assert_eq!(put(&mut client, "v2", &padded((4 << 20) + 1)).status(), 413);
    // Without Content-Length it shows only as the body arrives.
    let request = http::Request::put(format!("/v2/{APP}/manifests/v2"))
        .header("content-type", OCI_MANIFEST)
        .body(bytes::Bytes::from(padded((4 << 20) + 1)));
    assert_eq!(
        client.core.handle(client.now, request.unwrap()).status(),
        413
    );
}

#[test]
fn p46_a_subject_is_confirmed() {
    let mut client = Client::of("oci");
    client.push_blob(APP, b"{}");
    let plain = manifest(b"{}", &[]);
    assert_eq!(put(&mut client, "v1", &plain).header("oci-subject"), None);
    let body = with(&plain, "subject", subject());
    let digest = Digest::sha256(b"subject").to_string();
    assert_eq!(
        put(&mut client, "v2", &body).header("oci-subject"),
        Some(digest.as_str())
    );
}

#[test]
fn p48_a_fallback_tag_is_an_ordinary_tag() {
    let mut client = Client::of("oci");
    let tag = Digest::sha256(b"subject").to_string().replace(':', "-");
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).to_string();
    let target = format!("PUT /v2/{APP}/manifests/{tag}");
    let answer = client.send(&target, &[("content-type", OCI_INDEX)], index.as_bytes());
    assert_eq!(answer.status(), 201);
    assert_eq!(
        client.get(&format!("/v2/{APP}/manifests/{tag}")).text(),
        index
    );
}

#[test]
fn what_is_deleted_is_gone_at_once() {
    let mut client = Client::of("oci");
    let blob = client.push_blob(APP, b"{}");
    let body = manifest(b"{}", &[]);
    let digest = Digest::sha256(body.as_bytes());
    put(&mut client, "v1", &body);
    put(&mut client, "v2", &body);
    let tag = client.send(&format!("DELETE /v2/{APP}/manifests/v1"), &[], b"");
    assert_eq!(tag.status(), 202);
    assert_eq!(client.get(&format!("/v2/{APP}/manifests/v1")).status(), 404);
    assert_eq!(client.get(&format!("/v2/{APP}/manifests/v2")).status(), 200);
    let own = client.send(&format!("DELETE /v2/{APP}/manifests/{digest}"), &[], b"");
    assert_eq!(own.status(), 202);
    let tags = client.get(&format!("/v2/{APP}/tags/list"));
    assert_eq!(tags.json()["tags"], json!([]));
    for reference in ["v2", &digest.to_string()] {
        assert_eq!(
            client
                .get(&format!("/v2/{APP}/manifests/{reference}"))
                .status(),
            404
        );
    }
    let gone = client.send(&format!("DELETE /v2/{APP}/blobs/{blob}"), &[], b"");
    assert_eq!(gone.status(), 202);
    assert_eq!(client.get(&format!("/v2/{APP}/blobs/{blob}")).status(), 404);
    for path in [format!("manifests/{digest}"), format!("blobs/{blob}")] {
        let again = client.send(&format!("DELETE /v2/{APP}/{path}"), &[], b"");
        assert_eq!(again.status(), 404, "{path}");
    }
}
