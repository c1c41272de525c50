//! The plain rules for manifests: what the specification asks of any registry.

use longshore_protocol::{Digest, ErrorCode, MediaType};
use serde_json::{Value, json};

use super::Outcome;
use super::catalog::Manifest;
use super::errors::Refusal;
use crate::profile::MediaTypes;

/// A manifest as far as a registry looks into it.
pub(super) struct Judged {
    pub(super) media_type: MediaType,
    pub(super) subject: Option<String>,
    config: Option<Digest>,
    layers: Vec<Digest>,
    manifests: Vec<Digest>,
}

impl Judged {
    /// The digests named that are not there, each once, in the order of naming. Of a sparse one only
    /// the config has to be there.
    pub(super) fn missing(
        &self,
        sparse: bool,
        has_blob: impl Fn(&Digest) -> bool,
        has_manifest: impl Fn(&Digest) -> bool,
    ) -> Vec<String> {
        let config = self.config.iter().filter(|blob| !has_blob(blob));
        let layers = self.layers.iter().filter(|blob| !has_blob(blob));
        let manifests = self.manifests.iter().filter(|child| !has_manifest(child));
        let rest = layers.chain(manifests).filter(|_| !sparse);
        let mut missing = Vec::new();
        for digest in config.chain(rest).map(Digest::to_string) {
            if !missing.contains(&digest) {
                missing.push(digest);
            }
        }
        missing
    }
}

/// Reads a manifest, or says what is wrong with it.
pub(super) fn judge(content_type: Option<&str>, bytes: &[u8]) -> Outcome<Judged> {
    let invalid = |message: &str| Refusal::new(400, ErrorCode::MANIFEST_INVALID, message);
    let document: Value =
        serde_json::from_slice(bytes).map_err(|e| invalid(&format!("not JSON: {e}")))?;
    if !document.is_object() {
        return Err(invalid("not a JSON object"));
    }
    let own = document.get("mediaType").and_then(Value::as_str);
    let announced = content_type.unwrap_or_default();
    if let Some(own) = own
        && !announced.is_empty()
        && own != announced
    {
        return Err(invalid("mediaType and Content-Type disagree"));
    }
    let media_type = own.unwrap_or(announced);
    if media_type.is_empty() {
        return Err(invalid("neither mediaType nor Content-Type"));
    }
    let known = is_known(media_type);
    if known && document.get("schemaVersion") != Some(&json!(2)) {
        return Err(invalid("schemaVersion is not 2"));
    }
    let digest_of = |descriptor: &Value| -> Outcome<Digest> {
        let text = descriptor.get("digest").and_then(Value::as_str);
        let digest = text.and_then(|text| text.parse().ok());
        digest.ok_or_else(|| invalid("a descriptor without a valid digest"))
    };
    let listed = |member: &str| -> Outcome<Vec<Value>> {
        match document.get(member) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list.clone()),
            Some(_) => Err(invalid("a list of descriptors is not an array")),
        }
    };
    let config = document.get("config").map(digest_of).transpose()?;
    if config.is_none() && is_image(media_type) {
        return Err(invalid("no config"));
    }
    let mut layers = Vec::new();
    for layer in listed("layers")? {
        let elsewhere = layer
            .get("urls")
            .and_then(Value::as_array)
            .is_some_and(|urls| !urls.is_empty());
        let digest = digest_of(&layer)?;
        if !elsewhere {
            layers.push(digest);
        }
    }
    let children = listed("manifests")?;
    let manifests = children.iter().map(digest_of).collect::<Outcome<_>>()?;
    let subject = match document.get("subject") {
        None | Some(Value::Null) => None,
        Some(subject) => Some(digest_of(subject)?.to_string()),
    };
    Ok(Judged {
        media_type: MediaType::new(media_type),
        subject,
        config,
        layers,
        manifests,
    })
}

/// Whether manifests of this `Content-Type` are taken.
pub(super) fn takes_type(taken: MediaTypes, content_type: Option<&str>) -> bool {
    let media_type = content_type.unwrap_or_default();
    let oci = [MediaType::OCI_MANIFEST, MediaType::OCI_INDEX];
    match taken {
        MediaTypes::Any => true,
        MediaTypes::Oci => oci.iter().any(|known| known.as_str() == media_type),
        MediaTypes::OciAndDocker => is_known(media_type),
    }
}

/// The entry of a referrers list for a manifest, if it refers to that subject.
pub(super) fn referrer(own: &Digest, manifest: &Manifest, subject: &str) -> Option<Value> {
    let document: Value = serde_json::from_slice(&manifest.bytes).ok()?;
    if document.get("subject")?.get("digest")?.as_str()? != subject {
        return None;
    }
    let config = document
        .get("config")
        .and_then(|config| config.get("mediaType"));
    let artifact_type = document.get("artifactType").or(config);
    let mut entry = json!({
        "mediaType": manifest.media_type.as_str(),
        "digest": own.to_string(),
        "size": manifest.bytes.len(),
    });
    if let Some(artifact_type) = artifact_type {
        entry["artifactType"] = artifact_type.clone();
    }
    if let Some(annotations) = document.get("annotations") {
        entry["annotations"] = annotations.clone();
    }
    Some(entry)
}

fn is_known(media_type: &str) -> bool {
    [
        MediaType::OCI_MANIFEST,
        MediaType::OCI_INDEX,
        MediaType::DOCKER_MANIFEST,
        MediaType::DOCKER_LIST,
    ]
    .iter()
    .any(|known| known.as_str() == media_type)
}

fn is_image(media_type: &str) -> bool {
    [MediaType::OCI_MANIFEST, MediaType::DOCKER_MANIFEST]
        .iter()
        .any(|known| known.as_str() == media_type)
}
