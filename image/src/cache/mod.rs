//! What is known of trees packed before.
//!
//! ```text
//! DIRECTORY/v1/layers/KEY   the layer that a tree in this state makes, with these options
//! DIRECTORY/v1/places/HEX   where the blob of this digest has been pushed to
//! DIRECTORY/v1/trees/HEX    that a layer of the tree in this directory was remembered
//! ```
//!
//! Every file is written under another name and renamed, so it is whole or not there, whatever ends
//! the program and however many run at once. The first line is a checksum of the rest: a file that
//! was damaged, or is of another version, counts as absent. Nothing is locked.
//!
//! What is here is a memory and not a truth: a layer's digest is good enough to ask a registry
//! whether it has the layer, and if it has not, the tree is packed.

mod file;
mod fingerprint;
mod key;
mod layer;
mod places;
mod size;
mod trees;

use std::io;
use std::path::{Path, PathBuf};

use longshore_protocol::Digest;

use crate::pack::Layer;

pub use fingerprint::Fingerprint;
pub(crate) use fingerprint::Fingerprinter;
pub use key::Key;
pub use places::Place;
pub use size::CacheSize;

/// A directory in which layers are remembered. Nothing is looked at or made before it is used.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache in `directory`, which may be shared with other programs of any version.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self {
            root: directory.to_owned(),
        }
    }

    /// The layer of a tree and options with this key, if it is remembered. It is used, and so it is
    /// forgotten later than others.
    #[must_use]
    pub fn layer(&self, key: &Key) -> Option<Layer> {
        let path = self.layers().join(key.name());
        let layer = layer::parse(&file::read(&path)?, key)?;
        file::touch(&path);
        Some(layer)
    }

    /// Remembers the layer of a tree and options with this key. Where there are too many, those
    /// that were not used for longest are forgotten.
    ///
    /// # Errors
    ///
    /// The disk is full, or it is no place to write to. Nothing is lost then.
    pub fn keep_layer(&self, key: &Key, layer: &Layer) -> io::Result<()> {
        let folder = self.layers();
        file::write(&folder, &key.name(), &layer::text(key, layer))?;
        size::bound(&folder)
    }

    /// Whether a layer of the tree in `directory` may be remembered: if not, there is no reason to
    /// look at the tree before it is packed.
    #[must_use]
    pub fn may_know(&self, directory: &Path) -> bool {
        let name = trees::name(directory);
        name.is_some_and(|name| {
            let path = self.folder("trees").join(&name);
            let is_known = file::read(&path).is_some_and(|text| text == name);
            if is_known {
                file::touch(&path);
            }
            is_known
        })
    }

    /// Remembers that there is a layer of the tree in `directory`.
    ///
    /// # Errors
    ///
    /// As [`keep_layer`](Self::keep_layer).
    pub fn keep_tree(&self, directory: &Path) -> io::Result<()> {
        let Some(name) = trees::name(directory) else {
            return Ok(());
        };
        let folder = self.folder("trees");
        file::write(&folder, &name, &name)?;
        size::bound(&folder)
    }

    /// Forgets what turned out to be wrong.
    pub fn forget_layer(&self, key: &Key) {
        // If it cannot be removed now, it will turn out to be wrong again.
        let _ = std::fs::remove_file(self.layers().join(key.name()));
    }

    /// Where the blob with this digest has been pushed to, the latest first.
    #[must_use]
    pub fn places(&self, blob: &Digest) -> Vec<Place> {
        let path = self.folder("places").join(blob.hex());
        file::read(&path)
            .and_then(|text| places::parse(&text, blob))
            .unwrap_or_default()
    }

    /// Remembers that the blob with this digest is in `place`. Two programs that do so at once may
    /// overlook each other, which costs an upload some day.
    ///
    /// # Errors
    ///
    /// As [`keep_layer`](Self::keep_layer).
    pub fn keep_place(&self, blob: &Digest, place: Place) -> io::Result<()> {
        let known = self.places(blob);
        if known.first() == Some(&place) {
            return Ok(());
        }
        let folder = self.folder("places");
        file::write(&folder, blob.hex(), &places::text(blob, place, known))?;
        size::bound(&folder)
    }

    /// How large it is.
    ///
    /// # Errors
    ///
    /// It cannot be read. That there is none is no error.
    pub fn size(&self) -> io::Result<CacheSize> {
        size::measure(&self.root)
    }

    /// Forgets everything, and says how much that was. A push that runs meanwhile goes on.
    ///
    /// # Errors
    ///
    /// Something cannot be removed.
    pub fn prune(&self) -> io::Result<CacheSize> {
        size::clear(&self.root)
    }

    fn layers(&self) -> PathBuf {
        self.folder("layers")
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.root.join(VERSION).join(name)
    }
}

/// Another one for files that this version could not read.
const VERSION: &str = "v1";

#[cfg(test)]
mod tests;
