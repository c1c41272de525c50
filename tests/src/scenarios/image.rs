//! Images to push: small, and the same every time.

use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use longshore_protocol::{BlobSpec, Content, Descriptor, ManifestSpec, MediaType, Replay};
use serde_json::json;

use super::MOUNT_SOURCE;

/// An image to push.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its layers, and last its config.
    pub blobs: Vec<Blob>,
    /// Whether its media types are docker's.
    pub docker: bool,
}

/// A blob to push.
#[derive(Clone, Debug)]
pub struct Blob {
    /// What it is meant to be.
    pub bytes: Bytes,
    /// What it is said to be.
    pub media_type: MediaType,
    /// Whether its digest is said beforehand.
    pub known: bool,
    /// How often it can be read.
    pub replay: Replay,
    /// Another repository has it, from which a mount is tried.
    pub mountable: bool,
    /// A mount is tried, though that repository does not have it.
    pub mount_in_vain: bool,
    /// The repository has it already.
    pub there: bool,
    /// It is said to be made of the blobs before it.
    pub derived: bool,
    /// What its source really yields.
    pub source: Yield,
}

/// What a source yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yield {
    /// What it should.
    All,
    /// Less.
    Less,
    /// Something else.
    Other,
    /// An error, after that many bytes.
    Error(usize),
}

impl Image {
    /// An image of a single blob, a config of about a kibibyte: with nothing else in the air, the
    /// end of a push is the same for every driver, however fast.
    #[must_use]
    pub fn one() -> Self {
        let padding = "x".repeat(900);
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": { "Labels": { "padding": padding } },
            "rootfs": { "type": "layers", "diff_ids": [] }, "history": [],
        });
        Self {
            blobs: vec![Blob::new(
                Bytes::from(config.to_string()),
                MediaType::OCI_CONFIG,
            )],
            docker: false,
        }
    }

    /// An image with layers of these sizes.
    #[must_use]
    pub fn new(layers: &[usize]) -> Self {
        Self::with(layers, false)
    }

    /// The same in docker's format.
    #[must_use]
    pub fn docker(layers: &[usize]) -> Self {
        Self::with(layers, true)
    }

    fn with(layers: &[usize], docker: bool) -> Self {
        let layer = |(index, size): (usize, &usize)| {
            let bytes: Bytes = (0..*size)
                .map(|at| u8::try_from((at * 31 + index * 7 + 1) % 251).expect("below 256"))
                .collect();
            let media_type = if docker {
                MediaType::DOCKER_LAYER_GZIP
            } else {
                MediaType::OCI_LAYER_GZIP
            };
            Blob::new(bytes, media_type)
        };
        let mut blobs: Vec<Blob> = layers.iter().enumerate().map(layer).collect();
        let ids: Vec<_> = blobs.iter().map(|blob| blob.content().digest).collect();
        let history: Vec<_> = ids.iter().map(|_| json!({})).collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": {},
            "rootfs": { "type": "layers", "diff_ids": ids }, "history": history,
        });
        let media_type = if docker {
            MediaType::DOCKER_CONFIG
        } else {
            MediaType::OCI_CONFIG
        };
        blobs.push(Blob::new(Bytes::from(config.to_string()), media_type));
        Self { blobs, docker }
    }

    /// The same, with every layer changed.
    #[must_use]
    pub fn layers(mut self, change: impl Fn(&mut Blob)) -> Self {
        let count = self.blobs.len() - 1;
        self.blobs[..count].iter_mut().for_each(change);
        self
    }

    /// The same, with every blob changed.
    #[must_use]
    pub fn all(mut self, change: impl Fn(&mut Blob)) -> Self {
        self.blobs.iter_mut().for_each(change);
        self
    }

    /// The same, with a config that is said to be made of the layers.
    #[must_use]
    pub fn derived(mut self) -> Self {
        let config = self.blobs.last_mut();
        config.expect("there always is a config").derived = true;
        self
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> ManifestSpec {
        let media_type = if self.docker {
            MediaType::DOCKER_MANIFEST
        } else {
            MediaType::OCI_MANIFEST
        };
        let descriptors: Vec<_> = self.blobs.iter().map(Blob::descriptor).collect();
        let (config, layers) = descriptors.split_last().expect("there always is a config");
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers,
        });
        ManifestSpec::new(media_type, manifest.to_string())
    }
}

impl Blob {
    fn new(bytes: Bytes, media_type: MediaType) -> Self {
        Self {
            bytes,
            media_type,
            known: true,
            replay: Replay::Anywhere,
            mountable: false,
            mount_in_vain: false,
            there: false,
            derived: false,
            source: Yield::All,
        }
    }

    /// Digest and size.
    #[must_use]
    pub fn content(&self) -> Content {
        Content::of(&self.bytes)
    }

    /// Its descriptor.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), self.content())
    }

    /// What the machine is told of it.
    #[must_use]
    pub fn spec(&self) -> BlobSpec {
        let mut spec = if self.known {
            BlobSpec::known(self.descriptor()).with_replay(self.replay)
        } else {
            BlobSpec::unknown(self.media_type.clone(), self.replay)
        };
        if self.mountable || self.mount_in_vain {
            spec = spec.with_mount_from(MOUNT_SOURCE.parse().expect("it has the form"));
        }
        if self.derived {
            spec = spec.derived();
        }
        spec
    }

    /// What its source yields from `offset` on, and whether an error follows.
    #[must_use]
    pub fn yields(&self, offset: u64) -> (Bytes, bool) {
        let start = usize::try_from(offset).expect("blobs are small");
        let length = self.bytes.len();
        match self.source {
            Yield::All => (self.bytes.slice(start..), false),
            Yield::Less => (self.bytes.slice(start..length - length / 4), false),
            Yield::Other => {
                let other: Bytes = self.bytes.iter().map(|byte| byte ^ 1).collect();
                (other.slice(start..), false)
            }
            Yield::Error(after) => (self.bytes.slice(start..after), true),
        }
    }

    /// A reader of that.
    #[must_use]
    pub fn reader(&self, offset: u64) -> Box<dyn Read + Send> {
        let (bytes, fails) = self.yields(offset);
        if fails {
            Box::new(bytes.reader().chain(Torn))
        } else {
            Box::new(bytes.reader())
        }
    }
}

/// Fails when it is read.
struct Torn;

impl Read for Torn {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other(TORN))
    }
}

/// What a source says that fails.
pub const TORN: &str = "the tape tore";
