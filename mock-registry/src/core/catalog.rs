//! What the repositories hold: links from names to stored bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use longshore_protocol::{Digest, MediaType};
use serde_json::Value;

/// All repositories by name.
pub(crate) type Catalog = BTreeMap<String, Repository>;

/// What one repository holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repository {
    pub(crate) blobs: BTreeSet<Digest>,
    pub(crate) manifests: BTreeMap<Digest, Manifest>,
    pub(crate) tags: BTreeMap<String, Digest>,
    /// When each blob arrived that no manifest names; only where that matters.
    pub(crate) orphans: BTreeMap<Digest, Duration>,
}

/// A stored manifest.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) media_type: MediaType,
    pub(crate) bytes: Bytes,
    /// The blobs that it names.
    pub(crate) blobs: Vec<Digest>,
}

impl Manifest {
    pub(crate) fn new(media_type: MediaType, bytes: Bytes) -> Self {
        let document: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let layers = document.get("layers").and_then(Value::as_array);
        let descriptors = document
            .get("config")
            .into_iter()
            .chain(layers.into_iter().flatten());
        let digests = descriptors.filter_map(|descriptor| descriptor.get("digest")?.as_str());
        let blobs = digests.filter_map(|digest| digest.parse().ok()).collect();
        Self {
            media_type,
            bytes,
            blobs,
        }
    }
}

impl Repository {
    /// Whether one of its manifests names a blob.
    pub(crate) fn names(&self, blob: &Digest) -> bool {
        let mut manifests = self.manifests.values();
        manifests.any(|manifest| manifest.blobs.contains(blob))
    }

    /// The digest that a tag or digest stands for, if there is such a manifest.
    pub(crate) fn resolve(&self, reference: &str) -> Option<Digest> {
        let digest = match reference.parse() {
            Ok(digest) => digest,
            Err(_) => self.tags.get(reference)?.clone(),
        };
        self.manifests.contains_key(&digest).then_some(digest)
    }
}
