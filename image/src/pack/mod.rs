//! Packing a directory into one layer.

mod blocks;
mod census;
mod compression;
mod default_acls;
mod divide;
mod form;
mod gzip;
mod keeper;
mod layer;
mod pipeline;
mod pool;
mod share;
mod slots;
mod split;
mod spool;
mod spooling;
mod stream;
mod survey;
mod trail;
mod tree;
mod watch;
mod weigh;
mod zstd;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;

use crate::cache::Fingerprint;
use crate::error::{Change, PackError};
use crate::notice::Notice;
use crate::walk::Mounts;
use pipeline::{Buffers, Pipeline};
use tree::Tree;

pub use compression::{Compression, Level};
pub use divide::{Part, divide};
pub use keeper::Preserve;
pub use layer::{Layer, Summary};
pub use split::Layers;
pub use spool::{SpoolReader, SpooledLayer};
pub use spooling::{Spooling, SpoolingReader};
pub use stream::LayerStream;
pub use survey::{Survey, survey};
pub use watch::Watch;

/// What a [`Packer`] does with a tree.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The form of the layer.
    pub compression: Compression,
    /// How hard to compress.
    pub level: Level,
    /// Threads that compress. If not given, as many as this process may use processors, but no more
    /// than 32: one thread has to hash the stream, and more than that it cannot keep up with. They
    /// do not change the bytes.
    pub threads: Option<NonZeroUsize>,
    /// No member gets a later time than this one, in seconds since 1970
    /// (<https://reproducible-builds.org/specs/source-date-epoch/>).
    pub source_date_epoch: Option<u64>,
    /// Fail at the first file that would not arrive as it is: a device, FIFO or socket, a set-ID
    /// bit, a capability, an ACL, another extended attribute or an owner that is not preserved.
    pub strict: bool,
    /// What is kept that Charliecloud leaves out.
    pub preserve: Preserve,
    /// The permission bits of the root directory, instead of its own.
    pub root_mode: Option<u32>,
    /// Pack what is mounted in the tree as a part of it. Otherwise there is an empty directory, or an
    /// empty file where something is mounted over a file, of root and with the time 0, and
    /// [`Notice::MountPoint`] tells of it; all that is seen there is of what is mounted. The directory
    /// to pack may itself be a mount point.
    pub cross_mounts: bool,
    /// Have [`survey`](survey()) and [`divide`](divide()) open each file and look at its extended attributes, so
    /// that they tell what a packer would tell of those. They cost a call for each file, and two on
    /// most file servers. Does not change the bytes.
    pub look_at_attributes: bool,
}

/// Packs a directory into one layer, or into [one of several](divide()).
///
/// The members are those that Charliecloud's `ch-image push` writes: sorted by name within each
/// directory, parents first, names beginning with `./`, owned by root:root (0:0), without
/// set-user-ID and set-group-ID bits, without the build cache's files. Modes with the sticky bit,
/// hard links and modification times are kept. Differences:
///
/// - Times are whole seconds, rounded down. Charliecloud writes the fraction into a pax record of
///   each member, a kilobyte apiece, and most of those who unpack layers drop it.
/// - Devices, FIFOs and sockets are left out and counted; Charliecloud stops.
/// - Hard-linked symbolic links become separate links, of which nothing can tell the difference.
///
/// Extended attributes are not stored, file capabilities (`security.capability`) among them: like
/// set-user-ID bits, they would hand out privileges of the user who unpacks the image. They are told and
/// counted, and so are owners that are not the usual ones; [`Preserve`] keeps them. Where there is an
/// ACL, the group bits of the mode are those of the owning group, and not the ACL's mask.
///
/// The same tree and options give the same bytes on any machine, at any time, with any number of
/// threads.
///
/// Clones may pack several layers [into spools](Self::start_to_spool) side by side: they take hardly
/// more memory than one does.
#[derive(Clone, Debug)]
pub struct Packer {
    options: Options,
    threads: NonZeroUsize,
    /// What clones share. Only those who write into files use it: a stream that is read late would
    /// hold up the others.
    buffers: Buffers,
    /// The layer to pack; everything, if there is none.
    part: Option<Part>,
}

impl Options {
    fn mounts(&self) -> Mounts {
        match self.cross_mounts {
            true => Mounts::Entered,
            false => Mounts::LeftOut,
        }
    }
}

impl Packer {
    /// A packer with these options.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let available = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = options
            .threads
            .unwrap_or_else(|| available().min(MOST_THREADS));
        Self {
            options,
            threads,
            buffers: Buffers::new(threads),
            part: None,
        }
    }

    /// Packs `directory` into `sink`, in one pass over it.
    ///
    /// `directory` itself may be a symbolic link; those inside are packed as links. Memory grows
    /// with the number of threads (some 4 MiB each) and with the largest directory's names, not
    /// with the tree. `notices` is called on this thread, `sink` on another.
    ///
    /// # Errors
    ///
    /// Any file that cannot be read or changes while it is packed, a failing sink, and
    /// cancellation. What `sink` has taken until then is of no use.
    pub fn pack(
        &self,
        directory: &Path,
        sink: impl Write + Send,
        notices: &mut dyn FnMut(Notice),
        watch: &Watch,
    ) -> Result<Layer, PackError> {
        let buffers = Buffers::new(self.threads);
        let (layer, _) = self.pack_and_look(directory, sink, buffers, notices, watch)?;
        Ok(layer)
    }

    /// As [`pack`](Self::pack), and says in which state the tree was.
    fn pack_and_look(
        &self,
        directory: &Path,
        sink: impl Write + Send,
        buffers: Buffers,
        notices: &mut dyn FnMut(Notice),
        watch: &Watch,
    ) -> Result<(Layer, Fingerprint), PackError> {
        let pipeline = Pipeline {
            compression: self.options.compression,
            level: self.options.level,
            threads: self.threads,
            buffers,
        };
        let selection = self.part.as_ref().and_then(|part| part.selection.as_ref());
        let tree = Tree::new(&self.options, selection, notices, watch);
        let packed = pipeline.run(sink, |blocks| tree.write(directory, blocks));
        let packed = packed.map_err(|error| error.at_mount(directory));
        let ((summary, fingerprint), streams) = packed?;
        if let Some(Part {
            survey,
            selection: Some(_),
        }) = &self.part
            && survey.fingerprint != fingerprint
        {
            // What has moved from one layer to another would be in both, or in none.
            return Err(PackError::Changed {
                path: directory.to_owned(),
                change: Change::Touched,
            });
        }
        let layer = Layer {
            content: streams.content,
            diff_id: streams.diff_id,
            uncompressed_size: streams.uncompressed_size,
            compression: self.options.compression,
            summary,
        };
        Ok((layer, fingerprint))
    }
}

impl Default for Packer {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

/// Threads that are started without being asked for.
const MOST_THREADS: NonZeroUsize = NonZeroUsize::new(32).expect("not zero");

#[cfg(test)]
mod tests;
