//! What an image says about how it is run, as other programs read it, and after ch-image unpacked it.

use std::fs;
use std::path::Path;

use longshore_tests::real::clients::{ch_image_pull, ch_image_push, skopeo_config};
use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Longshore, Push, Source};
use longshore_tests::real::scratch::{must, scratch};
use serde_json::{Value, json};

use crate::harness::{Shared, Told};

/// ch-image copies of a config what it uses itself. The rest is in the file that it leaves, and so
/// comes back with the next push of what was pulled.
pub(crate) fn through_ch_image(_: &Shared) -> Told {
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let endpoint = registry.endpoint();
    let folder = scratch();
    let tree = folder.path().join("tree");
    let app = tree.join("app");
    must(&app, fs::create_dir_all(&app));
    must(&app, fs::write(app.join("run"), "#!/bin/sh\n"));
    let user = Longshore::new();
    for format in ["docker", "oci"] {
        let image = format!("team/{format}:1");
        let format = ["--format", format];
        let options: Vec<&str> = OPTIONS.iter().chain(&format).copied().collect();
        user.push(&Push {
            options: &options,
            ..Push::new(&tree, &endpoint, &image)
        });
        let given = skopeo_config(&endpoint, &image);
        assert_eq!(stated(&given), expected());

        let folder = scratch();
        let pulled = ch_image_pull(&endpoint, &image, folder.path());
        let left = read(&pulled.join("ch/config.pulled.json"));
        assert_eq!(left, given, "ch-image leaves the config as it is");
        let metadata: Value = parse(&read(&pulled.join("ch/metadata.json")));
        let keys: Vec<&str> = metadata
            .as_object()
            .expect("metadata is an object")
            .keys()
            .map(String::as_str)
            .collect();
        let known = [
            "arch", "arg", "cwd", "env", "history", "labels", "shell", "volumes",
        ];
        assert_eq!(keys, known, "what ch-image keeps of a config");
        assert_eq!(metadata["arch"], "arm64", "without the variant");

        let theirs = format!("{image}-theirs");
        ch_image_push(&endpoint, &pulled, &theirs, scratch().path());
        let theirs = parse(&skopeo_config(&endpoint, &theirs));
        assert_eq!(theirs["config"], json!({"Env": ["LANG=C"]}), "all it keeps");

        let again = format!("{image}-again");
        let pushed = user.push(&Push {
            source: Source::Storage {
                storage: &folder.path().join("storage"),
                name: "pulled",
            },
            options: &[&["--strict"], &format[..]].concat(),
            ..Push::new(folder.path(), &endpoint, &again)
        });
        assert_eq!(pushed.report["warnings"], json!([]));
        let mut expected = expected();
        // ch-image's default, which it writes where a config names no shell.
        expected["config"]["Shell"] = json!(["/bin/sh", "-c"]);
        assert_eq!(stated(&skopeo_config(&endpoint, &again)), expected);
    }
    Told::Whole
}

/// What was given, of a config.
fn stated(config: &[u8]) -> Value {
    let mut config = parse(config);
    let mut stated = json!({});
    for key in ["architecture", "variant", "author", "os", "config"] {
        stated[key] = config[key].take();
    }
    stated
}

fn expected() -> Value {
    json!({
        "architecture": "arm64",
        "variant": "v8",
        "author": "Ann",
        "os": "linux",
        "config": {
            "User": "1000:100",
            "ExposedPorts": {"53/udp": {}, "80/tcp": {}},
            "Env": ["LANG=C"],
            "Entrypoint": ["/app/run"],
            "Cmd": ["a b", "c"],
            "Volumes": {"/data": {}},
            "WorkingDir": "/app",
            "Labels": {"org.example": "yes"},
            "StopSignal": "SIGINT",
        },
    })
}

fn read(path: &Path) -> Vec<u8> {
    must(path, fs::read(path))
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("not JSON: {error}"))
}

const OPTIONS: &[&str] = &[
    "--arch=linux/arm64/v8",
    "--author=Ann",
    "--cmd=[\"a b\", \"c\"]",
    "--entrypoint=/app/run",
    "--env=LANG=C",
    "--expose=80,53/udp",
    "--label=org.example=yes",
    "--stop-signal=INT",
    "--user=1000:100",
    "--volume=/data",
    "--workdir=/app",
];
