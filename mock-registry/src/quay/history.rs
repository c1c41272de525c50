//! The history of an image against its layers.

use super::Rejection;
use super::dates::is_date;
use super::json::Value;
use super::schema::{BOOLEAN, STRING, Schema};

/// How many steps an image has, if its history fits its number of layers.
///
/// Entries in plenty are fine, whether they are marked empty or not, as long as there are no more
/// that are not marked than there are layers; fewer entries than layers are not. An OCI image may
/// have none at all.
pub(super) fn check(config: &Value, layers: usize, oci: bool) -> Result<usize, Rejection> {
    let entries = config.get("history").map(Value::items).unwrap_or_default();
    for entry in entries {
        let created = entry.get("created").and_then(Value::as_str);
        if created.is_some_and(|created| !created.is_empty() && !is_date(created)) {
            return Err(Rejection::Crash);
        }
    }
    if oci && entries.is_empty() {
        return Ok(layers);
    }
    if entries.len() < layers {
        return Err(Rejection::Invalid(if oci {
            format!(
                "Found less history ({}) than layer blobs ({layers})",
                entries.len()
            )
        } else {
            "Found less history than layer blobs".into()
        }));
    }
    let with_layer = entries
        .iter()
        .filter(|entry| entry.get("empty_layer") != Some(&Value::Bool(true)))
        .count();
    if with_layer > layers {
        return Err(Rejection::Invalid(format!(
            "Missing history entry #{layers}"
        )));
    }
    Ok(entries.len())
}

pub(super) const HISTORY: Schema = Schema::items(&Schema::members(
    &[
        ("created", STRING),
        ("created_by", STRING),
        ("comment", STRING),
        ("author", STRING),
        ("empty_layer", BOOLEAN),
    ],
    &[],
));
