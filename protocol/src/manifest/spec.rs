//! What a manifest is made of.

use bytes::Bytes;
use serde::Serialize;

use crate::wire::descriptor::Descriptor;
use crate::wire::digest::Content;
use crate::wire::media_type::MediaType;

/// A manifest to push: its bytes, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestSpec {
    media_type: MediaType,
    bytes: Bytes,
    content: Content,
}

/// The two families of image formats, which differ in their media types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "the two formats that registries take")]
pub enum Format {
    /// Docker image manifest version 2, schema 2: understood by every registry there is.
    #[default]
    Docker,
    /// OCI image manifest.
    Oci,
}

impl ManifestSpec {
    /// The manifest of an image: its config and its layers, the lowest first.
    ///
    /// The members stand in the order of the specifications' examples, without white space, so the
    /// same image has the same digest.
    #[must_use]
    pub fn image(format: Format, config: Content, layers: &[Descriptor]) -> Self {
        let media_type = format.manifest();
        let manifest = ImageManifest {
            schema_version: 2,
            media_type: &media_type,
            config: Descriptor::new(format.config(), config),
            layers,
        };
        let bytes = serde_json::to_vec(&manifest)
            .expect("texts and numbers have a JSON form, and memory takes every write");
        Self::raw(media_type, bytes)
    }

    /// A manifest made elsewhere: its bytes are sent as they are.
    #[must_use]
    pub fn raw(media_type: MediaType, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let content = Content::of(&bytes);
        Self { media_type, bytes, content }
    }

    /// Media type, digest and size.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), self.content.clone())
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// What they are.
    #[must_use]
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }
}

impl Format {
    /// The media type of manifests.
    #[must_use]
    pub fn manifest(self) -> MediaType {
        match self {
            Self::Docker => MediaType::DOCKER_MANIFEST,
            Self::Oci => MediaType::OCI_MANIFEST,
        }
    }

    /// The media type of configs.
    #[must_use]
    pub fn config(self) -> MediaType {
        match self {
            Self::Docker => MediaType::DOCKER_CONFIG,
            Self::Oci => MediaType::OCI_CONFIG,
        }
    }

    /// The media type of layers that are gzipped tars.
    #[must_use]
    pub fn gzip_layer(self) -> MediaType {
        match self {
            Self::Docker => MediaType::DOCKER_LAYER_GZIP,
            Self::Oci => MediaType::OCI_LAYER_GZIP,
        }
    }
}

/// OCI image specification, "OCI Image Manifest"; Docker's has the same members.
#[derive(Serialize)]
struct ImageManifest<'a> {
    #[serde(rename = "schemaVersion")]
    schema_version: u8,
    #[serde(rename = "mediaType")]
    media_type: &'a MediaType,
    config: Descriptor,
    layers: &'a [Descriptor],
}
