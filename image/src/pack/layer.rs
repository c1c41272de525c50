//! What packing yields.

use longshore_protocol::{Content, Descriptor, Digest, MediaType};

use super::Compression;
use crate::image::Format;
use crate::lost::LostCounts;
use crate::notice::SpecialFiles;

/// A packed layer: what has to be known of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Digest and size of the layer as it is stored and sent.
    pub content: Content,
    /// The digest of the uncompressed tar.
    pub diff_id: Digest,
    /// Bytes of the uncompressed tar.
    pub uncompressed_size: u64,
    /// The form of the stored bytes.
    pub compression: Compression,
    /// What is in it.
    pub summary: Summary,
}

/// What a layer holds and what was left out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Members of the tar, directories and links included.
    pub members: u64,
    /// Members with content.
    pub files: u64,
    /// Bytes of content.
    pub bytes: u64,
    /// Members that are further names of a file.
    pub hard_links: u64,
    /// The latest time of a member, in seconds since 1970; 0 if none is later than that.
    pub newest: u64,
    /// Members whose set-user-ID bit was left out.
    pub setuid: u64,
    /// Members whose set-group-ID bit was left out.
    pub setgid: u64,
    /// Files left out because of their type.
    pub special: SpecialFiles,
    /// Files of which something else was left out.
    pub lost: LostCounts,
}

impl Layer {
    /// The layer's media type in a manifest of this format.
    #[must_use]
    pub fn media_type(&self, format: Format) -> MediaType {
        self.compression.media_type(format)
    }

    /// The layer's descriptor in a manifest of this format.
    #[must_use]
    pub fn descriptor(&self, format: Format) -> Descriptor {
        Descriptor::new(self.media_type(format), self.content.clone())
    }
}

impl Compression {
    /// The media type of such a layer in a manifest of this format.
    #[must_use]
    pub fn media_type(self, format: Format) -> MediaType {
        match (format, self) {
            (Format::Oci, Self::None) => MediaType::OCI_LAYER,
            (Format::Oci, Self::Gzip) => MediaType::OCI_LAYER_GZIP,
            (Format::Oci, Self::Zstd) => MediaType::OCI_LAYER_ZSTD,
            (Format::Docker, Self::None) => MediaType::new(DOCKER_LAYER),
            (Format::Docker, Self::Gzip) => MediaType::DOCKER_LAYER_GZIP,
            (Format::Docker, Self::Zstd) => MediaType::new(DOCKER_LAYER_ZSTD),
        }
    }
}

/// Docker's own type for a plain tar. Quay does not take it: uncompressed layers go better with
/// [`Format::Oci`].
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";

/// BuildKit's name. Docker's own documents have none, and hardly any reader knows it: layers of
/// zstd go with [`Format::Oci`].
const DOCKER_LAYER_ZSTD: &str = "application/vnd.docker.image.rootfs.diff.tar.zstd";
