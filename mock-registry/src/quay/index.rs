//! Docker's manifest lists and OCI indexes.

use std::collections::BTreeSet;

use super::json::Value;
use super::oci::descriptor_of;
use super::schema::{MEDIA_TYPE, NUMBER, OBJECT, STRING, Schema, TWO};
use super::{Contents, Era, Rejection, docker, labels, oci, parse};

/// An entry of a list.
pub(super) struct Child {
    pub(super) digest: String,
    media_type: String,
    size: Value,
    platform: Option<(String, String)>,
}

impl Child {
    /// The one that a client that knows no lists is given.
    pub(super) fn is_default(&self) -> bool {
        let platform = self.platform.as_ref();
        platform.is_some_and(|(architecture, os)| architecture == "amd64" && os == "linux")
    }

    pub(super) fn media_type(&self) -> &str {
        &self.media_type
    }
}

/// The entries of a document that fits its schema.
pub(super) fn children(document: &Value) -> Vec<Child> {
    let entries = document.get("manifests").map(Value::items);
    let text = |value: Option<&Value>| {
        let text = value.and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    entries
        .unwrap_or_default()
        .iter()
        .map(|entry| Child {
            digest: text(entry.get("digest")),
            media_type: text(entry.get("mediaType")),
            size: entry.get("size").cloned().unwrap_or(Value::Null),
            platform: entry
                .get("platform")
                .map(|platform| (text(platform.get("architecture")), text(platform.get("os")))),
        })
        .collect()
}

/// That every child is here, as long as announced, of the type announced, and has labels.
pub(super) fn check_children(
    children: &[Child],
    contents: &dyn Contents,
    era: Era,
) -> Result<(), Rejection> {
    // The same child may be named often, and reading it again and again could take very long.
    let mut seen = BTreeSet::new();
    for child in children {
        if !seen.insert((&child.digest, &child.media_type, child.size.repr())) {
            continue;
        }
        let Some(bytes) = contents.manifest(&child.digest) else {
            return Err(Rejection::Invalid(format!(
                "Could not find child manifest with digest `{}`",
                child.digest
            )));
        };
        if !child.size.equals(bytes.len() as u64) {
            return Err(Rejection::Invalid(format!(
                "Size of manifest does not match that retrieved: {} vs {}",
                bytes.len(),
                child.size.repr()
            )));
        }
        let parsed = parse(Some(&child.media_type), &bytes, era)?;
        labels::read(&parsed, contents, era)?;
    }
    Ok(())
}

/// The schema of OCI indexes.
pub(super) fn index_schema(era: Era) -> &'static Schema {
    match era {
        Era::Lazy => &INDEX,
        Era::Eager => &INDEX_WITH_ENUMERATIONS,
    }
}

pub(super) const LIST_TYPE: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub(super) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

pub(super) const LIST: Schema = Schema::members(
    &[
        ("schemaVersion", TWO),
        ("mediaType", Schema::one_of(&[LIST_TYPE])),
        (
            "manifests",
            Schema::items(&Schema::members(
                &[
                    (
                        "mediaType",
                        Schema::one_of(&[docker::MANIFEST_TYPE, SCHEMA_1]),
                    ),
                    ("size", NUMBER),
                    ("digest", STRING),
                    ("platform", PLATFORM),
                ],
                &["mediaType", "size", "digest", "platform"],
            )),
        ),
    ],
    &["schemaVersion", "mediaType", "manifests"],
);

const INDEX: Schema = Schema::members(
    &[
        ("schemaVersion", TWO),
        ("mediaType", Schema::one_of(&[INDEX_TYPE])),
        ("manifests", Schema::items(&descriptor_of(ENTRY))),
    ],
    &["schemaVersion", "manifests"],
);

const ENTRY: &[(&str, Schema)] = &[
    ("mediaType", MEDIA_TYPE),
    ("size", NUMBER),
    ("digest", STRING),
    ("platform", PLATFORM),
    ("annotations", OBJECT),
    ("urls", Schema::items(&STRING)),
    ("artifactType", STRING),
];

const INDEX_WITH_ENUMERATIONS: Schema = Schema::members(
    &[
        ("schemaVersion", TWO),
        ("mediaType", Schema::one_of(&[INDEX_TYPE])),
        (
            "manifests",
            Schema::items(&Schema::members(
                &[
                    (
                        "mediaType",
                        Schema::one_of(&[oci::MANIFEST_TYPE, INDEX_TYPE]),
                    ),
                    ("size", NUMBER),
                    ("digest", STRING),
                    ("platform", PLATFORM),
                ],
                &["mediaType", "size", "digest", "platform"],
            )),
        ),
    ],
    &["schemaVersion", "manifests"],
);

const PLATFORM: Schema = Schema::members(
    &[("architecture", STRING), ("os", STRING)],
    &["architecture", "os"],
);

const SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+json";
