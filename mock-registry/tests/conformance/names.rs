//! Names and references.

use crate::APP;
use crate::client::{Client, OCI_MANIFEST, manifest};

#[test]
fn p1_a_repository_name_follows_the_grammar() {
    let mut client = Client::of("oci");
    for name in [
        "a",
        "a/b/c/d",
        "a.b",
        "a_b",
        "a__b",
        "a---b",
        "0/1",
        "blobs/uploads",
    ] {
        let answer = client.send(&format!("POST /v2/{name}/blobs/uploads/"), &[], b"");
        assert_eq!(answer.status(), 202, "{name}");
    }
    for name in [
        "A", "a/B", "-a", "a-", "a..b", "a___b", "a/", "a//b", "a%20b", "_a", "a.", "%C3%A4",
    ] {
        let answer = client.send(&format!("POST /v2/{name}/blobs/uploads/"), &[], b"");
        let refused = [404, 400].contains(&answer.status());
        assert!(refused, "{name}: {}", answer.status());
    }
}

#[test]
fn p2_a_reference_is_a_tag_or_a_digest() {
    let mut client = Client::of("oci");
    client.push_blob(APP, b"{}");
    let body = manifest(b"{}", &[]);
    let headers = [("content-type", OCI_MANIFEST)];
    let longest = "t".repeat(128);
    for tag in ["v1", "_", "V1.2-3_x", "1", &longest] {
        let put = format!("PUT /v2/{APP}/manifests/{tag}");
        assert_eq!(
            client.send(&put, &headers, body.as_bytes()).status(),
            201,
            "{tag}"
        );
    }
    let too_long = "t".repeat(129);
    for tag in [
        ".v1",
        "-v1",
        "v%201",
        "v+1",
        "%C3%A4",
        &too_long,
        "sha256:beef",
        "v:1",
    ] {
        let put = format!("PUT /v2/{APP}/manifests/{tag}");
        let status = client.send(&put, &headers, body.as_bytes()).status();
        assert!([400, 404].contains(&status), "{tag}: {status}");
    }
}
