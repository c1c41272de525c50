//! Config and manifest: what makes an image out of layers and metadata.

mod config;
mod manifest;

use jiff::Timestamp;
use longshore_protocol::{Content, Descriptor, MediaType};
use serde::Serialize;

use crate::metadata::Metadata;
use crate::pack::Layer;
use crate::platform::Platform;

/// The two formats of manifests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there are two, and callers have to know which"
)]
pub enum Format {
    /// Docker image manifest, version 2, schema 2, as Charliecloud pushes.
    #[default]
    Docker,
    /// OCI image manifest.
    Oci,
}

/// What does not come from the image.
#[derive(Clone, Debug, Default)]
pub struct ImageOptions {
    /// The manifest's format.
    pub format: Format,
    /// What the image runs on, whatever its metadata says.
    pub platform: Option<Platform>,
    /// Neither the image's date nor a step of its history is later than this, in seconds since 1970
    /// (<https://reproducible-builds.org/specs/source-date-epoch/>).
    pub source_date_epoch: Option<u64>,
    /// The image's date, whatever the image says.
    pub created: Option<Timestamp>,
    /// Steps to add to the history, each with the image's date.
    pub history: Vec<String>,
}

/// An image's config and manifest, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Image {
    /// The image's date, as it is in the config.
    pub created: Timestamp,
    /// What the image is said to run on.
    pub platform: Platform,
    /// The config's bytes.
    pub config: Vec<u8>,
    /// The config's descriptor.
    pub config_descriptor: Descriptor,
    /// The manifest's bytes.
    pub manifest: Vec<u8>,
    /// The manifest's descriptor: its media type is the `Content-Type` to send it with.
    pub manifest_descriptor: Descriptor,
}

/// Makes config and manifest of an image of these layers, the lowest first.
///
/// The same arguments give the same bytes: nothing is taken from the clock. The image's date is the
/// one in `options`, else the latest in the image, but not later than `source_date_epoch`: that of a
/// file, of a step in its history, or in `metadata`. Registries delete images by this date, so an
/// image whose files are new must not be older than they are. Its platform is the one in `options`, else in `metadata`, else this machine's. The history is made
/// to fit: as many entries are not empty as there are layers.
#[must_use]
pub fn assemble(metadata: &Metadata, layers: &[Layer], options: &ImageOptions) -> Image {
    let config = config::Config::new(metadata, layers, options);
    let (created, platform) = (config.created, config.platform());
    let config = to_json(&config);
    let config_descriptor = Descriptor::new(options.format.config(), Content::of(&config));
    let manifest = to_json(&manifest::Manifest {
        schema_version: 2,
        media_type: options.format.manifest(),
        config: config_descriptor.clone(),
        layers: layers
            .iter()
            .map(|layer| layer.descriptor(options.format))
            .collect(),
    });
    let manifest_descriptor = Descriptor::new(options.format.manifest(), Content::of(&manifest));
    Image {
        created,
        platform,
        config,
        config_descriptor,
        manifest,
        manifest_descriptor,
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
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings, numbers and maps with strings for keys")
}

#[cfg(test)]
mod tests;
