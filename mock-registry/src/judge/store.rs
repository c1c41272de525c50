//! What a registry holds in the end.

use std::collections::BTreeSet;

use http::Method;
use longshore_protocol::Digest;
use serde_json::{Value, json};

use crate::core::Core;
use crate::fault::{Faulty, path_of};

/// Whether everything under a tag or digest is there and is what its digest says.
///
/// # Errors
/// Something is missing or wrong: this says what.
pub fn missing(core: &Core, repository: &str, reference: &str) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    look(core, repository, reference, &mut seen)
}

/// Lets a tag name an image that no client brings.
pub(super) fn take_tag(faulty: &mut Faulty, repository: &str, tag: &str) {
    if let Some(manifest) = foreign(faulty, repository) {
        put_manifest(faulty, repository, tag, &manifest);
    }
}

/// Lets the fallback tag of a subject name a manifest that no client brings; its digest.
pub(super) fn take_fallback(
    faulty: &mut Faulty,
    repository: &str,
    subject: &Value,
) -> Option<String> {
    let manifest = foreign(faulty, repository)?;
    let digest = Digest::sha256(manifest.to_string().as_bytes()).to_string();
    put_manifest(faulty, repository, &digest, &manifest);
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": MANIFEST,
            "digest": digest,
            "size": manifest.to_string().len(),
            "artifactType": "application/vnd.example.foreign",
        }],
    });
    let tag = subject["digest"].as_str()?.replacen(':', "-", 1);
    put_manifest(faulty, repository, &tag, &index);
    Some(digest)
}

/// The manifest of an image without layers, whose config is in the repository.
fn foreign(faulty: &mut Faulty, repository: &str) -> Option<Value> {
    let config: &[u8] = br#"{"architecture":"none","os":"none"}"#;
    let digest = Digest::sha256(config);
    let opened = faulty.request(
        Method::POST,
        &format!("/v2/{repository}/blobs/uploads/"),
        repository,
        b"",
    )?;
    let location = opened.headers().get("location")?.to_str().ok()?;
    let path = path_of(location);
    let glue = if path.contains('?') { '&' } else { '?' };
    let target = format!("{path}{glue}digest={digest}");
    faulty.request(Method::PUT, &target, repository, config)?;
    Some(json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest.to_string(),
            "size": config.len(),
        },
        "layers": [],
    }))
}

fn put_manifest(faulty: &mut Faulty, repository: &str, reference: &str, manifest: &Value) {
    let target = format!("/v2/{repository}/manifests/{reference}");
    let bytes = manifest.to_string();
    faulty.request(Method::PUT, &target, repository, bytes.as_bytes());
}

fn look(
    core: &Core,
    repository: &str,
    reference: &str,
    seen: &mut BTreeSet<String>,
) -> Result<(), String> {
    if !seen.insert(reference.to_owned()) {
        return Ok(());
    }
    let (_, bytes, digest) = core
        .manifest(repository, reference)
        .ok_or_else(|| format!("there is no manifest {reference}"))?;
    let manifest: Value =
        serde_json::from_slice(&bytes).map_err(|e| format!("{digest} is not JSON: {e}"))?;
    let list = |key: &str| manifest[key].as_array().cloned().unwrap_or_default();
    for child in list("manifests") {
        let digest = child["digest"].as_str().unwrap_or_default();
        look(core, repository, digest, seen)?;
    }
    let config = manifest.get("config").cloned();
    for blob in list("layers").into_iter().chain(config) {
        let text = blob["digest"].as_str().unwrap_or_default();
        let digest: Digest = text.parse().map_err(|_| format!("{text:?} is no digest"))?;
        let bytes = core
            .blob(repository, &digest)
            .ok_or_else(|| format!("the blob {digest} of {reference} is missing"))?;
        let size = blob["size"].as_u64();
        if size.is_some_and(|size| size != bytes.len() as u64) {
            return Err(format!(
                "the blob {digest} is not as long as {reference} says"
            ));
        }
        if text.starts_with("sha256:") && Digest::sha256(&bytes) != digest {
            return Err(format!("the blob {digest} has other bytes"));
        }
    }
    Ok(())
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
