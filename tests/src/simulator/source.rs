//! Sources of blobs: what they give, and how often they were asked.

use bytes::Bytes;
use longshore_protocol::Content;

use super::plan::{BlobPlan, Plan};

/// The source of one blob.
#[derive(Debug)]
pub struct Source {
    plan: BlobPlan,
    /// What it is meant to be.
    bytes: Bytes,
    content: Content,
    /// How often it was read from.
    pub readings: u32,
    /// Whether a driver has said that it took something from it.
    pub is_taken: bool,
}

impl Source {
    /// The source of the blob `index` of `plan`. The first one is the image's config, which Quay
    /// reads.
    pub(super) fn new(index: usize, plan: &Plan) -> Self {
        let blob = plan.blobs[index].clone();
        let bytes = match index {
            0 if plan.docker => docker_config(plan.blobs.len() - 1).into(),
            0 => Bytes::from_static(CONFIG.as_bytes()),
            _ => (0..blob.size)
                .map(|at| u8::try_from((at * 31 + index as u64 * 7) % 251).expect("below 256"))
                .collect(),
        };
        Self {
            plan: blob,
            content: Content::of(&bytes),
            bytes,
            readings: 0,
            is_taken: false,
        }
    }

    /// What the blob is meant to be.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What the blob is meant to be, by name.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What this reading gives, and its name: after a change, other bytes.
    pub(super) fn read(&mut self) -> (Bytes, Content) {
        let from = self.plan.changes_at;
        let is_another = from.is_some_and(|from| self.readings >= from);
        self.readings += 1;
        if is_another {
            let bytes: Bytes = self.bytes.iter().map(|byte| byte ^ 0xff).collect();
            let content = Content::of(&bytes);
            return (bytes, content);
        }
        (self.bytes.clone(), self.content.clone())
    }

    /// Whether it changed while somebody read it.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        let is_visible = !self.bytes.is_empty();
        is_visible
            && self
                .plan
                .changes_at
                .is_some_and(|from| self.readings > from)
    }

    pub(super) fn plan(&self) -> &BlobPlan {
        &self.plan
    }
}

/// A config as Docker's schema has it: a step of history for each layer.
fn docker_config(layers: usize) -> Vec<u8> {
    let step = serde_json::json!({"created": "2020-01-01T00:00:00Z", "created_by": "a step"});
    let diff_id = format!("sha256:{}", "0".repeat(64));
    let config = serde_json::json!({
        "architecture": "amd64",
        "os": "linux",
        "history": vec![step; layers],
        "rootfs": {"type": "layers", "diff_ids": vec![diff_id; layers]},
    });
    serde_json::to_vec(&config).expect("it is JSON")
}

const CONFIG: &str =
    r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
