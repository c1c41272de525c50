//! The image config.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use longshore_protocol::Digest;
use serde::Serialize;

use super::ImageOptions;
use crate::history::{self, HistoryEntry};
use crate::metadata::Metadata;
use crate::pack::Layer;
use crate::platform::Platform;
use crate::time;

/// An image config (OCI image configuration), with its members in the specification's order.
///
/// Docker's format is the same as far as it is used here. `history` is always there, since Quay
/// asks for it in Docker's, and nothing is ever `null`.
#[derive(Serialize)]
pub(super) struct Config<'a> {
    created: Timestamp,
    architecture: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
    os: &'static str,
    config: Execution<'a>,
    rootfs: RootFs<'a>,
    history: Vec<HistoryEntry>,
}

/// How to run the image.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Execution<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entrypoint: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cmd: Option<&'a [String]>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    volumes: BTreeMap<&'a str, Empty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    working_dir: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
    /// Docker's addition; OCI reserves the name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    shell: Option<&'a [String]>,
}

#[derive(Serialize)]
struct RootFs<'a> {
    r#type: &'static str,
    diff_ids: Vec<&'a Digest>,
}

/// `{}`: sets are written as maps to it.
#[derive(Serialize)]
struct Empty {}

impl<'a> Config<'a> {
    pub(super) fn new(metadata: &'a Metadata, layers: &'a [Layer], options: &ImageOptions) -> Self {
        let mut entries = metadata.history.clone();
        let epoch = options.source_date_epoch.map(time::from_epoch);
        if let Some(epoch) = epoch {
            for created in entries
                .iter_mut()
                .filter_map(|entry| entry.created.as_mut())
            {
                *created = epoch.min(*created);
            }
        }
        let last = entries.iter().rev().find_map(|entry| entry.created);
        let created = epoch.or(last).unwrap_or(Timestamp::UNIX_EPOCH);
        let platform = options
            .platform
            .clone()
            .or_else(|| metadata.platform.clone());
        let Platform {
            architecture,
            variant,
        } = platform.unwrap_or_else(Platform::host);
        Self {
            created,
            architecture,
            variant,
            os: "linux",
            config: Execution::new(metadata),
            rootfs: RootFs {
                r#type: "layers",
                diff_ids: layers.iter().map(|layer| &layer.diff_id).collect(),
            },
            history: history::fit(entries, layers.len(), created),
        }
    }
}

impl<'a> Execution<'a> {
    fn new(metadata: &'a Metadata) -> Self {
        Self {
            user: metadata.user.as_deref(),
            env: metadata
                .env
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
            entrypoint: metadata.entrypoint.as_deref(),
            cmd: metadata.cmd.as_deref(),
            volumes: volumes(&metadata.volumes),
            working_dir: metadata.working_dir.as_deref(),
            labels: &metadata.labels,
            shell: metadata.shell.as_deref(),
        }
    }
}

fn volumes(paths: &BTreeSet<String>) -> BTreeMap<&str, Empty> {
    paths.iter().map(|path| (path.as_str(), Empty {})).collect()
}
