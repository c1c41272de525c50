//! What people and images say: references, digests, `metadata.json`.

use std::path::Path;

use longshore_image::{Compression, ImageOptions, Layer, Metadata, Summary, assemble};
use longshore_protocol::{Content, Digest, Reference};

/// A text is a reference that is read back as it is written, or the error names a place in it.
pub(super) fn reference(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match text.parse::<Reference>() {
        Ok(reference) => {
            let again = reference.to_string().parse::<Reference>();
            assert_eq!(again.as_ref(), Ok(&reference), "{text:?}");
        }
        Err(error) => {
            let places = 1..=text.chars().count() + 1;
            assert!(places.contains(&error.position), "{text:?}: {error}");
        }
    }
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string(), text);
    }
}

/// Any metadata is refused, or makes a config whose history fits its layers.
pub(super) fn metadata(bytes: &[u8]) {
    let layers = usize::from(bytes.first().copied().unwrap_or(0) % 4);
    let json = bytes.get(1..).unwrap_or_default();
    let Ok(metadata) = Metadata::from_json(json, Path::new("metadata.json"), &mut |_| {}) else {
        return;
    };
    let layers = vec![layer(); layers];
    let image = assemble(&metadata, &layers, &ImageOptions::default());
    let config: serde_json::Value =
        serde_json::from_slice(&image.config).expect("a config is JSON");
    let history = config["history"].as_array().map_or(&[][..], Vec::as_slice);
    let is_empty = |entry: &&serde_json::Value| entry["empty_layer"] == true;
    let filled = history.iter().filter(|entry| !is_empty(entry)).count();
    assert_eq!(filled, layers.len(), "{config}");
}

fn layer() -> Layer {
    Layer {
        content: Content::of(b"packed"),
        diff_id: Digest::sha256(b"unpacked"),
        uncompressed_size: 8,
        compression: Compression::Gzip,
        summary: Summary::default(),
    }
}
