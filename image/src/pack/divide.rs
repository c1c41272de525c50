//! Looking at a tree that goes into several layers.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use super::census::{Census, Fate};
use super::keeper::Keeper;
use super::split::{Layers, Split};
use super::survey::{Survey, attributes, looks, survey};
use super::trail::Trail;
use super::{Compression, Options, Packer, Watch};
use crate::cache::Fingerprinter;
use crate::error::PackError;
use crate::notice::Notice;
use crate::rules::BuildCache;
use crate::walk::{
    Choice, Choose, Entry, FileId, Kind, Members, Mounts, Plan, Reads, Replay, Walk,
};

/// What goes into one layer of a tree.
#[derive(Clone, Debug)]
pub struct Part {
    /// What a packer will find for it. Its fingerprint is of that layer alone, so that a layer is
    /// known again while others change.
    pub survey: Survey,
    pub(super) selection: Option<Selection>,
}

/// One layer of several.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    pub(super) split: Arc<Split>,
    pub(super) layer: usize,
    /// What was seen of the tree, if that was not too much.
    plan: Option<Arc<Plan>>,
}

impl Part {
    /// Whether it may be packed beside other layers of the same tree. Where files are far away, each
    /// layer is read by many threads already, and where the tree was too large for a plan, each goes
    /// through all of it.
    fn may_be_beside_others(&self) -> bool {
        let is_near =
            |selection: &Selection| selection.plan.as_ref().is_some_and(|plan| !plan.is_far);
        self.selection.as_ref().is_some_and(is_near)
    }
}

impl Selection {
    /// The members of the tree in `directory`, among which those of the layer are.
    pub(super) fn members(
        &self,
        directory: &Path,
        mounts: Mounts,
    ) -> Result<Box<dyn Members>, PackError> {
        Ok(match &self.plan {
            Some(plan) => {
                let plan = Arc::clone(plan);
                let replay = Replay::new(directory, plan, Some(self.clone().choose()));
                // The last layer consists of all directories, and so it is where each of them is
                // checked once more after it was seen. The others check those in which they open
                // a file. So do they if the last one is remembered: then all directories are what
                // they were when it was packed, as the look at the tree has just found, and
                // whatever is read afterwards has to be what was seen then. If the others are
                // remembered, and so is what is in their directories, the last one still checks
                // those. If all are, nothing is packed, and the look at the tree was the check.
                Box::new(match self.layer + 1 == self.split.layers() {
                    true => replay.thoroughly(),
                    false => replay,
                })
            }
            // Files of other layers would be read ahead as well.
            None => Box::new(Walk::new(directory, Reads::Nothing, mounts)?),
        })
    }

    /// What becomes of each member of the tree in a packer's hands.
    fn choose(self) -> Choose {
        let mut trail = Trail::default();
        let mut build_cache = BuildCache::default();
        Box::new(move |path, entry| {
            if build_cache.owns(path, entry.kind) {
                return Choice::Pruned;
            }
            match self.verdict(&mut trail, path, entry) {
                (true, _) => Choice::Ours,
                (false, true) => Choice::Pruned,
                (false, false) => Choice::Other,
            }
        })
    }

    /// Whether the member that a walk has just come to belongs to the layer. Where nothing does, the
    /// walk does not go.
    pub(super) fn has(
        &self,
        trail: &mut Trail,
        keeper: &Keeper,
        walk: &mut dyn Members,
        entry: &Entry,
    ) -> Result<bool, PackError> {
        let (is_ours, is_foreign) = self.verdict(trail, walk.path(), entry);
        if is_foreign {
            walk.prune();
        } else if entry.kind == Kind::Directory {
            let attributes = walk.attributes(entry)?;
            trail.set_mode(keeper.mode(walk.path(), entry, &attributes));
        }
        Ok(is_ours)
    }

    /// Whether a member belongs to the layer, and whether nothing in it does.
    fn verdict(&self, trail: &mut Trail, path: &[u8], entry: &Entry) -> (bool, bool) {
        let Self { split, layer, .. } = self;
        let is_ours = trail.go(split, path, entry) == *layer;
        let is_foreign = !is_ours
            && entry.kind == Kind::Directory
            && split.is_foreign(trail.zone(), path, *layer);
        (is_ours, is_foreign)
    }
}

/// Divides the tree in `directory` into layers, the lowest first, without reading any file. There is
/// at least one, and none that is empty.
///
/// All that one file consists of is in one layer: a file with several names has all of them there.
/// Unpacked one after the other, the layers make the same tree as one layer of everything. A layer
/// repeats the directories above its members, with their modes and without their times, which the
/// last layer has.
///
/// # Errors
///
/// As [`survey`].
pub fn divide(
    directory: &Path,
    options: &Options,
    layers: Layers,
    notices: &mut dyn FnMut(Notice),
    watch: &Watch,
) -> Result<Vec<Part>, PackError> {
    parts(directory, options, layers, notices, watch).map_err(|error| error.at_mount(directory))
}

fn parts(
    directory: &Path,
    options: &Options,
    layers: Layers,
    notices: &mut dyn FnMut(Notice),
    watch: &Watch,
) -> Result<Vec<Part>, PackError> {
    let Some((mut split, plan)) = Split::new(directory, options, layers, watch)? else {
        let survey = survey(directory, options, notices, watch)?;
        let selection = None;
        return Ok(vec![Part { survey, selection }]);
    };
    let plan = plan.map(Arc::new);
    let mut members: Box<dyn Members> = match &plan {
        // Nothing is read.
        Some(plan) => Box::new(Replay::new(directory, Arc::clone(plan), None)),
        None => Box::new(Walk::new(directory, looks(options), options.mounts())?),
    };
    let sketches = sketch(&mut *members, options, &mut split, notices, watch)?;
    let split = Arc::new(split);
    let sketches = sketches.into_iter().enumerate();
    let parts = sketches.filter(|(_, sketch)| sketch.members > 0);
    let parts = parts.map(|(layer, sketch)| Part {
        survey: Survey {
            members: sketch.members,
            bytes: sketch.bytes,
            fingerprint: sketch.fingerprinter.finish(),
        },
        selection: Some(Selection {
            split: Arc::clone(&split),
            layer,
            plan: plan.clone(),
        }),
    });
    Ok(parts.collect())
}

impl Packer {
    /// A packer of one layer alone. If the directory is no longer what it was when it was divided,
    /// packing fails.
    #[must_use]
    pub fn of(mut self, part: Part) -> Self {
        self.part = Some(part);
        self
    }

    /// How many of these layers are worth packing at once, with clones of this packer: while one is
    /// begun or comes to its end, or its one thread that hashes is busy, another has the processors.
    /// libzstd has memory of its own for each layer, so there it is one.
    #[must_use]
    pub fn side_by_side(&self, parts: &[Part]) -> NonZeroUsize {
        let threads = self.threads.get();
        let is_worth_it = parts.len() > 1
            && threads > 1
            && self.options.compression != Compression::Zstd
            && parts.iter().all(Part::may_be_beside_others);
        match is_worth_it {
            true => NonZeroUsize::new((threads / 4).clamp(2, 8)).unwrap_or(NonZeroUsize::MIN),
            false => NonZeroUsize::MIN,
        }
    }
}

/// What is known of a layer so far.
struct Sketch {
    members: u64,
    bytes: u64,
    fingerprinter: Fingerprinter,
}

fn sketch(
    walk: &mut dyn Members,
    options: &Options,
    split: &mut Split,
    notices: &mut dyn FnMut(Notice),
    watch: &Watch,
) -> Result<Vec<Sketch>, PackError> {
    let blank = || Sketch {
        members: 0,
        bytes: 0,
        fingerprinter: Fingerprinter::new(),
    };
    let mut sketches: Vec<Sketch> = std::iter::repeat_with(blank).take(split.layers()).collect();
    let mut census = Census::new(options, notices);
    let mut trail = Trail::default();
    let mut links = Links::default();
    while let Some(entry) = walk.next()? {
        if watch.is_cancelled() {
            return Err(PackError::Cancelled);
        }
        if census.leaves_out(walk, &entry) {
            continue;
        }
        let mut layer = trail.go(split, walk.path(), &entry);
        let attributes = attributes(walk, &entry, options)?;
        if entry.kind == Kind::Directory {
            trail.set_mode(census.keeper.mode(walk.path(), &entry, &attributes));
        }
        if entry.kind == Kind::File && entry.links > 1 {
            let first = links.layer_of(entry.stamp.file, entry.links, layer);
            if first != layer {
                split.join(entry.stamp.file, first);
                layer = first;
            }
        }
        split.note_guest(trail.around(), walk.path(), layer);
        let sketch = &mut sketches[layer];
        for above in trail.missing(layer) {
            let path = &walk.path()[..above.length];
            sketch.fingerprinter.add_above(path, above.mode);
        }
        match census.see(walk, &entry)? {
            Fate::Packed { target } => {
                census.see_attributes(walk, &entry, &attributes)?;
                sketch.fingerprinter.add(walk.path(), &entry, &target);
                sketch.members += 1;
                if entry.kind == Kind::File {
                    sketch.bytes += entry.stamp.size;
                }
            }
            Fate::LeftOut => sketch.fingerprinter.add(walk.path(), &entry, b""),
        }
    }
    census.finish();
    Ok(sketches)
}

/// Files of which not all names were seen yet.
#[derive(Default)]
struct Links(HashMap<FileId, Link>);

struct Link {
    layer: usize,
    left: u64,
}

impl Links {
    /// The layer of a file's first name; that is `layer`, if this is the first.
    fn layer_of(&mut self, file: FileId, names: u64, layer: usize) -> usize {
        let link = self.0.entry(file).or_insert(Link { layer, left: names });
        // A file that gets a name meanwhile fails when its directory turns out to have changed.
        link.left = link.left.saturating_sub(1);
        let (layer, left) = (link.layer, link.left);
        if left == 0 {
            self.0.remove(&file);
        }
        layer
    }
}
