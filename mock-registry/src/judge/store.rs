//! What a registry holds in the end.

use std::collections::BTreeSet;

use http::Method;
use longshore_protocol::Digest;
use serde_json::Value;

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
    let config: &[u8] = br#"{"architecture":"none","os":"none"}"#;
    let digest = Digest::sha256(config);
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest.to_string(),
            "size": config.len(),
        },
        "layers": [],
    });
    let opened = faulty.request(
        Method::POST,
        &format!("/v2/{repository}/blobs/uploads/"),
        repository,
        b"",
    );
    let location =
        opened.and_then(|x| Some(x.headers().get("location")?.to_str().ok()?.to_owned()));
    if let Some(location) = location {
        let path = path_of(&location);
        let glue = if path.contains('?') { '&' } else { '?' };
        let target = format!("{path}{glue}digest={digest}");
        faulty.request(Method::PUT, &target, repository, config);
        let target = format!("/v2/{repository}/manifests/{tag}");
        faulty.request(
            Method::PUT,
            &target,
            repository,
            manifest.to_string().as_bytes(),
        );
    }
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
