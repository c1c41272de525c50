//! Images as OCI layouts, for programs that push from one.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use longshore_protocol::{Content, Descriptor, Digest, ManifestSpec, MediaType};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A result that goes straight to a person.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// The blobs of the image in `folder`, the config last, and its manifest.
///
/// # Errors
/// It is no such layout.
pub fn read(folder: &Path) -> Outcome<(Vec<Descriptor>, ManifestSpec)> {
    let index: Value = serde_json::from_slice(&std::fs::read(folder.join("index.json"))?)?;
    let manifest: Descriptor = serde_json::from_value(index["manifests"][0].clone())?;
    let manifest = std::fs::read(blob(folder, &manifest.digest))?;
    let parsed: Value = serde_json::from_slice(&manifest)?;
    let mut blobs: Vec<Descriptor> = serde_json::from_value(parsed["layers"].clone())?;
    blobs.push(serde_json::from_value(parsed["config"].clone())?);
    Ok((blobs, ManifestSpec::new(MediaType::OCI_MANIFEST, manifest)))
}

/// An image with layers of these sizes as an OCI layout.
///
/// # Errors
/// What the operating system says.
pub fn create(folder: &Path, sizes: &[usize]) -> Outcome<PathBuf> {
    std::fs::create_dir_all(folder.join("blobs/sha256"))?;
    std::fs::write(
        folder.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )?;
    let mut layers = Vec::new();
    for (index, size) in sizes.iter().enumerate() {
        layers.push(layer(folder, index, *size)?);
    }
    let ids: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": ids },
    });
    let config = stored(folder, MediaType::OCI_CONFIG, config.to_string().as_bytes())?;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST,
        "config": config, "layers": layers,
    });
    let media_type = MediaType::OCI_MANIFEST;
    let manifest = stored(folder, media_type, manifest.to_string().as_bytes())?;
    let mut manifest = serde_json::to_value(manifest)?;
    manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": "1" });
    let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
    std::fs::write(folder.join("index.json"), index.to_string())?;
    Ok(folder.to_owned())
}

/// A layer that differs from every other, written piece by piece.
fn layer(folder: &Path, index: usize, size: usize) -> Outcome<Descriptor> {
    let path = folder.join("layer");
    let mut file = std::fs::File::create(&path)?;
    let mut hasher = Sha256::new();
    let piece: Vec<u8> = (0..64 << 10)
        .map(|at: usize| (at.wrapping_mul(31) >> 3) as u8 ^ index as u8)
        .collect();
    let mut left = size;
    while left > 0 {
        let piece = &piece[..left.min(piece.len())];
        file.write_all(piece)?;
        hasher.update(piece);
        left -= piece.len();
    }
    let content = Content {
        digest: Digest::from_sha256(hasher.finalize().into()),
        size: size as u64,
    };
    std::fs::rename(&path, blob(folder, &content.digest))?;
    Ok(Descriptor::new(MediaType::OCI_LAYER_GZIP, content))
}

fn stored(folder: &Path, media_type: MediaType, bytes: &[u8]) -> Outcome<Descriptor> {
    let descriptor = Descriptor::new(media_type, Content::of(bytes));
    std::fs::write(blob(folder, &descriptor.digest), bytes)?;
    Ok(descriptor)
}

/// The file of a blob.
#[must_use]
pub fn blob(folder: &Path, digest: &Digest) -> PathBuf {
    folder
        .join("blobs")
        .join(digest.to_string().replace(':', "/"))
}
