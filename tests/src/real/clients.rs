//! Real clients that pull: what they unpack is what the registry really holds.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::tools::{run, tool};

/// A registry as a client sees it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Name and port.
    pub host: String,
    /// The authority to trust, as a file.
    pub authority: PathBuf,
    /// The same, as a folder.
    pub trusted: PathBuf,
    /// Who may push and pull.
    pub user: String,
    /// With which password.
    pub password: String,
}

impl Endpoint {
    /// A reference to a tag or digest there, such as `team/system:1`.
    pub fn reference(&self, rest: &str) -> String {
        format!("{}/{rest}", self.host)
    }

    fn credentials(&self) -> String {
        format!("{}:{}", self.user, self.password)
    }

    fn remote(&self, rest: &str) -> String {
        format!("docker://{}", self.reference(rest))
    }
}

/// Pulls with skopeo and unpacks with umoci into a new folder below `scratch`.
pub fn skopeo_and_umoci(endpoint: &Endpoint, image: &str, scratch: &Path) -> PathBuf {
    let layout = skopeo_layout(endpoint, image, &scratch.join("layout"));
    let root = scratch.join("root");
    let mut unpack = tool("umoci");
    unpack.args(["raw", "unpack", "--image", &layout]);
    if !rustix::process::geteuid().is_root() {
        unpack.arg("--rootless");
    }
    run(unpack.arg(&root));
    root
}

/// Pulls with skopeo into a new OCI layout, byte for byte; the image's name for umoci.
pub fn skopeo_layout(endpoint: &Endpoint, image: &str, layout: &Path) -> String {
    let layout = format!("{}:pulled", layout.display());
    let mut copy = skopeo("copy");
    copy.args(["--src-creds", &endpoint.credentials(), "--src-cert-dir"])
        .arg(&endpoint.trusted)
        // Or it compresses what is a plain tar.
        .arg("--dest-oci-accept-uncompressed-layers");
    run(copy.args([&endpoint.remote(image), &format!("oci:{layout}")]));
    layout
}

/// Pulls with Charliecloud's ch-image into a storage below `scratch`; the image directory.
pub fn ch_image_pull(endpoint: &Endpoint, image: &str, scratch: &Path) -> PathBuf {
    let storage = scratch.join("storage");
    run(ch_image(endpoint, &storage, "pull").args([
        "--auth",
        &endpoint.reference(image),
        "pulled",
    ]));
    storage.join("img/pulled")
}

/// Pushes an image directory with ch-image: what ours must be able to stand in for.
pub fn ch_image_push(endpoint: &Endpoint, directory: &Path, image: &str, scratch: &Path) {
    let mut command = ch_image(endpoint, &scratch.join("storage"), "push");
    run(command
        .arg("--image")
        .arg(directory)
        .arg(endpoint.reference(image)));
}

/// The manifest, byte for byte.
pub fn skopeo_manifest(endpoint: &Endpoint, image: &str) -> Vec<u8> {
    run(&mut skopeo_inspect(endpoint, image, &["--raw"])).stdout
}

/// The config, byte for byte.
pub fn skopeo_config(endpoint: &Endpoint, image: &str) -> Vec<u8> {
    run(&mut skopeo_inspect(endpoint, image, &["--config", "--raw"])).stdout
}

/// What skopeo makes of manifest and config together.
pub fn skopeo_summary(endpoint: &Endpoint, image: &str) -> Value {
    let printed = run(&mut skopeo_inspect(endpoint, image, &[])).stdout;
    serde_json::from_slice(&printed)
        .unwrap_or_else(|error| panic!("skopeo inspect printed no JSON: {error}"))
}

/// Pulls with buildah and makes a working container; the image's entry in `buildah images`.
///
/// Without a user namespace or a file system driver of the kernel's, so that it works in a
/// container too, but only as root.
pub fn buildah_from(endpoint: &Endpoint, image: &str, scratch: &Path) -> Value {
    let buildah = |arguments: &[&str]| {
        let mut command = tool("buildah");
        command
            .args(["--storage-driver", "vfs", "--root"])
            .arg(scratch.join("root"));
        command
            .arg("--runroot")
            .arg(scratch.join("runroot"))
            .args(arguments);
        command
    };
    let mut from = buildah(&["from", "--creds", &endpoint.credentials(), "--cert-dir"]);
    run(from.arg(&endpoint.trusted).arg(endpoint.remote(image)));
    let printed = run(&mut buildah(&["images", "--json"])).stdout;
    let images: Value = serde_json::from_slice(&printed)
        .unwrap_or_else(|error| panic!("buildah images printed no JSON: {error}"));
    images[0].clone()
}

fn skopeo(verb: &str) -> Command {
    let mut command = tool("skopeo");
    // The machine may have no policy file, and its policy is not under test.
    command.args(["--insecure-policy", verb]);
    command
}

fn skopeo_inspect(endpoint: &Endpoint, image: &str, options: &[&str]) -> Command {
    let mut command = skopeo("inspect");
    command
        .args(["--creds", &endpoint.credentials(), "--cert-dir"])
        .arg(&endpoint.trusted);
    command.args(options).arg(endpoint.remote(image));
    command
}

fn ch_image(endpoint: &Endpoint, storage: &Path, verb: &str) -> Command {
    let mut command = tool("ch-image");
    command
        .env("CH_IMAGE_USERNAME", &endpoint.user)
        .env("CH_IMAGE_PASSWORD", &endpoint.password)
        .env("REQUESTS_CA_BUNDLE", &endpoint.authority)
        // The build cache would need Git, and put `.git` into the image.
        .args([verb, "--no-cache", "--storage"])
        .arg(storage);
    command
}
