//! Docker's schema 2.

use super::history::HISTORY;
use super::image::{Image, LayerRules, read_json};
use super::json::Value;
use super::schema::{NUMBER, STRING, Schema, TWO};
use super::{Contents, Era, Rejection};

/// An image out of a manifest's document.
pub(super) fn parse(document: &Value, era: Era) -> Result<Image, Rejection> {
    let rules = LayerRules {
        foreign: &[FOREIGN_LAYER],
        refuse_negative: era == Era::Lazy,
    };
    Image::read(document, &rules)
}

/// The config of an image, if it is one. It is read while the manifest is stored.
pub(super) fn read_config(image: &Image, contents: &dyn Contents) -> Result<Value, Rejection> {
    let bytes = image.config_bytes(contents)?;
    let config = read_json(&bytes, "config")?;
    CONFIG.check(&config).map_err(|words| {
        Rejection::Invalid(format!("config data does not match schema: {words}"))
    })?;
    Ok(config)
}

pub(super) const MANIFEST_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";

pub(super) const MANIFEST: Schema = Schema::members(
    &[
        ("schemaVersion", TWO),
        ("mediaType", Schema::one_of(&[MANIFEST_TYPE])),
        (
            "config",
            Schema::members(
                &[
                    ("mediaType", Schema::one_of(&[CONFIG_TYPE])),
                    ("size", NUMBER),
                    ("digest", STRING),
                ],
                &["mediaType", "size", "digest"],
            ),
        ),
        (
            "layers",
            Schema::items(&Schema::members(
                &[
                    ("mediaType", Schema::one_of(&[LAYER, FOREIGN_LAYER])),
                    ("size", NUMBER),
                    ("digest", STRING),
                ],
                &["mediaType", "size", "digest"],
            )),
        ),
    ],
    &["schemaVersion", "mediaType", "config", "layers"],
);

const CONFIG: Schema = Schema::members(
    &[
        ("history", HISTORY),
        ("rootfs", Schema::members(&[("type", STRING)], &["type"])),
    ],
    &["history", "rootfs"],
);

const CONFIG_TYPE: &str = "application/vnd.docker.container.image.v1+json";
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const FOREIGN_LAYER: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
