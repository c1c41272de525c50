//! Lists of tags and of referrers.

use crate::APP;
use crate::client::{Client, OCI_MANIFEST, manifest};
use longshore_protocol::Digest;
use serde_json::{Value, json};

fn refer(client: &mut Client, subject: &Digest, artifact_type: Option<&str>, note: &str) -> String {
    client.push_blob(APP, b"{}");
    let mut document: Value = serde_json::from_str(&manifest(b"{}", &[])).unwrap();
    document["subject"] =
        json!({"mediaType": OCI_MANIFEST, "digest": subject.to_string(), "size": 7});
    document["annotations"] = json!({ "note": note });
    if let Some(artifact_type) = artifact_type {
        document["artifactType"] = artifact_type.into();
    }
    let body = document.to_string();
    let digest = Digest::sha256(body.as_bytes()).to_string();
    let put = format!("PUT /v2/{APP}/manifests/{digest}");
    client.send(&put, &[("content-type", OCI_MANIFEST)], body.as_bytes());
    digest
}

#[test]
fn p49_referrers_are_listed_and_filtered() {
    let mut client = Client::of("oci");
    let subject = Digest::sha256(b"subject");
    let one = refer(&mut client, &subject, Some("a/one"), "1");
    let two = refer(&mut client, &subject, None, "2");
    refer(&mut client, &Digest::sha256(b"another"), Some("a/one"), "3");
    let all = client.get(&format!("/v2/{APP}/referrers/{subject}"));
    assert_eq!(all.status(), 200);
    assert_eq!(
        all.header("content-type"),
        Some("application/vnd.oci.image.index.v1+json")
    );
    assert_eq!(all.header("oci-filters-applied"), None);
    let index = all.json();
    let entries = index["manifests"].as_array().unwrap();
    let find = |digest: &str| {
        entries
            .iter()
            .find(|entry| entry["digest"] == digest)
            .unwrap()
    };
    assert_eq!((entries.len(), &index["schemaVersion"]), (2, &json!(2)));
    assert_eq!(find(&one)["artifactType"], "a/one");
    assert_eq!(find(&one)["annotations"]["note"], "1");
    let config = "application/vnd.oci.image.config.v1+json";
    assert_eq!(find(&two)["artifactType"], config, "that of the config");
    let some = client.get(&format!("/v2/{APP}/referrers/{subject}?artifactType=a/one"));
    assert_eq!(some.header("oci-filters-applied"), Some("artifactType"));
    let index = some.json();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(index["manifests"][0]["digest"], one);
}

#[test]
fn p49_a_subject_nobody_refers_to_has_an_empty_list() {
    let mut client = Client::of("oci");
    let none = client.get(&format!("/v2/{APP}/referrers/{}", Digest::sha256(b"none")));
    assert_eq!(
        (none.status(), none.json()["manifests"].clone()),
        (200, json!([]))
    );
    for digest in ["v1", "sha256:beef"] {
        let bad = client.get(&format!("/v2/{APP}/referrers/{digest}"));
        assert_eq!(bad.status(), 400, "{digest}");
    }
}

#[test]
fn tags_are_listed_in_order_and_in_pages() {
    let mut client = Client::of("oci");
    client.push_blob(APP, b"{}");
    let body = manifest(b"{}", &[]);
    for tag in ["c", "a", "b", "d"] {
        let put = format!("PUT /v2/{APP}/manifests/{tag}");
        client.send(&put, &[("content-type", OCI_MANIFEST)], body.as_bytes());
    }
    let all = client.get(&format!("/v2/{APP}/tags/list"));
    assert_eq!(
        all.json(),
        json!({"name": APP, "tags": ["a", "b", "c", "d"]})
    );
    assert_eq!(all.header("link"), None);
    let some = client.get(&format!("/v2/{APP}/tags/list?n=2"));
    assert_eq!(some.json()["tags"], json!(["a", "b"]));
    let link = some.header("link").unwrap().to_owned();
    let next = link.strip_prefix('<').unwrap().split_once('>').unwrap();
    assert_eq!(next.1.trim(), "; rel=\"next\"");
    let rest = client.get(next.0);
    assert_eq!(
        (rest.json()["tags"].clone(), rest.header("link")),
        (json!(["c", "d"]), None)
    );
    assert_eq!(
        client.get(&format!("/v2/{APP}/tags/list?n=0")).json()["tags"],
        json!([])
    );
    assert_eq!(
        client.get(&format!("/v2/{APP}/tags/list?last=c")).json()["tags"],
        json!(["d"])
    );
    assert_eq!(client.get("/v2/no/body/tags/list").status(), 404);
}
