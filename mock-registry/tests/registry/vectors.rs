//! Every recorded answer of Quay to a manifest, asked again of the profiles that play it.
//!
//! Eight vectors are marked as depending on the environment. Seven hang on what the database does
//! with a sum of sizes that is no 64-bit number; the profiles do what SQLite did. One needs the
//! empty layer of old Docker clients to be known to the server, so it is uploaded to another
//! repository first.

use base64::Engine as _;
use longshore_protocol::Digest;
use serde::Deserialize;

use crate::client::Client;

#[derive(Deserialize)]
struct Vector {
    name: String,
    content_type: Option<String>,
    manifest: Option<String>,
    manifest_b64: Option<String>,
    config: Option<String>,
    config_b64: Option<String>,
    http_status: u16,
    error_code: Option<String>,
    error: Option<String>,
    stage: Option<String>,
    retry_status: u16,
    config_uploaded: bool,
    layer_blobs_uploaded: Vec<String>,
    #[serde(default)]
    children: Vec<Child>,
    eager: Outcome,
    lazy: Option<Pull>,
}

#[derive(Deserialize)]
struct Child {
    content_type: String,
    manifest: String,
    config: String,
}

#[derive(Deserialize)]
struct Outcome {
    http_status: u16,
    retry_status: u16,
}

#[derive(Deserialize)]
struct Pull {
    schema1_pull_status: u16,
    schema1_pull_error: Option<String>,
}

#[test]
fn the_quay_profile_answers_as_quay_does() {
    each(|vector| {
        let mut client = Client::of("quay");
        vector.prepare(&mut client);
        let first = vector.put(&mut client);
        assert_eq!(first.status(), vector.http_status);
        assert_eq!(first.code(), vector.error_code);
        let wrong = vector.http_status == 400 || vector.http_status == 415;
        assert_eq!(first.code().is_some(), wrong);
        assert_eq!(vector.put(&mut client).status(), vector.retry_status);
    });
}

#[test]
fn the_quay_profile_complains_in_quays_words() {
    each(|vector| {
        if vector.http_status != 400 {
            return;
        }
        let mut client = Client::of("quay");
        vector.prepare(&mut client);
        let answer = vector.put(&mut client);
        let words = answer.json()["errors"][0]["detail"]["message"].clone();
        // Long texts are cut in the recording.
        let recorded = vector.error.as_deref().unwrap_or_default();
        let recorded = recorded.strip_suffix("...").unwrap_or(recorded);
        let words = words.as_str().unwrap_or_default();
        assert!(words.starts_with(recorded), "{words}\n{recorded}");
    });
}

#[test]
fn the_old_quay_profile_answers_as_the_old_quay_does() {
    each(|vector| {
        let mut client = Client::of("quay-3.3");
        vector.prepare(&mut client);
        assert_eq!(vector.put(&mut client).status(), vector.eager.http_status);
        assert_eq!(vector.put(&mut client).status(), vector.eager.retry_status);
    });
}

#[test]
fn a_pull_by_an_old_client_finds_out_what_the_push_did_not() {
    each(|vector| {
        let Some(pull) = &vector.lazy else {
            return;
        };
        let mut client = Client::of("quay");
        vector.prepare(&mut client);
        // Those that fail after they were stored are tagged by the second attempt.
        vector.put(&mut client);
        vector.put(&mut client);
        let answer = client.get(&format!("/v2/{REPOSITORY}/manifests/tag"));
        assert_eq!(answer.status(), pull.schema1_pull_status);
        if answer.status() == 404 {
            let words = answer.json()["errors"][0]["message"].clone();
            assert_eq!(words.as_str(), pull.schema1_pull_error.as_deref());
        }
        let named = [("accept", vector.content_type.as_deref().unwrap())];
        let target = format!("GET /v2/{REPOSITORY}/manifests/tag");
        assert_eq!(client.send(&target, &named, b"").status(), 200);
    });
}

#[test]
fn a_put_by_digest_is_judged_alike_and_explained_less() {
    each(|vector| {
        let mut client = Client::of("quay");
        vector.prepare(&mut client);
        let reference = Digest::sha256(&vector.manifest()).to_string();
        let answer = vector.put_as(&mut client, &reference);
        assert_eq!(answer.status(), vector.http_status);
        if answer.status() == 400 {
            let detail = answer.json()["errors"][0]["detail"].clone();
            let explained = vector.stage.as_deref() == Some("parse");
            assert_eq!(detail == serde_json::json!({}), !explained);
        }
    });
}

impl Vector {
    fn prepare(&self, client: &mut Client) {
        client.push_blob("other/repository", &EMPTY_LAYER);
        for child in &self.children {
            client.push_blob(REPOSITORY, child.config.as_bytes());
            for layer in 0..MOST_LAYERS {
                let layer = layer_bytes(layer);
                if child
                    .manifest
                    .contains(&Digest::sha256(layer.as_bytes()).to_string())
                {
                    client.push_blob(REPOSITORY, layer.as_bytes());
                }
            }
            let reference = Digest::sha256(child.manifest.as_bytes());
            let target = format!("PUT /v2/{REPOSITORY}/manifests/{reference}");
            let headers = [("content-type", child.content_type.as_str())];
            client.send(&target, &headers, child.manifest.as_bytes());
        }
        if self.config_uploaded {
            let config = bytes(self.config.as_deref(), self.config_b64.as_deref());
            client.push_blob(REPOSITORY, &config);
        }
        for wanted in &self.layer_blobs_uploaded {
            let layer = (0..MOST_LAYERS)
                .map(layer_bytes)
                .find(|layer| Digest::sha256(layer.as_bytes()).to_string() == *wanted);
            client.push_blob(REPOSITORY, layer.expect("a known layer").as_bytes());
        }
    }

    fn put(&self, client: &mut Client) -> crate::client::Answer {
        self.put_as(client, "tag")
    }

    fn put_as(&self, client: &mut Client, reference: &str) -> crate::client::Answer {
        let target = format!("PUT /v2/{REPOSITORY}/manifests/{reference}");
        let headers: Vec<_> = self
            .content_type
            .iter()
            .map(|content_type| ("content-type", content_type.as_str()))
            .collect();
        client.send(&target, &headers, &self.manifest())
    }

    fn manifest(&self) -> Vec<u8> {
        bytes(self.manifest.as_deref(), self.manifest_b64.as_deref())
    }
}

/// Runs a check on every vector, and says all the names of those that fail.
fn each(check: impl Fn(&Vector) + std::panic::RefUnwindSafe) {
    let mut failed = Vec::new();
    let mut count = 0;
    for line in VECTORS.lines() {
        let vector: Vector = serde_json::from_str(line).unwrap();
        let name = vector.name.clone();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&vector)));
        if outcome.is_err() {
            failed.push(name);
        }
        count += 1;
    }
    assert_eq!(count, 554);
    assert!(
        failed.is_empty(),
        "{} of {count}: {failed:#?}",
        failed.len()
    );
}

fn bytes(text: Option<&str>, base64: Option<&str>) -> Vec<u8> {
    match (text, base64) {
        (Some(text), _) => text.into(),
        (None, Some(encoded)) => base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .unwrap(),
        (None, None) => panic!("neither text nor base64"),
    }
}

fn layer_bytes(index: usize) -> String {
    format!("layer-{index}")
}

const VECTORS: &str = include_str!("../vectors/quay.jsonl");
const REPOSITORY: &str = "devel/image";
const MOST_LAYERS: usize = 8;

/// A gzipped tar of nothing, as Docker wrote it for every layer without files.
const EMPTY_LAYER: [u8; 32] = [
    31, 139, 8, 0, 0, 9, 110, 136, 0, 255, 98, 24, 5, 163, 96, 20, 140, 88, 0, 8, 0, 0, 255, 255,
    46, 175, 181, 239, 0, 4, 0, 0,
];
