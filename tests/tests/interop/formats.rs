//! Both manifest formats, as seen by tools that take neither from us.

use std::collections::BTreeSet;

use longshore_tests::real::clients::{
    buildah_from, skopeo_config, skopeo_manifest, skopeo_summary,
};
use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Longshore, Push};
use longshore_tests::real::scratch::scratch;
use longshore_tests::real::tree::hex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::{Shared, Told};

pub(crate) fn docker(shared: &Shared) -> Told {
    check(
        shared,
        &Format {
            option: "docker",
            manifest: "application/vnd.docker.distribution.manifest.v2+json",
            config: "application/vnd.docker.container.image.v1+json",
            layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
        },
    )
}

pub(crate) fn oci(shared: &Shared) -> Told {
    check(
        shared,
        &Format {
            option: "oci",
            manifest: "application/vnd.oci.image.manifest.v1+json",
            config: "application/vnd.oci.image.config.v1+json",
            layer: "application/vnd.oci.image.layer.v1.tar+gzip",
        },
    )
}

pub(crate) fn buildah(shared: &Shared) -> Told {
    if !rustix::process::geteuid().is_root() {
        return Told::Skipped("buildah needs root or a user namespace");
    }
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let endpoint = registry.endpoint();
    for (format, compression) in [
        ("docker", "gzip"),
        ("oci", "gzip"),
        ("oci", "zstd"),
        ("oci", "none"),
    ] {
        let image = format!("team/system:{format}-{compression}");
        let directory = shared.specimen().path();
        let options = &["--format", format, "--compression", compression];
        let push = Push {
            options,
            ..Push::new(&directory, &endpoint, &image)
        };
        let pushed = Longshore::new().push(&push);
        let scratch = scratch();
        let listed = buildah_from(&endpoint, &image, scratch.path());
        assert_eq!(
            listed["names"],
            json!([endpoint.reference(&image)]),
            "{listed:#}"
        );
        assert_eq!(listed["digest"], json!(pushed.digest), "{listed:#}");
    }
    Told::Whole
}

struct Format {
    option: &'static str,
    manifest: &'static str,
    config: &'static str,
    layer: &'static str,
}

fn check(shared: &Shared, format: &Format) -> Told {
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let endpoint = registry.endpoint();
    let directory = shared.specimen().path();
    let options = &["--format", format.option];
    let push = Push {
        options,
        ..Push::new(&directory, &endpoint, IMAGE)
    };
    let pushed = Longshore::new().push(&push);

    let raw = skopeo_manifest(&endpoint, IMAGE);
    assert_eq!(
        digest(&raw),
        pushed.digest,
        "the manifest in the registry has the digest we reported"
    );
    let manifest = parse(&raw);
    assert_eq!(manifest["schemaVersion"], 2, "{manifest:#}");
    assert_eq!(manifest["mediaType"], format.manifest, "{manifest:#}");
    assert_eq!(
        manifest["config"]["mediaType"], format.config,
        "{manifest:#}"
    );
    let layers = manifest["layers"]
        .as_array()
        .expect("a manifest has layers");
    assert!(
        layers
            .iter()
            .all(|layer| layer["mediaType"] == format.layer),
        "{manifest:#}"
    );

    let named = layers
        .iter()
        .chain([&manifest["config"]])
        .map(|blob| text(&blob["digest"]));
    let reported = pushed.blobs().into_iter().map(|blob| blob.digest);
    assert_eq!(
        reported.collect::<BTreeSet<_>>(),
        named.collect(),
        "{:#}",
        pushed.report
    );

    let raw = skopeo_config(&endpoint, IMAGE);
    assert_eq!(digest(&raw), text(&manifest["config"]["digest"]));
    check_config(&parse(&raw), layers.len());

    let summary = skopeo_summary(&endpoint, IMAGE);
    assert_eq!(summary["Digest"], json!(pushed.digest), "{summary:#}");
    assert_eq!(
        summary["Labels"],
        json!({ "org.example.odd": "yes" }),
        "{summary:#}"
    );
    Told::Whole
}

/// What `ch/metadata.json` of the specimen says, in the config's own words.
fn check_config(config: &Value, layers: usize) {
    assert_eq!(config["os"], "linux", "{config:#}");
    let diff_ids = config["rootfs"]["diff_ids"]
        .as_array()
        .expect("a config has diff IDs");
    assert_eq!(diff_ids.len(), layers, "{config:#}");
    let history = config["history"]
        .as_array()
        .expect("a config has a history");
    let filled = history
        .iter()
        .filter(|entry| entry["empty_layer"] != true)
        .count();
    assert_eq!(
        filled, layers,
        "one entry of the history that is not empty for each layer: {config:#}"
    );

    let inner = &config["config"];
    let environment: BTreeSet<_> = inner["Env"]
        .as_array()
        .expect("a config has Env")
        .iter()
        .map(text)
        .collect();
    let expected = ["LANG=C.UTF-8", "ODD=a=b \"quoted\" \u{e9}"].map(str::to_owned);
    assert_eq!(environment, BTreeSet::from(expected), "{config:#}");
    assert_eq!(inner["WorkingDir"], "/usr/odd", "{config:#}");
    assert_eq!(inner["Shell"], json!(["/bin/sh", "-c"]), "{config:#}");
    assert_eq!(inner["Volumes"], json!({ "/mnt/data": {} }), "{config:#}");
    assert_eq!(
        inner["Labels"],
        json!({ "org.example.odd": "yes" }),
        "{config:#}"
    );
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(bytes)))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no string"))
        .to_owned()
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

const IMAGE: &str = "team/system:1";
