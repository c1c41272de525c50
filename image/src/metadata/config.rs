//! Telling an image's config from what else there is in JSON about images.

use std::path::Path;

use serde_json::{Map, Value};

use super::MetadataError;

/// A config's members, but for its layers.
pub(super) struct Config {
    pub(super) rest: Map<String, Value>,
    pub(super) has_layers: bool,
}

/// Takes `json` for a config, if it is one, and for Linux.
pub(super) fn check(json: Value, path: &Path) -> Result<Config, MetadataError> {
    let wrong = |found| {
        Err(MetadataError::NotAConfig {
            path: path.to_owned(),
            found,
        })
    };
    let mut rest = match json {
        Value::Object(members) => members,
        Value::Array(items) => return wrong(list(&items)),
        _ => return wrong("JSON that is not an object"),
    };
    let has = |key: &str| rest.contains_key(key);
    let is_config = PARTS.iter().any(|key| has(key)) || rest.is_empty();
    if has("schemaVersion") || has("manifests") {
        return wrong("a manifest or an index, which is about a config");
    }
    if has("imageLayoutVersion") {
        return wrong("the mark of an OCI image layout");
    }
    if has("ociVersion") {
        return wrong("the config of a container (OCI runtime bundle)");
    }
    if has("RootFS") || has("RepoTags") || has("OCIv1") {
        return wrong(INSPECTED);
    }
    if !is_config {
        return wrong(match INNER.iter().any(|key| has(key)) {
            true => "the inner part of one, which stands in {\"config\": …}",
            false => "an object with none of a config's members",
        });
    }
    if let Some(Value::String(os)) = rest.get("os")
        && !["", "linux"].contains(&os.as_str())
    {
        return Err(MetadataError::OtherSystem {
            path: path.to_owned(),
            os: os.clone(),
        });
    }
    let has_layers = rest
        .remove("rootfs")
        .is_some_and(|rootfs| !rootfs.is_null());
    Ok(Config { rest, has_layers })
}

fn list(items: &[Value]) -> &'static str {
    match items.first() {
        Some(Value::Object(first)) if first.contains_key("Layers") => {
            "manifest.json of a docker archive; its \"Config\" names the config's file"
        }
        Some(Value::Object(first)) if first.contains_key("Id") || first.contains_key("RootFS") => {
            INSPECTED
        }
        _ => "a list",
    }
}

const INSPECTED: &str = "what `podman inspect`, `docker inspect` or `buildah inspect` prints";

/// What a config has (OCI image configuration, "Properties").
const PARTS: [&str; 8] = [
    "config",
    "architecture",
    "os",
    "rootfs",
    "history",
    "created",
    "author",
    "variant",
];

/// What its `config` has.
const INNER: [&str; 6] = ["Env", "Cmd", "Entrypoint", "Labels", "User", "WorkingDir"];
