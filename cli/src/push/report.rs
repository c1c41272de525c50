//! What a push did, for programs.

use std::time::Duration;

use longshore_protocol::{BlobOutcome, BlobReport, Reference, Report};
use serde::Serialize;

use super::pack::Packed;
use crate::exit::Exit;
use crate::failure::Failure;

/// What a push did. The names of its members, as `--json` has them, are part of the program's
/// interface; there may be more of them later.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Where the image is, by its digest: `host/repository@sha256:…`.
    pub reference: String,
    /// The manifest's digest: what the image is called from now on.
    pub digest: String,
    /// The manifest's media type.
    pub media_type: String,
    /// The manifest's size in bytes.
    pub size: u64,
    /// The image's date, as its config has it.
    pub created: String,
    /// What the image is said to run on: `arm64/v8`.
    pub architecture: String,
    /// The config.
    pub config: Blob,
    /// The layers, the lowest first.
    pub layers: Vec<Blob>,
    /// How many requests were sent.
    pub requests: u64,
    /// How many of them because an earlier one failed.
    pub retries: u64,
    /// Every warning, the registry's own ones included.
    pub warnings: Vec<String>,
    /// How long it took.
    pub elapsed_seconds: f64,
}

/// What became of one blob.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Blob {
    /// The digest.
    pub digest: String,
    /// The size in bytes.
    pub size: u64,
    /// The digest of a layer's uncompressed bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<String>,
    /// How it got there: `uploaded`, `existed` or `mounted`.
    pub outcome: &'static str,
    /// The repository that it was mounted from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mounted_from: Option<String>,
    /// How many of its bytes were sent, retries included.
    pub sent: u64,
}

impl Summary {
    pub(super) fn new(
        reference: &Reference,
        packed: &Packed,
        report: &Report,
        elapsed: Duration,
    ) -> Result<Self, Failure> {
        let layers = &packed.layers;
        let Some((config, blobs)) = report
            .blobs
            .split_last()
            .filter(|(_, blobs)| blobs.len() == layers.len())
        else {
            return Err(Failure::new(
                Exit::Unexpected,
                "reporting",
                "the registry holds the image, but the report of the push makes no sense",
            ));
        };
        let digest = report.manifest.digest.to_string();
        Ok(Self {
            reference: format!(
                "{}/{}@{digest}",
                reference.registry(),
                reference.repository()
            ),
            digest,
            media_type: report.manifest.media_type.as_str().to_owned(),
            size: report.manifest.size,
            created: packed.image.created.to_string(),
            architecture: packed.image.platform.to_string(),
            config: Blob::new(config),
            layers: blobs
                .iter()
                .zip(layers)
                .map(|(blob, source)| Blob {
                    diff_id: Some(source.layer().diff_id.to_string()),
                    ..Blob::new(blob)
                })
                .collect(),
            requests: report.requests,
            retries: report.retries,
            warnings: Vec::new(),
            // Milliseconds are as far as anybody can believe it.
            elapsed_seconds: elapsed.as_millis() as f64 / 1000.0,
        })
    }

    /// The result as standard output gets it.
    #[must_use]
    pub fn to_text(&self, json: bool) -> String {
        if json {
            serde_json::to_string_pretty(self).expect("strings, numbers and lists of them")
        } else {
            self.reference.clone()
        }
    }
}

impl Blob {
    fn new(report: &BlobReport) -> Self {
        let (outcome, mounted_from) = match &report.outcome {
            BlobOutcome::Existed => ("existed", None),
            BlobOutcome::Mounted(repository) => ("mounted", Some(repository.to_string())),
            BlobOutcome::Uploaded => ("uploaded", None),
            // The protocol may learn ways that this table does not know yet.
            _ => ("other", None),
        };
        Self {
            digest: report.descriptor.digest.to_string(),
            size: report.descriptor.size,
            diff_id: None,
            outcome,
            mounted_from,
            sent: report.sent,
        }
    }
}

/// A failure as `--json` has it on standard output. The names are as much part of the interface as
/// those of [`Summary`].
#[must_use]
pub fn failure_to_json(failure: &Failure) -> String {
    let details = failure.details();
    let error = FailureReport {
        error: FailureMembers {
            class: details.exit.class(),
            exit_code: details.exit.code(),
            phase: &details.phase,
            message: &details.message,
            causes: &details.causes,
            hint: details.hint.as_deref(),
            status: details.status,
            code: details.code.as_deref(),
        },
    };
    serde_json::to_string_pretty(&error).expect("strings, numbers and lists of them")
}

#[derive(Serialize)]
struct FailureReport<'a> {
    error: FailureMembers<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureMembers<'a> {
    class: &'static str,
    exit_code: u8,
    phase: &'a str,
    message: &'a str,
    causes: &'a [String],
    hint: Option<&'a str>,
    status: Option<u16>,
    code: Option<&'a str>,
}
