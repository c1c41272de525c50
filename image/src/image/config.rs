//! The image config.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use longshore_protocol::Digest;
use serde::Serialize;

use super::ImageOptions;
use crate::history::{self, HistoryEntry};
use crate::metadata::{Healthcheck, Metadata, StopSignal};
use crate::pack::Layer;
use crate::platform::Platform;
use crate::time;

/// An image config (OCI image configuration), with its members in the specification's order.
///
/// Docker's format is the same as far as it is used here. `history` is always there, since Quay
/// asks for it in Docker's, and nothing is ever `null`.
#[derive(Serialize)]
pub(super) struct Config<'a> {
    pub(super) created: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
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
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    exposed_ports: BTreeMap<String, Empty>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_signal: Option<&'a str>,
    /// Docker's addition, as are the next two; OCI reserves the names for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    shell: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    healthcheck: Option<&'a Healthcheck>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_build: Option<&'a [String]>,
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
        let newest = layers.iter().map(|layer| layer.summary.newest).max();
        let files = time::from_epoch(newest.unwrap_or(0));
        let dates = entries.iter().filter_map(|entry| entry.created);
        let latest = dates.chain(metadata.created).fold(files, Timestamp::max);
        let latest = epoch.map_or(latest, |epoch| epoch.min(latest));
        let created = options.created.unwrap_or(latest);
        entries.extend(options.history.iter().map(|step| HistoryEntry {
            created: Some(created),
            created_by: Some(step.clone()),
            ..HistoryEntry::default()
        }));
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
            author: metadata.author.as_deref(),
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

    pub(super) fn platform(&self) -> Platform {
        Platform {
            architecture: self.architecture.clone(),
            variant: self.variant.clone(),
        }
    }
}

impl<'a> Execution<'a> {
    fn new(metadata: &'a Metadata) -> Self {
        Self {
            user: metadata.user.as_deref(),
            exposed_ports: metadata
                .exposed_ports
                .iter()
                .map(|port| (port.to_string(), Empty {}))
                .collect(),
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
            stop_signal: metadata.stop_signal.as_ref().map(StopSignal::as_str),
            shell: metadata.shell.as_deref(),
            healthcheck: metadata.healthcheck.as_ref(),
            on_build: metadata.on_build.as_deref(),
        }
    }
}

fn volumes(paths: &BTreeSet<String>) -> BTreeMap<&str, Empty> {
    paths.iter().map(|path| (path.as_str(), Empty {})).collect()
}
