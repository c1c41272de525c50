//! Which layer each member of a tree goes to, if there are several.
//!
//! Where a member goes depends on its path and, coarsely, on the sizes of the directories that it is
//! in, and not on what else changed: a file stays in its layer. A directory that is small goes into
//! one layer with everything in it, so that what is changed together is sent together. One that is
//! large is divided into its subdirectories, and its own files into groups by their names.
//!
//! What distributions install rarely changes and is kept in layers of its own, below the others, and
//! so are large files.
//! The last layer has every directory with its times: who replaces a file changes its directory as
//! well, and that should not change all the layers that have something below it.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU8;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::share::Shares;
use super::weigh::weigh;
use super::{Options, Watch};
use crate::error::PackError;
use crate::rules;
use crate::walk::{Entry, FileId, Kind, Plan};

/// Into how many layers a tree is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layers {
    /// One, which has everything.
    #[default]
    One,
    /// As many as make a small change cheap: about one for 16 MiB, but 64 at most.
    Auto,
    /// This many, if there is something for each; 64 at most.
    AtMost(NonZeroU8),
}

/// Where each member goes.
#[derive(Debug)]
pub(super) struct Split {
    layers: usize,
    shares: Shares,
    /// The large directories, and into how many groups their own files are divided.
    large: HashMap<Box<[u8]>, u64>,
    /// Files with several names that would go to different layers: all go where the first does.
    joined: HashMap<FileId, usize>,
    /// Small directories, by their paths, that have such a file of another layer: those layers.
    guests: HashMap<Box<[u8]>, u64>,
}

/// What a directory is to its members.
#[derive(Clone, Copy, Debug)]
pub(super) enum Zone {
    /// It is divided.
    Large { groups: u64 },
    /// It goes into one layer, with all that is in it. The directory of which that was decided has
    /// a path of this length.
    Small { layer: usize, length: usize },
    /// Its name would delete another file of a layer below. In the lowest layer it does nothing.
    Whiteout,
}

impl Split {
    /// Looks at the sizes in `directory`, unless everything goes into one layer. What was seen is
    /// noted, unless it is too much.
    pub(super) fn new(
        directory: &Path,
        options: &Options,
        layers: Layers,
        watch: &Watch,
    ) -> Result<Option<(Self, Option<Plan>)>, PackError> {
        match layers {
            Layers::One => return Ok(None),
            Layers::AtMost(number) if number.get() == 1 => return Ok(None),
            Layers::Auto | Layers::AtMost(_) => {}
        }
        let (weights, plan) = weigh(directory, options, watch)?;
        let total = weights.total;
        let layers = match layers {
            Layers::AtMost(number) => usize::from(number.get()).min(MOST),
            Layers::One | Layers::Auto => automatic(total),
        };
        // Powers of two throughout: a limit that moved with every byte would move files with it.
        let share = total / (8 * layers as u64);
        let small = (1 << share.max(1).ilog2()).max(LEAST);
        let shares = Shares::new(layers, &weights);
        let mut large: HashMap<Box<[u8]>, u64> = weights
            .directories
            .into_iter()
            .filter(|directory| directory.weight > small)
            .map(|directory| {
                let groups = directory.own.div_ceil(small).max(1).next_power_of_two();
                (directory.path, groups)
            })
            .collect();
        for always in [&b"."[..], b"./usr"] {
            large.entry(always.into()).or_insert(1);
        }
        let split = Self {
            layers,
            shares,
            large,
            joined: weights
                .whiteouts
                .into_iter()
                .map(|file| (file, 0))
                .collect(),
            guests: HashMap::new(),
        };
        Ok(Some((split, plan)))
    }

    /// How many layers there may be; some may turn out to be empty.
    pub(super) fn layers(&self) -> usize {
        self.layers
    }

    /// What the directory at `path` is, which lies in one that is `around`.
    pub(super) fn zone(&self, around: Option<&Zone>, path: &[u8]) -> Zone {
        match around {
            Some(Zone::Whiteout) => Zone::Whiteout,
            _ if rules::is_whiteout(path) => Zone::Whiteout,
            Some(inherited @ Zone::Small { .. }) => *inherited,
            Some(Zone::Large { .. }) | None => match self.large.get(path) {
                Some(groups) => Zone::Large { groups: *groups },
                None => Zone::Small {
                    layer: self.pick(path, path, 0),
                    length: path.len(),
                },
            },
        }
    }

    /// The layer that has a directory with all that is known of it.
    pub(super) fn layer_of_directory(&self, zone: &Zone) -> usize {
        match zone {
            Zone::Whiteout => 0,
            Zone::Large { .. } | Zone::Small { .. } => self.layers - 1,
        }
    }

    /// The layer of the member at `path`, no directory, which lies in one that is `around`.
    pub(super) fn layer_of(&self, around: Option<&Zone>, path: &[u8], entry: &Entry) -> usize {
        if let Kind::File = entry.kind
            && entry.links > 1
            && let Some(layer) = self.joined.get(&entry.stamp.file)
        {
            return *layer;
        }
        if rules::is_whiteout(path) {
            return 0;
        }
        match around {
            Some(Zone::Small { layer, .. }) => *layer,
            Some(Zone::Whiteout) | None => 0,
            Some(Zone::Large { groups }) => {
                let slash = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                let (parent, name) = path.split_at(slash);
                let group = hash(name) % groups;
                let key = [parent, b"/", &group.to_le_bytes()].concat();
                let size = match entry.kind {
                    Kind::File => entry.stamp.size,
                    _ => 0,
                };
                self.pick(&key, path, size)
            }
        }
    }

    /// Sends all names of a file to one layer.
    pub(super) fn join(&mut self, file: FileId, layer: usize) {
        self.joined.insert(file, layer);
    }

    /// Notes that `layer` has a member in a directory that is `around` it and of another one. `path`
    /// is the member's.
    pub(super) fn note_guest(&mut self, around: Option<&Zone>, path: &[u8], layer: usize) {
        if let Some(Zone::Small { layer: own, length }) = around
            && *own != layer
            && layer + 1 < self.layers
        {
            *self.guests.entry(path[..*length].into()).or_default() |= 1 << layer;
        }
    }

    /// Whether `layer` has nothing below the directory at `path`, which is of this zone.
    pub(super) fn is_foreign(&self, zone: Option<&Zone>, path: &[u8], layer: usize) -> bool {
        // The last one has all directories.
        if layer + 1 == self.layers {
            return false;
        }
        match zone {
            Some(Zone::Small { layer: own, length }) => {
                let guests = self.guests.get(&path[..*length]).copied().unwrap_or(0);
                *own != layer && guests & (1 << layer) == 0
            }
            Some(Zone::Large { .. } | Zone::Whiteout) | None => false,
        }
    }

    /// One of the layers for things of this kind, by chance.
    fn pick(&self, key: &[u8], path: &[u8], size: u64) -> usize {
        self.shares.pick(hash(key), changes_often(path), size)
    }
}

/// How many layers are made of a tree of this weight if it is not said.
fn automatic(total: u64) -> usize {
    let wanted = total.div_ceil(AUTO_LAYER).clamp(2, MOST as u64);
    usize::try_from(wanted.next_power_of_two()).unwrap_or(MOST)
}

/// Whether a path is of those that are changed by hand or by programs rather than by a
/// distribution's packages.
pub(super) fn changes_often(path: &[u8]) -> bool {
    let mut names = path.split(|byte| *byte == b'/').skip(1);
    match (names.next(), names.next()) {
        (Some(b"usr"), Some(b"local" | b"src")) => true,
        (Some(name), _) => !SYSTEM.contains(&name),
        (None, _) => true,
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// What [`weigh`] collects of files with names that would delete others.
pub(super) type Whiteouts = HashSet<FileId>;

/// Directories that packages of a distribution fill.
const SYSTEM: [&[u8]; 8] = [
    b"bin", b"boot", b"lib", b"lib32", b"lib64", b"libx32", b"sbin", b"usr",
];

/// As many as there are bits for. Storage drivers that stack file systems take about 128, so that
/// what is built upon such an image still has room.
const MOST: usize = 64;

/// With a layer for every 16 MiB, a change sends one sixty-fourth of an image of a gigabyte.
const AUTO_LAYER: u64 = 16 << 20;

/// A directory of less weight is never divided.
pub(super) const LEAST: u64 = 64 << 10;

#[cfg(test)]
mod tests;
