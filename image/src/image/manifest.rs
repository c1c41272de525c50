//! The image manifest.

use longshore_protocol::{Descriptor, MediaType};
use serde::Serialize;

/// An image manifest. Docker's and OCI's differ in media types only.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: u8,
    /// OCI lets it be absent; Nexus has mislabelled manifests without it.
    pub(super) media_type: MediaType,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
}
