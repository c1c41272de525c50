//! What is there and what is not.

use crate::APP;
use crate::client::{Client, OCI_MANIFEST, manifest};
use longshore_protocol::Digest;

#[test]
fn p7_head_and_get_tell_what_is_there() {
    let mut client = Client::of("oci");
    let digest = client.push_blob(APP, b"{}");
    let body = manifest(b"{}", &[]);
    let put = format!("PUT /v2/{APP}/manifests/v1");
    client.send(&put, &[("content-type", OCI_MANIFEST)], body.as_bytes());
    let own = Digest::sha256(body.as_bytes());
    let absent = Digest::sha256(b"absent");
    for method in ["HEAD", "GET"] {
        for (path, status) in [
            (format!("blobs/{digest}"), 200),
            (format!("blobs/{absent}"), 404),
            (format!("manifests/{own}"), 200),
            ("manifests/v1".to_owned(), 200),
            (format!("manifests/{absent}"), 404),
            ("manifests/v2".to_owned(), 404),
        ] {
            let answer = client.send(&format!("{method} /v2/{APP}/{path}"), &[], b"");
            assert_eq!(answer.status(), status, "{method} {path}");
            let elsewhere = client.send(&format!("{method} /v2/other/app/{path}"), &[], b"");
            assert_eq!(elsewhere.status(), 404, "{method} {path} elsewhere");
        }
    }
}

#[test]
fn p8_head_tells_length_and_digest() {
    let mut client = Client::of("oci");
    let digest = client.push_blob(APP, b"some layer").to_string();
    client.push_blob(APP, b"{}");
    let body = manifest(b"{}", &[]);
    let put = format!("PUT /v2/{APP}/manifests/v1");
    client.send(&put, &[("content-type", OCI_MANIFEST)], body.as_bytes());
    let own = Digest::sha256(body.as_bytes()).to_string();
    let length = body.len().to_string();
    for (path, length, digest) in [
        (format!("blobs/{digest}"), "10", &digest),
        ("manifests/v1".to_owned(), &length, &own),
        (format!("manifests/{own}"), &length, &own),
    ] {
        for method in ["HEAD", "GET"] {
            let answer = client.send(&format!("{method} /v2/{APP}/{path}"), &[], b"");
            assert_eq!(answer.header("content-length"), Some(length), "{path}");
            assert_eq!(
                answer.header("docker-content-digest"),
                Some(digest.as_str()),
                "{path}"
            );
            assert_eq!(answer.text().is_empty(), method == "HEAD", "{path}");
        }
    }
    let head = client.send(&format!("HEAD /v2/{APP}/manifests/v1"), &[], b"");
    assert_eq!(head.header("content-type"), Some(OCI_MANIFEST));
}

/// "A registry SHOULD support the `Range` request header."
#[test]
fn a_part_of_a_blob_can_be_asked_for() {
    let mut client = Client::of("oci");
    let digest = client.push_blob(APP, b"0123456789");
    for (range, status, body, shown) in [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=8-99", 206, "89", "bytes 8-9/10"),
        ("bytes=10-11", 416, "", "bytes */10"),
        ("bytes=5-0", 416, "", "bytes */10"),
    ] {
        let get = format!("GET /v2/{APP}/blobs/{digest}");
        let answer = client.send(&get, &[("range", range)], b"");
        assert_eq!(
            (answer.status(), answer.text().as_str()),
            (status, body),
            "{range}"
        );
        assert_eq!(answer.header("content-range"), Some(shown), "{range}");
    }
}

/// A redirect leads to what the specification's status codes are about, and needs no token there.
#[test]
fn p10_a_redirect_leads_to_the_blob() {
    let text = "name = 'r'\nsummary = ''\n[blob]\nredirect = 'all'";
    let profile = longshore_mock_registry::Profile::from_toml(text).unwrap();
    let config = longshore_mock_registry::Config::new(profile).user("alice", "secret");
    let mut client = Client::new(config);
    client.log_in(
        "/token",
        "registry.test",
        "alice:secret",
        &["repository:demo/app:pull,push"],
    );
    let digest = client.push_blob(APP, b"layer");
    for (method, body) in [("GET", "layer"), ("HEAD", "")] {
        let sent = client.send(&format!("{method} /v2/{APP}/blobs/{digest}"), &[], b"");
        assert_eq!(sent.status(), 307);
        let target = sent.location();
        let token = std::mem::take(&mut client.headers);
        let found = client.send(&format!("{method} {target}"), &[], b"");
        assert_eq!((found.status(), found.text().as_str()), (200, body));
        assert_eq!(found.header("content-length"), Some("5"));
        assert_eq!(found.header("docker-content-digest"), None);
        let forged = target.replace("X-Signature=", "X-Signature=0");
        assert_eq!(
            client
                .send(&format!("{method} {forged}"), &[], b"")
                .status(),
            403
        );
        client.headers = token;
    }
}
