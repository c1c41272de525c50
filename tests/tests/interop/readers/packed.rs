//! What the readers read: one tree, packed in every way and pulled from a registry.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use longshore_tests::real::clients::skopeo_layout;
use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Longshore, Push};
use longshore_tests::real::scratch::{must, scratch};
use longshore_tests::real::tools::{run, tool};
use serde_json::Value;
use tempfile::TempDir;

/// A tree, and the images it was pushed as.
pub(crate) struct Packed {
    /// The sizes of its files by their paths.
    pub(super) files: BTreeMap<PathBuf, u64>,
    pub(super) images: Vec<Image>,
    _folder: TempDir,
}

pub(super) struct Image {
    /// How it was packed, in words.
    pub(super) name: String,
    /// As in `--compression`.
    pub(super) compression: &'static str,
    /// An OCI layout with nothing else in it.
    pub(super) layout: PathBuf,
    pub(super) layers: Vec<Layer>,
}

pub(super) struct Layer {
    /// The blob.
    pub(super) path: PathBuf,
    pub(super) diff_id: String,
    /// Of all members, as GNU tar lists them.
    pub(super) names: BTreeSet<Vec<u8>>,
}

impl Packed {
    pub(crate) fn create() -> Self {
        let folder = scratch();
        let tree = folder.path().join("tree");
        plant(&tree);
        let registry = DockerRegistry::start(Auth::Htpasswd);
        let endpoint = registry.endpoint();
        let user = Longshore::new();
        let images = WAYS.iter().enumerate().map(|(number, way)| {
            let reference = format!("team/readers:{number}");
            let mut options = vec!["--format", "oci", "--compression", way.compression];
            options.extend(way.options);
            let options = &options;
            user.push(&Push {
                options,
                ..Push::new(&tree, &endpoint, &reference)
            });
            let layout = folder.path().join(format!("layout{number}"));
            skopeo_layout(&endpoint, &reference, &layout);
            let name = format!("{} {}", way.compression, way.options.join(" "));
            Image {
                name,
                compression: way.compression,
                layers: layers(&layout, way.compression),
                layout,
            }
        });
        let images = images.collect();
        Self {
            files: files(&tree),
            images,
            _folder: folder,
        }
    }
}

/// The names in a list, without what programs write differently.
pub(super) fn names(list: &[u8]) -> BTreeSet<Vec<u8>> {
    let lines = list.split(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_prefix(b"./").unwrap_or(line);
        line.strip_suffix(b"/").unwrap_or(line).to_vec()
    });
    lines
        .filter(|line| !line.is_empty() && line != b".")
        .collect()
}

/// The sizes of the files below a folder, by their paths in it.
pub(super) fn files(root: &Path) -> BTreeMap<PathBuf, u64> {
    let mut files = BTreeMap::new();
    let mut below = vec![root.to_owned()];
    while let Some(folder) = below.pop() {
        for entry in must(&folder, fs::read_dir(&folder)) {
            let path = must(&folder, entry).path();
            let metadata = must(&path, fs::symlink_metadata(&path));
            if metadata.is_dir() {
                below.push(path);
            } else {
                let inner = path.strip_prefix(root).expect("it was found there");
                files.insert(inner.to_owned(), metadata.len());
            }
        }
    }
    files
}

/// Many files without content come first: a MiB of their headers ends where a member ends, so that
/// a reader that stops there sees nothing amiss.
fn plant(tree: &Path) {
    for folder in ["bin", "etc", "usr/share"] {
        let folder = tree.join(folder);
        must(&folder, fs::create_dir_all(&folder));
    }
    let write = |path: String, content: &[u8]| {
        let path = tree.join(path);
        must(&path, fs::write(&path, content));
    };
    for number in 0..5200 {
        write(format!("bin/f{number:05}"), b"");
    }
    write("usr/noise".to_owned(), &noise(3 << 20));
    for number in 0..300 {
        let text = format!("{number}: all work and no play\n").repeat(300);
        write(format!("usr/share/{number}"), text.as_bytes());
    }
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn layers(layout: &Path, compression: &str) -> Vec<Layer> {
    let read = |path: PathBuf| -> Value {
        let bytes = must(&path, fs::read(&path));
        must(&path, serde_json::from_slice(&bytes))
    };
    let text = |value: &Value| value.as_str().expect("a digest is text").to_owned();
    let blob = |value: &Value| layout.join("blobs").join(text(value).replace(':', "/"));
    let index = read(layout.join("index.json"));
    let manifest = read(blob(&index["manifests"][0]["digest"]));
    let config = read(blob(&manifest["config"]["digest"]));
    let layers = manifest["layers"].as_array().expect("it has layers");
    let diff_ids = config["rootfs"]["diff_ids"]
        .as_array()
        .expect("it has diff IDs");
    let layers = layers.iter().zip(diff_ids).map(|(layer, diff_id)| {
        let path = blob(&layer["digest"]);
        let mut list = tool("tar");
        match compression {
            "gzip" => list.arg("--gzip"),
            "zstd" => list.arg("--zstd"),
            _ => &mut list,
        };
        let listed = run(list.arg("-tf").arg(&path)).stdout;
        Layer {
            path,
            diff_id: text(diff_id),
            names: names(&listed),
        }
    });
    layers.collect()
}

struct Way {
    compression: &'static str,
    options: &'static [&'static str],
}

const WAYS: &[Way] = &[
    way("gzip", &["--compression-level", "fast"]),
    way("gzip", &["--compression-level", "default"]),
    way("gzip", &["--compression-level", "best"]),
    way("gzip", &["--layers", "4"]),
    way("zstd", &["--compression-level", "fast"]),
    way("zstd", &["--compression-level", "default"]),
    way("zstd", &["--compression-level", "best"]),
    way("zstd", &["--layers", "4"]),
    way("none", &[]),
];

const fn way(compression: &'static str, options: &'static [&'static str]) -> Way {
    Way {
        compression,
        options,
    }
}
