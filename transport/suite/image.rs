//! An image to push, and a registry to push it into.

use std::time::Duration;

use bytes::Bytes;
use longshore_mock_registry::{Auth, MockRegistry, Profile};

use super::bytes;
use crate::driver::Source;
use crate::driver::protocol::{
    BlobSpec, Config, Content, Descriptor, ManifestSpec, MediaType, Reference, ReferenceDefaults,
    Scheme,
};

/// Blobs, of which the last is the config, and their manifest.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) blobs: Vec<(Descriptor, Bytes)>,
    pub(crate) manifest: ManifestSpec,
}

impl Image {
    pub(crate) fn new(size: usize) -> Self {
        Self::with_layers(2, size)
    }

    pub(crate) fn with_layers(count: u8, size: usize) -> Self {
        let layer = |salt: u8| {
            let content: Bytes = bytes(size).iter().map(|b| b ^ salt).collect();
            let descriptor = Descriptor::new(MediaType::OCI_LAYER_GZIP, Content::of(&content));
            (descriptor, content)
        };
        Self::of((1..=count).map(layer).collect())
    }

    pub(crate) fn of(layers: Vec<(Descriptor, Bytes)>) -> Self {
        let ids: Vec<_> = layers.iter().map(|(layer, _)| &layer.digest).collect();
        let history: Vec<_> = ids.iter().map(|_| serde_json::json!({})).collect();
        let config = serde_json::json!({
            "architecture": "amd64", "os": "linux", "config": {},
            "rootfs": { "type": "layers", "diff_ids": ids }, "history": history,
        });
        let config = Bytes::from(config.to_string());
        let descriptor = Descriptor::new(MediaType::OCI_CONFIG, Content::of(&config));
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST, "config": descriptor,
            "layers": layers.iter().map(|(layer, _)| layer).collect::<Vec<_>>(),
        });
        let manifest = ManifestSpec::new(MediaType::OCI_MANIFEST, manifest.to_string());
        let mut blobs = layers;
        blobs.push((descriptor, config));
        Self { blobs, manifest }
    }

    pub(crate) fn blobs(&self) -> Vec<(BlobSpec, Box<dyn Source>)> {
        let blob = |(descriptor, content): &(Descriptor, Bytes)| {
            let source: Box<dyn Source> = Box::new(content.clone());
            (BlobSpec::known(descriptor.clone()), source)
        };
        self.blobs.iter().map(blob).collect()
    }

    pub(crate) fn config_blob(&self) -> (BlobSpec, Box<dyn Source>) {
        self.blobs().pop().unwrap()
    }

    pub(crate) fn assert_at(&self, registry: &MockRegistry, case: &str) {
        registry.with(|core| {
            for (descriptor, content) in &self.blobs {
                let held = core.blob(REPOSITORY, &descriptor.digest);
                assert_eq!(held.as_ref(), Some(content), "{case}");
            }
            let (media_type, held, _) = core.manifest(REPOSITORY, "latest").unwrap();
            assert_eq!(media_type, MediaType::OCI_MANIFEST, "{case}");
            assert_eq!(held, self.manifest.bytes, "{case}");
            assert_eq!(core.open_sessions(), [], "{case}");
        });
    }
}

pub(crate) fn registry(profile: &str, auth: Auth, tls: bool) -> MockRegistry {
    assert!(Profile::names().any(|name| name == profile));
    let builder = MockRegistry::builder().profile(profile).unwrap();
    builder
        .auth(auth)
        .user("alice", "secret")
        .tls(tls)
        .start()
        .unwrap()
}

pub(crate) fn config(registry: &MockRegistry) -> Config {
    let text = format!("{}/{REPOSITORY}:latest", registry.host());
    let mut config = Config::new(Reference::parse(&text, &ReferenceDefaults::default()).unwrap());
    if registry.ca_pem().is_none() {
        config.scheme = Scheme::Http;
    }
    config.backoff = Duration::from_millis(20);
    config
}

pub(crate) const REPOSITORY: &str = "team/app";
