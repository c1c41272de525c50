//! The directories above a member of the walk, and which layers have them already.

use super::split::{Split, Zone};
use crate::walk::{Entry, Kind};

/// The way from the root to the current member. It has to see every member of a walk, but for those
/// below a directory that is not entered.
#[derive(Default)]
pub(super) struct Trail {
    steps: Vec<Step>,
    /// How many of the steps are above the current member.
    depth: usize,
}

/// A directory on the way.
struct Step {
    above: Above,
    zone: Zone,
    /// The layers that have it, one bit each.
    layers: u64,
}

/// A directory, as a layer that holds something below it has to repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Above {
    /// How much of the member's path is its own.
    pub(super) length: usize,
    /// [`Trail::set_mode`] sets it.
    pub(super) mode: u32,
}

impl Trail {
    /// Goes to the next member, and says which layer it belongs to.
    pub(super) fn go(&mut self, split: &Split, path: &[u8], entry: &Entry) -> usize {
        self.depth = path.iter().filter(|byte| **byte == b'/').count();
        self.steps.truncate(self.depth);
        let around = self.steps.last().map(|step| &step.zone);
        if entry.kind != Kind::Directory {
            return split.layer_of(around, path, entry);
        }
        let zone = split.zone(around, path);
        let layer = split.layer_of_directory(&zone);
        self.steps.push(Step {
            above: Above {
                length: path.len(),
                mode: 0,
            },
            zone,
            layers: 0,
        });
        layer
    }

    /// Says which mode the current member has in a layer, if it is a directory that is entered.
    pub(super) fn set_mode(&mut self, mode: u32) {
        if let Some(step) = self.steps.last_mut() {
            step.above.mode = mode;
        }
    }

    /// The directories that `layer` needs to hold the current member and has not yet, the
    /// outermost first. From now on it has them, and the member, too.
    pub(super) fn missing(&mut self, layer: usize) -> Vec<Above> {
        let bit = 1 << layer;
        let mut missing = Vec::new();
        for (number, step) in self.steps.iter_mut().enumerate() {
            if step.layers & bit == 0 {
                step.layers |= bit;
                if number < self.depth {
                    missing.push(step.above);
                }
            }
        }
        missing
    }

    /// What the directory is that the current member is in.
    pub(super) fn around(&self) -> Option<&Zone> {
        let above = self.depth.checked_sub(1)?;
        self.steps.get(above).map(|step| &step.zone)
    }

    /// What the current member is to what is in it, if it is a directory.
    pub(super) fn zone(&self) -> Option<&Zone> {
        self.steps.last().map(|step| &step.zone)
    }
}
