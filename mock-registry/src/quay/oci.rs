//! OCI images.

use super::history::HISTORY;
use super::image::{Image, LayerRules, read_json};
use super::json::Value;
use super::schema::{MEDIA_TYPE, NUMBER, OBJECT, Rule, STRING, Schema, TWO, Type};
use super::{Contents, Era, Rejection};

/// An image out of a manifest's document.
pub(super) fn parse(document: &Value, era: Era) -> Result<Image, Rejection> {
    let rules = LayerRules {
        foreign: &[FOREIGN_LAYER, FOREIGN_LAYER_GZIP],
        refuse_negative: era == Era::Lazy,
    };
    Image::read(document, &rules)
}

/// Whether the config is an image's. Any other is never opened.
pub(super) fn is_image(image: &Image) -> bool {
    image.config_type() == CONFIG_TYPE
}

/// The config of an image, if it is one.
pub(super) fn read_config(
    image: &Image,
    contents: &dyn Contents,
    era: Era,
) -> Result<Value, Rejection> {
    let bytes = image.config_bytes(contents)?;
    let config = read_json(&bytes, "config")?;
    let (schema, may_be_empty) = match era {
        Era::Lazy => (&CONFIG, true),
        Era::Eager => (&CONFIG_WITHOUT_NULLS, false),
    };
    if may_be_empty && matches!(&config, Value::Object(members) if members.is_empty()) {
        return Ok(config);
    }
    schema.check(&config).map_err(|words| {
        Rejection::Invalid(format!("config data does not match schema: {words}"))
    })?;
    Ok(config)
}

/// The schema of manifests.
pub(super) fn manifest_schema(era: Era) -> &'static Schema {
    match era {
        Era::Lazy => &MANIFEST,
        Era::Eager => &MANIFEST_WITH_ENUMERATIONS,
    }
}

pub(super) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// A descriptor since 3.12: media types are free.
pub(super) const DESCRIPTOR: Schema = Schema::members(
    &[
        ("mediaType", MEDIA_TYPE),
        ("size", NUMBER),
        ("digest", STRING),
        ("annotations", OBJECT),
        ("urls", Schema::items(&STRING)),
        ("artifactType", STRING),
    ],
    &["mediaType", "size", "digest"],
);

const MANIFEST: Schema = Schema::members(
    &[
        ("schemaVersion", TWO),
        ("mediaType", Schema::one_of(&[MANIFEST_TYPE])),
        ("artifactType", STRING),
        ("config", DESCRIPTOR),
        ("layers", Schema::items(&DESCRIPTOR)),
        ("subject", DESCRIPTOR),
        ("annotations", OBJECT),
    ],
    &["schemaVersion", "config", "layers"],
);

const MANIFEST_WITH_ENUMERATIONS: Schema = Schema::members(
    &[
        ("schemaVersion", TWO),
        ("mediaType", Schema::one_of(&[MANIFEST_TYPE])),
        ("config", descriptor_of(OLD_CONFIG_MEMBERS)),
        ("layers", Schema::items(&descriptor_of(OLD_LAYER_MEMBERS))),
    ],
    &["schemaVersion", "config", "layers"],
);

const OLD_CONFIG_MEMBERS: &[(&str, Schema)] = &[
    ("mediaType", Schema::one_of(&[CONFIG_TYPE])),
    ("size", NUMBER),
    ("digest", STRING),
    ("annotations", OBJECT),
    ("urls", Schema::items(&STRING)),
];

const OLD_LAYER_MEMBERS: &[(&str, Schema)] = &[
    (
        "mediaType",
        Schema::one_of(&[LAYER, LAYER_GZIP, FOREIGN_LAYER, FOREIGN_LAYER_GZIP]),
    ),
    ("size", NUMBER),
    ("digest", STRING),
    ("annotations", OBJECT),
    ("urls", Schema::items(&STRING)),
];

pub(super) const fn descriptor_of(members: &'static [(&'static str, Schema)]) -> Schema {
    Schema::members(members, &["mediaType", "size", "digest"])
}

/// Since 3.10: nulls where Go's `omitempty` is missing.
const CONFIG: Schema = Schema::members(
    &[
        ("created", NULLABLE_STRING),
        ("author", NULLABLE_STRING),
        ("architecture", STRING),
        ("os", STRING),
        (
            "config",
            Schema {
                types: &[Type::Object, Type::Null],
                rule: Rule::Members(
                    &[
                        ("User", NULLABLE_STRING),
                        ("ExposedPorts", NULLABLE_OBJECT),
                        ("Env", NULLABLE_ARRAY),
                        ("Entrypoint", NULLABLE_ARRAY),
                        ("Cmd", NULLABLE_ARRAY),
                        ("Volumes", NULLABLE_OBJECT),
                        ("WorkingDir", NULLABLE_STRING),
                        ("Labels", NULLABLE_OBJECT),
                        ("StopSignal", NULLABLE_STRING),
                    ],
                    &[],
                ),
            },
        ),
        ("rootfs", ROOTFS),
        ("history", HISTORY),
    ],
    CONFIG_REQUIRED,
);

const CONFIG_WITHOUT_NULLS: Schema = Schema::members(
    &[
        ("created", STRING),
        ("author", STRING),
        ("architecture", STRING),
        ("os", STRING),
        (
            "config",
            Schema::members(
                &[
                    ("User", STRING),
                    ("ExposedPorts", OBJECT),
                    ("Env", ARRAY),
                    ("Entrypoint", ARRAY),
                    ("Cmd", ARRAY),
                    ("Volumes", OBJECT),
                    ("WorkingDir", STRING),
                    ("Labels", OBJECT),
                    ("StopSignal", STRING),
                ],
                &[],
            ),
        ),
        ("rootfs", ROOTFS),
        ("history", HISTORY),
    ],
    CONFIG_REQUIRED,
);

const ROOTFS: Schema = Schema::members(
    &[
        ("type", Schema::one_of(&["layers"])),
        ("diff_ids", Schema::items(&STRING)),
    ],
    &["type", "diff_ids"],
);

const ARRAY: Schema = Schema::of(&[Type::Array]);
const NULLABLE_STRING: Schema = Schema::of(&[Type::String, Type::Null]);
const NULLABLE_OBJECT: Schema = Schema::of(&[Type::Object, Type::Null]);
const NULLABLE_ARRAY: Schema = Schema::of(&[Type::Array, Type::Null]);
const CONFIG_REQUIRED: &[&str] = &["rootfs", "architecture", "os"];
const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const FOREIGN_LAYER: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar";
const FOREIGN_LAYER_GZIP: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
