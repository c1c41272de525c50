//! What a registry holds in the end.

use std::collections::BTreeSet;

use longshore_protocol::Digest;
use serde_json::Value;

use crate::core::Core;

/// Whether everything under a tag or digest is there and is what its digest says.
///
/// # Errors
/// Something is missing or wrong: this says what.
pub fn missing(core: &Core, repository: &str, reference: &str) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    look(core, repository, reference, &mut seen)
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
