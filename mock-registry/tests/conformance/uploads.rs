//! Opening uploads and pushing a blob in one piece.

use std::collections::BTreeSet;

use crate::APP;
use crate::client::{Client, with_query};
use longshore_mock_registry::{Config, Profile};
use longshore_protocol::Digest;

const SHA512_OF_ABC: &str = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
    2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

#[test]
fn p12_each_session_has_a_location_of_its_own() {
    let mut client = Client::of("oci");
    let locations: BTreeSet<String> = (0..50).map(|_| client.open(APP)).collect();
    assert_eq!(locations.len(), 50);
}

/// P13: "MAY contain critical query parameters"; P14: they come back with `digest` behind them, its
/// colon encoded or not.
#[test]
fn p13_p14_the_query_of_a_location_comes_back_with_the_digest() {
    for colon in [":", "%3A", "%3a"] {
        let text = "name = 's'\nsummary = ''\n[location]\nstate = 'fixed'\nverbatim = true";
        let profile = Profile::from_toml(text).unwrap();
        let mut client = Client::new(Config::new(profile));
        let location = client.open(APP);
        assert!(location.contains('?'));
        let digest = Digest::sha256(b"layer").to_string().replace(':', colon);
        let put = format!("PUT {}", with_query(&location, &format!("digest={digest}")));
        assert_eq!(client.send(&put, &[], b"layer").status(), 201, "{colon}");
    }
}

#[test]
fn p15_a_smallest_chunk_is_announced() {
    let text = "name = 'm'\nsummary = ''\n[chunk]\nmin-length = 1024";
    let profile = Profile::from_toml(text).unwrap();
    let mut client = Client::new(Config::new(profile));
    let opened = client.send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"");
    assert_eq!(opened.header("oci-chunk-min-length"), Some("1024"));
    let plain = Client::of("oci").send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"");
    assert_eq!(plain.header("oci-chunk-min-length"), None);
}

#[test]
fn p16_a_digest_algorithm_can_be_announced_and_need_not_be() {
    for query in ["?digest-algorithm=sha512", ""] {
        let mut client = Client::of("oci");
        let post = format!("POST /v2/{APP}/blobs/uploads/{query}");
        let location = client.send(&post, &[], b"").location();
        client.send(&format!("PATCH {location}"), &[], b"ab");
        let put = format!(
            "PUT {}",
            with_query(&location, &format!("digest={SHA512_OF_ABC}"))
        );
        let done = client.send(&put, &[], b"c");
        assert_eq!(done.status(), 201, "{query}");
        assert_eq!(done.header("docker-content-digest"), Some(SHA512_OF_ABC));
        assert_eq!(client.get(&done.location()).text(), "abc");
    }
    let mut client = Client::of("oci");
    let post = format!("POST /v2/{APP}/blobs/uploads/?digest-algorithm=sha512");
    let location = client.send(&post, &[], b"").location();
    client.send(&format!("PATCH {location}"), &[], b"ab");
    let digest = Digest::sha256(b"abc");
    let put = format!("PUT {}", with_query(&location, &format!("digest={digest}")));
    assert_eq!(
        client.send(&put, &[], b"c").status(),
        201,
        "another one after all"
    );
}

#[test]
fn p17_a_digest_that_is_none_or_does_not_fit_is_refused() {
    let wrong = Digest::sha256(b"something else").to_string();
    for digest in [
        "sha256:beef",
        "md5:0cc175b9c0f1b6a831c399e269772661",
        "layer",
        "",
        &wrong,
    ] {
        let mut client = Client::of("oci");
        let put = with_query(&client.open(APP), &format!("digest={digest}"));
        assert_eq!(
            client.send(&format!("PUT {put}"), &[], b"layer").status(),
            400,
            "{digest}"
        );
        let post = format!("POST /v2/{APP}/blobs/uploads/?digest={digest}");
        let status = client.send(&post, &[], b"layer").status();
        assert_eq!(status, 400, "{digest}");
        assert!(client.core.blobs(APP).is_empty(), "{digest}");
    }
}

#[test]
fn p20_the_location_of_a_committed_blob_can_be_pulled() {
    let mut client = Client::of("oci");
    let digest = Digest::sha256(b"layer").to_string();
    let put = with_query(&client.open(APP), &format!("digest={digest}"));
    let headers = [("content-type", "application/octet-stream")];
    let done = client.send(&format!("PUT {put}"), &headers, b"layer");
    assert_eq!(done.status(), 201);
    assert_eq!(done.header("docker-content-digest"), Some(digest.as_str()));
    assert_eq!(client.get(&done.location()).text(), "layer");
}

#[test]
fn p21_a_single_post_uploads_a_blob() {
    let mut client = Client::of("oci");
    let digest = Digest::sha256(b"layer");
    let post = format!("POST /v2/{APP}/blobs/uploads/?digest={digest}");
    let done = client.send(&post, &[], b"layer");
    assert_eq!(done.status(), 201);
    assert_eq!(client.get(&done.location()).text(), "layer");
    assert!(client.core.open_sessions().is_empty());
}

#[test]
fn p22_without_single_posts_there_is_a_session() {
    let text = "name = 'p'\nsummary = ''\n[blob]\nsingle-post = 202";
    let mut client = Client::new(Config::new(Profile::from_toml(text).unwrap()));
    let digest = Digest::sha256(b"layer");
    let post = format!("POST /v2/{APP}/blobs/uploads/?digest={digest}");
    let opened = client.send(&post, &[], b"layer");
    assert_eq!(opened.status(), 202);
    let put = with_query(&opened.location(), &format!("digest={digest}"));
    assert_eq!(
        client.send(&format!("PUT {put}"), &[], b"layer").status(),
        201
    );
}

#[test]
fn p32_an_empty_blob_and_one_of_a_byte_can_be_pushed() {
    let mut client = Client::of("oci");
    for bytes in [&b""[..], b"x"] {
        let digest = client.push_blob(APP, bytes);
        let get = client.get(&format!("/v2/{APP}/blobs/{digest}"));
        assert_eq!((get.status(), get.0.body().as_ref()), (200, bytes));
        let post = format!("POST /v2/{APP}/blobs/uploads/?digest={digest}");
        assert_eq!(client.send(&post, &[], bytes).status(), 201);
    }
}

#[test]
fn p34_an_upload_can_be_cancelled() {
    let mut client = Client::of("oci");
    let location = client.open(APP);
    let delete = format!("DELETE {location}");
    assert_eq!(client.send(&delete, &[], b"").status(), 204);
    assert!(client.core.open_sessions().is_empty());
    let again = client.send(&delete, &[], b"");
    assert_eq!(
        (again.status(), again.code().as_deref()),
        (404, Some("BLOB_UPLOAD_UNKNOWN"))
    );
    assert_eq!(client.get(&location).status(), 404);
}

#[test]
fn p34_an_upload_that_nobody_goes_on_with_ends() {
    let mut client = Client::of("oci");
    let location = client.open(APP);
    client.now += std::time::Duration::from_secs(client.core.profile().session.lifetime);
    assert_eq!(client.get(&location).status(), 404);
    assert!(client.core.open_sessions().is_empty());
}
