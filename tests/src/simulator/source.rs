//! Sources of blobs: what they give, and how often they were asked.

use longshore_protocol::Content;

use super::plan::BlobPlan;

/// The source of one blob.
#[derive(Debug)]
pub struct Source {
    index: usize,
    plan: BlobPlan,
    /// How often it was read from.
    pub readings: u32,
    /// Whether a driver has said that it took something from it.
    pub is_taken: bool,
}

impl Source {
    pub(super) fn new(index: usize, plan: BlobPlan) -> Self {
        Self {
            index,
            plan,
            readings: 0,
            is_taken: false,
        }
    }

    /// What the blob is meant to be. The first one is the image's config, which Quay reads.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        if self.index == 0 {
            return CONFIG.as_bytes().to_vec();
        }
        (0..self.plan.size)
            .map(|at| u8::try_from((at * 31 + self.index as u64 * 7) % 251).expect("below 256"))
            .collect()
    }

    /// What the blob is meant to be, by name.
    #[must_use]
    pub fn content(&self) -> Content {
        Content::of(&self.bytes())
    }

    /// What this reading gives: after a change, other bytes.
    pub(super) fn read(&mut self) -> Vec<u8> {
        let mut bytes = self.bytes();
        if self
            .plan
            .changes_at
            .is_some_and(|from| self.readings >= from)
        {
            bytes.iter_mut().for_each(|byte| *byte ^= 0xff);
        }
        self.readings += 1;
        bytes
    }

    /// Whether it changed while somebody read it.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        let is_visible = !self.bytes().is_empty();
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

const CONFIG: &str =
    r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
