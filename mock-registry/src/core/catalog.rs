//! What the repositories hold: links from names to stored bytes.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use longshore_protocol::{Digest, MediaType};

/// All repositories by name.
pub(crate) type Catalog = BTreeMap<String, Repository>;

/// What one repository holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repository {
    pub(crate) blobs: BTreeSet<Digest>,
    pub(crate) manifests: BTreeMap<Digest, Manifest>,
    pub(crate) tags: BTreeMap<String, Digest>,
}

/// A stored manifest.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) media_type: MediaType,
    pub(crate) bytes: Bytes,
}

impl Repository {
    /// The digest that a tag or digest stands for, if there is such a manifest.
    pub(crate) fn resolve(&self, reference: &str) -> Option<Digest> {
        let digest = match reference.parse() {
            Ok(digest) => digest,
            Err(_) => self.tags.get(reference)?.clone(),
        };
        self.manifests.contains_key(&digest).then_some(digest)
    }
}
