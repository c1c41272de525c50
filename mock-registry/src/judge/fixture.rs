//! Images to push, made in a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use longshore_protocol::Digest;
use serde_json::{Value, json};
use sha2::Digest as _;

use super::layer::{archive, noise, packed, tar};
use super::scenario::Image;

/// One image in three forms, in a folder.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// An OCI image layout.
    pub oci: PathBuf,
    /// An archive as `docker save` makes it.
    pub archive: PathBuf,
    /// The image unpacked.
    pub dir: PathBuf,
}

impl Fixture {
    /// Makes an image in a folder.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn make(folder: &Path, image: Image) -> io::Result<Self> {
        let made = Self {
            oci: folder.join("oci"),
            archive: folder.join("image.tar"),
            dir: folder.join("dir"),
        };
        let layers: Vec<Vec<u8>> = match image {
            Image::Small | Image::Subject | Image::Sha512 => vec![
                tar("etc/one", 2_000, 1),
                tar("etc/two", 100_000, 2),
                tar("etc/three", 300_000, 3),
            ],
            Image::Twice => vec![tar("etc/one", 50_000, 1), tar("etc/one", 50_000, 1)],
            Image::Large => vec![tar("etc/large", 6 << 20, 4)],
            Image::Empty => vec![Vec::new(), vec![0]],
        };
        made.write_layout(&layers, image)?;
        made.write_archive(&layers)?;
        made.write_folder(image)?;
        Ok(made)
    }

    fn write_layout(&self, layers: &[Vec<u8>], image: Image) -> io::Result<()> {
        let blobs = self.oci.join("blobs/sha256");
        fs::create_dir_all(&blobs)?;
        let write = |bytes: &[u8]| {
            let digest = Digest::sha256(bytes);
            fs::write(blobs.join(hex(&digest)), bytes)?;
            Ok::<_, io::Error>((digest.to_string(), bytes.len()))
        };
        let write_sha512 = |bytes: &[u8]| {
            let folder = self.oci.join("blobs/sha512");
            fs::create_dir_all(&folder)?;
            let name = sha512(bytes);
            fs::write(folder.join(&name), bytes)?;
            Ok::<_, io::Error>((format!("sha512:{name}"), bytes.len()))
        };
        let mut descriptors = Vec::new();
        for layer in layers {
            // An empty blob has to stay one.
            let plain = image == Image::Empty;
            let bytes = if plain {
                layer.clone()
            } else {
                packed(layer).to_vec()
            };
            let (digest, size) = match image {
                Image::Sha512 => write_sha512(&bytes)?,
                _ => write(&bytes)?,
            };
            let media_type = if plain { LAYER } else { LAYER_GZIP };
            descriptors.push(json!({ "mediaType": media_type, "digest": digest, "size": size }));
        }
        let (digest, size) = write(config(layers).to_string().as_bytes())?;
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": CONFIG, "digest": digest, "size": size },
            "layers": descriptors,
        });
        if image == Image::Subject {
            manifest["subject"] = subject();
        }
        let (digest, size) = write(manifest.to_string().as_bytes())?;
        let index = json!({ "schemaVersion": 2, "manifests": [
            { "mediaType": MANIFEST, "digest": digest, "size": size },
        ] });
        fs::write(self.oci.join("index.json"), index.to_string())?;
        fs::write(
            self.oci.join("oci-layout"),
            r#"{"imageLayoutVersion":"1.0.0"}"#,
        )
    }

    fn write_archive(&self, layers: &[Vec<u8>]) -> io::Result<()> {
        let config = config(layers).to_string();
        let name = format!("{}.json", hex(&Digest::sha256(config.as_bytes())));
        let names: Vec<String> = (0..layers.len())
            .map(|n| format!("{n}/layer.tar"))
            .collect();
        let manifest = json!([{ "Config": name, "RepoTags": ["image:latest"], "Layers": names }]);
        let manifest = manifest.to_string();
        let mut files: Vec<(&str, &[u8])> = vec![
            ("manifest.json", manifest.as_bytes()),
            (&name, config.as_bytes()),
        ];
        files.extend(
            names
                .iter()
                .map(String::as_str)
                .zip(layers.iter().map(Vec::as_slice)),
        );
        fs::write(&self.archive, archive(&files))
    }

    fn write_folder(&self, image: Image) -> io::Result<()> {
        fs::create_dir_all(self.dir.join("etc"))?;
        let size = if image == Image::Large {
            6 << 20
        } else {
            100_000
        };
        fs::write(self.dir.join("etc/noise"), noise(size, 5))?;
        fs::write(self.dir.join("etc/motd"), "an image to be pushed\n")
    }
}

/// What an image with a subject is about: a manifest that need not be anywhere.
pub(super) fn subject() -> Value {
    let bytes: &[u8] = b"the manifest of another image";
    json!({
        "mediaType": MANIFEST,
        "digest": Digest::sha256(bytes).to_string(),
        "size": bytes.len(),
    })
}

fn config(layers: &[Vec<u8>]) -> Value {
    let ids: Vec<String> = layers
        .iter()
        .map(|tar| Digest::sha256(tar).to_string())
        .collect();
    json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": ids },
    })
}

fn sha512(bytes: &[u8]) -> String {
    let hash = sha2::Sha512::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hex(digest: &Digest) -> String {
    let text = digest.to_string();
    text.split(':').next_back().unwrap_or_default().to_owned()
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
