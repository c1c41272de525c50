//! How much there is in each directory of a tree.

use std::path::Path;

use super::split::{LEAST, Whiteouts, changes_often};
use super::survey::{attributes, looks};
use super::{Options, Watch};
use crate::error::PackError;
use crate::rules::{self, BuildCache};
use crate::walk::{Kind, Members, Plan, Recorder, Walk};

/// What a tree weighs. A member weighs its bytes and a kilobyte.
#[derive(Default)]
pub(super) struct Weights {
    pub(super) total: u64,
    /// How much of it changes often.
    pub(super) lively: u64,
    /// What its files weigh, the small and the large ones.
    pub(super) files: Files,
    /// The directories that weigh enough to be divided.
    pub(super) directories: Vec<Directory>,
    /// Files with several names, of which one is in a place that only the lowest layer can have.
    pub(super) whiteouts: Whiteouts,
}

/// What files of each size weigh together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Files {
    /// By the logarithm of the size; first what rarely changes, then what changes often.
    bytes: [[u64; 64]; 2],
}

impl Files {
    /// Takes in a file of `size` bytes.
    pub(super) fn add(&mut self, size: u64, is_lively: bool) {
        if let Some(logarithm) = size.checked_ilog2() {
            let bytes = &mut self.bytes[usize::from(is_lively)][logarithm as usize];
            *bytes = bytes.saturating_add(size);
        }
    }

    /// What those weigh that have `least` bytes, a power of two, or more.
    pub(super) fn at_least(&self, least: u64, is_lively: bool) -> u64 {
        let first = least.max(1).ilog2() as usize;
        let bytes = self.bytes[usize::from(is_lively)][first..].iter();
        bytes.fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }
}

impl Default for Files {
    fn default() -> Self {
        let bytes = [[0; 64]; 2];
        Self { bytes }
    }
}

/// A directory.
pub(super) struct Directory {
    pub(super) path: Box<[u8]>,
    /// What is in it, at any depth.
    pub(super) weight: u64,
    /// What is in it itself.
    pub(super) own: u64,
}

/// Walks through `directory` and weighs it, and notes what it has seen, unless that is too much.
/// Memory grows with the number of directories that are heavy, and not with the tree.
pub(super) fn weigh(
    directory: &Path,
    options: &Options,
    watch: &Watch,
) -> Result<(Weights, Option<Plan>), PackError> {
    let mut recorder = Recorder::new();
    let mut scales = Scales {
        frames: Vec::new(),
        weights: Weights::default(),
    };
    let mut build_cache = BuildCache::default();
    let mut walk = Walk::new(directory, looks(options), options.mounts())?;
    while let Some(entry) = walk.next()? {
        if watch.is_cancelled() {
            return Err(PackError::Cancelled);
        }
        let is_cache = build_cache.owns(walk.path(), entry.kind);
        let target = match entry.kind {
            Kind::Symlink if !is_cache => walk.read_link()?,
            _ => Vec::new(),
        };
        // A packer opens each file and sees for itself, unless they were looked at here.
        let is_looked_at = entry.kind != Kind::File || options.look_at_attributes;
        let attributes = match is_looked_at && !is_cache {
            true => Some(attributes(&mut walk, &entry, options)?),
            false => None,
        };
        recorder.add(walk.path(), &entry, &target, attributes.as_ref());
        if is_cache {
            walk.prune();
            continue;
        }
        let path = walk.path();
        scales.close(path.iter().filter(|byte| **byte == b'/').count());
        let is_whiteout = scales.is_in_whiteout() || rules::is_whiteout(path);
        if entry.kind == Kind::Directory {
            scales.open(path, is_whiteout);
            continue;
        }
        let size = match entry.kind {
            Kind::File => entry.stamp.size,
            _ => 0,
        };
        let is_lively = changes_often(path);
        scales.add(size.saturating_add(MEMBER), is_lively);
        scales.weights.files.add(size, is_lively);
        if is_whiteout && entry.kind == Kind::File && entry.links > 1 {
            scales.weights.whiteouts.insert(entry.stamp.file);
        }
    }
    scales.close(0);
    Ok((scales.weights, recorder.finish(walk.is_far())))
}

struct Scales {
    frames: Vec<Frame>,
    weights: Weights,
}

struct Frame {
    /// With the slash before it.
    name: Box<[u8]>,
    weight: u64,
    own: u64,
    is_whiteout: bool,
}

impl Scales {
    fn open(&mut self, path: &[u8], is_whiteout: bool) {
        let name = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        self.frames.push(Frame {
            name: path[name..].into(),
            weight: MEMBER,
            own: 0,
            is_whiteout,
        });
    }

    fn add(&mut self, weight: u64, is_lively: bool) {
        if let Some(frame) = self.frames.last_mut() {
            frame.own = frame.own.saturating_add(weight);
            frame.weight = frame.weight.saturating_add(weight);
        }
        self.weights.total = self.weights.total.saturating_add(weight);
        if is_lively {
            self.weights.lively = self.weights.lively.saturating_add(weight);
        }
    }

    fn is_in_whiteout(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.is_whiteout)
    }

    /// Leaves the directories that are deeper than `depth`.
    fn close(&mut self, depth: usize) {
        while self.frames.len() > depth {
            let path = (self
                .frames
                .last()
                .is_some_and(|frame| frame.weight >= LEAST))
            .then(|| self.frames.iter().flat_map(|frame| frame.name.iter()));
            let path: Option<Box<[u8]>> = path.map(|bytes| bytes.copied().collect());
            let Some(Frame { weight, own, .. }) = self.frames.pop() else {
                return;
            };
            if let Some(path) = path {
                self.weights
                    .directories
                    .push(Directory { path, weight, own });
            }
            if let Some(above) = self.frames.last_mut() {
                above.weight = above.weight.saturating_add(weight);
            }
        }
    }
}

/// What a member weighs beside its content: its header and its share of the work.
const MEMBER: u64 = 1 << 10;
