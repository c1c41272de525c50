use longshore_protocol::Digest;
use serde_json::{Value, json};

use super::*;
use crate::pack::{Compression, Summary};
use std::path::Path;

fn metadata(json: &Value) -> Metadata {
    let bytes = serde_json::to_vec(json).unwrap();
    Metadata::from_json(&bytes, Path::new("m.json"), &mut |notice| {
        panic!("{notice}")
    })
    .unwrap()
}

fn layer(text: &str) -> Layer {
    Layer {
        content: Content::of(text.as_bytes()),
        diff_id: Digest::sha256(format!("diff {text}").as_bytes()),
        uncompressed_size: 0,
        compression: Compression::Gzip,
        summary: Summary::default(),
    }
}

fn full() -> Metadata {
    metadata(&json!({
        "arch": "arm64/v8",
        "cwd": "/srv",
        "env": {"B": "2", "A": "1"},
        "labels": {"l": "v"},
        "shell": ["/bin/sh", "-c"],
        "volumes": ["/b", "/a"],
        "user": "nobody", "entrypoint": ["e"], "cmd": ["c"],
        "author": "a", "exposed_ports": ["53/udp", 80], "stop_signal": 15,
        "healthcheck": {"Test": ["CMD", "t"], "Interval": 5}, "on_build": ["RUN b"],
        "history": [
            {"created": "2023-01-02T03:04:05Z", "created_by": "a"},
            {"created_by": "b"},
        ],
    }))
}

fn config(metadata: &Metadata, layers: &[Layer], options: &ImageOptions) -> Value {
    serde_json::from_slice(&assemble(metadata, layers, options).config).unwrap()
}

#[test]
fn a_config_says_all_that_the_metadata_says() {
    let image = assemble(&full(), &[layer("x")], &ImageOptions::default());
    let diff_id = layer("x").diff_id;
    let expected = format!(
        concat!(
            r#"{{"created":"2023-01-02T03:04:05Z","author":"a","architecture":"arm64","variant":"v8","#,
            r#""os":"linux","config":{{"User":"nobody","ExposedPorts":{{"53/udp":{{}},"80/tcp":{{}}}},"#,
            r#""Env":["A=1","B=2"],"Entrypoint":["e"],"#,
            r#""Cmd":["c"],"Volumes":{{"/a":{{}},"/b":{{}}}},"WorkingDir":"/srv","#,
            r#""Labels":{{"l":"v"}},"StopSignal":"15","Shell":["/bin/sh","-c"],"#,
            r#""Healthcheck":{{"Test":["CMD","t"],"Interval":5}},"OnBuild":["RUN b"]}},"#,
            r#""rootfs":{{"type":"layers","diff_ids":["{}"]}},"history":["#,
            r#"{{"created":"2023-01-02T03:04:05Z","created_by":"a","empty_layer":true}},"#,
            r#"{{"created_by":"b"}}]}}"#,
        ),
        diff_id
    );
    assert_eq!(String::from_utf8(image.config).unwrap(), expected);
}

#[test]
fn a_manifest_names_config_and_layers_in_its_formats_types() {
    let layers = [layer("x"), layer("y")];
    let types = [
        (
            Format::Docker,
            "application/vnd.docker.distribution.manifest.v2+json",
            "application/vnd.docker.container.image.v1+json",
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
        ),
        (
            Format::Oci,
            "application/vnd.oci.image.manifest.v1+json",
            "application/vnd.oci.image.config.v1+json",
            "application/vnd.oci.image.layer.v1.tar+gzip",
        ),
    ];
    for (format, manifest_type, config_type, layer_type) in types {
        let image = assemble(
            &full(),
            &layers,
            &ImageOptions {
                format,
                ..ImageOptions::default()
            },
        );
        let manifest: Value = serde_json::from_slice(&image.manifest).unwrap();
        let expected = json!({
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": {
                "mediaType": config_type,
                "size": image.config.len(),
                "digest": Digest::sha256(&image.config).to_string(),
            },
            "layers": [
                {"mediaType": layer_type, "size": 1, "digest": Digest::sha256(b"x").to_string()},
                {"mediaType": layer_type, "size": 1, "digest": Digest::sha256(b"y").to_string()},
            ],
        });
        assert_eq!(manifest, expected);
        let own = Descriptor::new(MediaType::new(manifest_type), Content::of(&image.manifest));
        assert_eq!(image.manifest_descriptor, own);
        assert_eq!(
            image.config_descriptor,
            serde_json::from_value(expected["config"].clone()).unwrap()
        );
    }
}

#[test]
fn a_plain_layer_has_the_plain_type() {
    let plain = Layer {
        compression: Compression::None,
        ..layer("x")
    };
    let text = |format| plain.media_type(format).to_string();
    assert_eq!(text(Format::Oci), "application/vnd.oci.image.layer.v1.tar");
    assert_eq!(
        text(Format::Docker),
        "application/vnd.docker.image.rootfs.diff.tar"
    );
}

#[test]
fn a_layer_of_zstd_has_a_type_of_its_own() {
    let layer = Layer {
        compression: Compression::Zstd,
        ..layer("x")
    };
    let text = |format| layer.media_type(format).to_string();
    assert_eq!(
        text(Format::Oci),
        "application/vnd.oci.image.layer.v1.tar+zstd"
    );
    assert_eq!(
        text(Format::Docker),
        "application/vnd.docker.image.rootfs.diff.tar.zstd"
    );
}

#[test]
fn an_image_without_metadata_is_complete_and_has_no_null() {
    for format in [Format::Docker, Format::Oci] {
        let options = ImageOptions {
            format,
            ..ImageOptions::default()
        };
        let config = config(&Metadata::default(), &[layer("x")], &options);
        let host = Platform::host();
        assert_eq!(config["architecture"], host.architecture);
        assert_eq!(config["created"], "1970-01-01T00:00:00Z");
        assert_eq!(config["config"], json!({}));
        let added = json!({"created": "1970-01-01T00:00:00Z", "created_by": "longshore"});
        assert_eq!(config["history"], json!([added]));
        assert!(!config.to_string().contains("null"));
    }
}

#[test]
fn the_platform_given_wins() {
    let platform = Platform::parse("s390x").ok();
    let config = config(
        &full(),
        &[],
        &ImageOptions {
            platform,
            ..ImageOptions::default()
        },
    );
    assert_eq!(
        (&config["architecture"], config.get("variant")),
        (&json!("s390x"), None)
    );
}

#[test]
fn an_image_is_as_new_as_the_newest_thing_in_it() {
    let of = |newest| Layer {
        summary: Summary {
            newest,
            ..Summary::default()
        },
        ..layer("x")
    };
    let layers = [of(1_000_000_000), of(1_600_000_000), of(0)];
    let date = |json: &Value, options: &ImageOptions| {
        let config = config(&metadata(json), &layers, options);
        config["created"].as_str().unwrap().to_owned()
    };
    let options = ImageOptions::default();
    let old = json!({"history": [{"created": "1999-01-01T00:00:00Z"}]});
    let new = json!({"history": [{"created": "2023-01-02T03:04:05Z"}, {"created": "1999-01-01"}]});
    assert_eq!(date(&json!({}), &options), "2020-09-13T12:26:40Z");
    assert_eq!(date(&old, &options), "2020-09-13T12:26:40Z");
    assert_eq!(date(&new, &options), "2023-01-02T03:04:05Z");
    let stated = json!({"created": "2024-01-01"});
    assert_eq!(date(&stated, &options), "2024-01-01T00:00:00Z");
    let with = |seconds| ImageOptions {
        source_date_epoch: Some(seconds),
        ..ImageOptions::default()
    };
    assert_eq!(date(&new, &with(1_100_000_000)), "2004-11-09T11:33:20Z");
    assert_eq!(date(&stated, &with(1_100_000_000)), "2004-11-09T11:33:20Z");
    assert_eq!(date(&old, &with(1_700_000_000)), "2020-09-13T12:26:40Z");
    let options = ImageOptions {
        created: Some(Timestamp::UNIX_EPOCH),
        ..with(1_100_000_000)
    };
    assert_eq!(date(&new, &options), "1970-01-01T00:00:00Z");
}

#[test]
fn the_epoch_given_dates_the_image_and_all_later_steps() {
    let history = json!({"history": [
        {"created": "1999-01-01T00:00:00Z", "created_by": "a"},
        {"created": "2023-01-02T03:04:05Z", "created_by": "b"},
    ]});
    let undated = config(&metadata(&history), &[layer("x")], &ImageOptions::default());
    assert_eq!(
        undated["created"], "2023-01-02T03:04:05Z",
        "the last step's"
    );
    let epoch = ImageOptions {
        source_date_epoch: Some(1_000_000_000),
        ..ImageOptions::default()
    };
    let config = config(&metadata(&history), &[layer("x")], &epoch);
    assert_eq!(config["created"], "2001-09-09T01:46:40Z");
    assert_eq!(config["history"][0]["created"], "1999-01-01T00:00:00Z");
    assert_eq!(config["history"][1]["created"], "2001-09-09T01:46:40Z");
}
