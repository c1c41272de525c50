//! P45: several tags with one push.

use crate::APP;
use crate::client::{Answer, Client, OCI_MANIFEST, manifest};
use longshore_protocol::Digest;

fn put(client: &mut Client, reference: &str, tags: &[&str]) -> Answer {
    client.push_blob(APP, b"{}");
    let query: Vec<String> = tags.iter().map(|tag| format!("tag={tag}")).collect();
    let target = format!("PUT /v2/{APP}/manifests/{reference}?{}", query.join("&"));
    client.send(
        &target,
        &[("content-type", OCI_MANIFEST)],
        manifest(b"{}", &[]).as_bytes(),
    )
}

fn own() -> String {
    Digest::sha256(manifest(b"{}", &[]).as_bytes()).to_string()
}

fn echoed(answer: &Answer) -> Vec<String> {
    let values = answer.0.headers().get_all("oci-tag").iter();
    values
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn p45_ten_tags_are_set_and_echoed() {
    let mut client = Client::of("oci");
    let tags: Vec<String> = (0..10).map(|n| format!("v{n}")).collect();
    let names: Vec<&str> = tags.iter().map(String::as_str).collect();
    let answer = put(&mut client, &own(), &names);
    assert_eq!((answer.status(), echoed(&answer)), (201, tags.clone()));
    for tag in &tags {
        assert_eq!(
            client.get(&format!("/v2/{APP}/manifests/{tag}")).status(),
            200,
            "{tag}"
        );
    }
}

#[test]
fn p45_a_tag_can_name_a_manifest_by_another_digest() {
    use sha2::{Digest as _, Sha512};
    let mut client = Client::of("oci");
    let hash = Sha512::digest(manifest(b"{}", &[]).as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let digest = format!("sha512:{hex}");
    let answer = put(&mut client, &digest, &["v1"]);
    assert_eq!(
        (answer.status(), echoed(&answer)),
        (201, vec!["v1".to_owned()])
    );
    let head = client.send(&format!("HEAD /v2/{APP}/manifests/v1"), &[], b"");
    assert_eq!(head.header("docker-content-digest"), Some(digest.as_str()));
}

#[test]
fn p45_too_many_tags_are_414_and_bad_ones_are_refused() {
    let mut client = Client::of("oci");
    let many: Vec<String> = (0..65).map(|n| format!("v{n}")).collect();
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(put(&mut client, &own(), &names).status(), 414);
    assert_eq!(put(&mut client, &own(), &["v1", ".bad"]).status(), 400);
    assert!(client.core.tags(APP).is_empty());
    let by_tag = put(&mut client, "v1", &["v2"]);
    assert_eq!((by_tag.status(), echoed(&by_tag).len()), (201, 0));
    assert_eq!(client.core.tags(APP), ["v1"]);
}
