//! The history in an image's config.
//!
//! Readers match the history with the layers: each entry that is not marked as empty stands for
//! one. Quay refuses images, or cannot show them, where the numbers differ, and Artifactory has
//! refused them too.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::metadata::{Fields, UnusedKey};
use crate::time;

/// One step that made the image (OCI image configuration, "history"). Members that are absent are
/// not written: Quay takes no `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether it made no layer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

/// Reads a history of any quality: what is not well-formed is left out and reported.
pub(crate) fn read(value: &Value, fields: &mut Fields<'_>) -> Vec<HistoryEntry> {
    let Value::Array(items) = value else {
        fields.ignore("history", "not a list");
        return Vec::new();
    };
    let mut entries = Vec::with_capacity(items.len());
    let mut unused = BTreeSet::new();
    for (number, item) in items.iter().enumerate() {
        let Value::Object(members) = item else {
            fields.ignore(&format!("history[{number}]"), "not an object");
            continue;
        };
        let mut text = |key: &str| match members.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if !text.contains('\0') => Some(text.clone()),
            Some(Value::String(_)) => {
                let field = format!("history[{number}].{key}");
                fields.ignore(&field, "it has the character U+0000");
                None
            }
            Some(_) => {
                fields.ignore(&format!("history[{number}].{key}"), "not a string");
                None
            }
        };
        let created = text("created").filter(|text| !text.is_empty());
        let mut entry = HistoryEntry {
            created: None,
            created_by: text("created_by"),
            author: text("author"),
            comment: text("comment"),
            empty_layer: false,
        };
        if let Some(created) = created {
            entry.created = time::parse(&created);
            if entry.created.is_none() {
                fields.ignore(&format!("history[{number}].created"), "not a date");
            }
        }
        match members.get("empty_layer") {
            None | Some(Value::Null) => {}
            Some(Value::Bool(empty)) => entry.empty_layer = *empty,
            Some(_) => {
                let field = format!("history[{number}].empty_layer");
                fields.ignore(&field, "neither true nor false");
            }
        }
        let strange = |key: &&String| !KEYS.contains(&key.as_str());
        unused.extend(members.keys().filter(strange));
        entries.push(entry);
    }
    let unused = unused.into_iter().map(|key| UnusedKey {
        key: format!("history[].{key}"),
        meant: KEYS
            .into_iter()
            .find(|known| known.replace('_', "") == key.replace('_', "").to_lowercase()),
    });
    fields.unused("", unused.collect());
    entries
}

/// Makes exactly `layers` of the entries non-empty.
///
/// As in Charliecloud, the last ones that are suitable stay and all before them become empty. If
/// there are too few, entries are added at the end; `created` is their date.
pub(crate) fn fit(
    mut entries: Vec<HistoryEntry>,
    layers: usize,
    created: Timestamp,
) -> Vec<HistoryEntry> {
    let mut missing = layers;
    for entry in entries.iter_mut().rev().filter(|entry| !entry.empty_layer) {
        match missing.checked_sub(1) {
            Some(fewer) => missing = fewer,
            None => entry.empty_layer = true,
        }
    }
    let added = HistoryEntry {
        created: Some(created),
        created_by: Some("longshore".to_owned()),
        ..HistoryEntry::default()
    };
    entries.extend(std::iter::repeat_n(added, missing));
    entries
}

/// What a step says (OCI image configuration, "history").
const KEYS: [&str; 5] = ["author", "comment", "created", "created_by", "empty_layer"];

#[cfg(test)]
mod tests;
