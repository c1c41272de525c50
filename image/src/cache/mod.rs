//! What is known of trees packed before.
//!
//! ```text
//! DIRECTORY/v1/layers/KEY   the layer that a tree in this state makes, with these options
//! DIRECTORY/v1/limits/HEX   how much the registry of this name takes in one request
//! DIRECTORY/v1/places/HEX   where the blob of this digest has been pushed to
//! DIRECTORY/v1/trees/HEX    that a layer of the tree in this directory was remembered
//! ```
//!
//! Every file is written under another name and renamed, so it is whole or not there, whatever ends
//! the program and however many run at once. The first line is a checksum of the rest: a file that
//! was damaged, or is of another version, counts as absent. Nothing is locked.
//!
//! A file `CACHEDIR.TAG` marks the directory as a cache. Without it, a directory that has anything in
//! it is not used. Of what is in it, only regular files with names that the cache gives are ever
//! removed, and only what this user or root alone may write to is believed.
//!
//! What is here is a memory and not a truth: a layer's digest is good enough to ask a registry
//! whether it has the layer, and if it has not, the tree is packed.

mod error;
mod fingerprint;
mod folder;
mod key;
mod layer;
mod limits;
mod places;
mod size;
mod trees;

use std::ffi::CString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use longshore_protocol::Digest;

use crate::pack::Layer;

use folder::{Folder, Root, touch};

pub use error::CacheError;
pub use fingerprint::Fingerprint;
pub(crate) use fingerprint::Fingerprinter;
pub use key::Key;
pub use places::Place;
pub use size::CacheSize;

/// A directory in which layers are remembered. Nothing is looked at or made before it is used, and
/// then it is opened once. Clones share it.
#[derive(Clone, Debug)]
pub struct Cache {
    path: PathBuf,
    opened: Arc<Mutex<Option<Arc<Root>>>>,
}

impl Cache {
    /// The cache in `directory`, which may be shared with other programs of any version.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self {
            path: directory.to_owned(),
            opened: Arc::default(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.path
    }

    /// Whether the directory can be used as a cache, or made one.
    ///
    /// # Errors
    ///
    /// Why not. Until that is mended, nothing is found in it, and nothing kept.
    pub fn check(&self) -> Result<(), CacheError> {
        self.root(Absent::None).map(drop)
    }

    /// The layer of a tree and options with this key, if it is remembered. It is used, and so it is
    /// forgotten later than others.
    #[must_use]
    pub fn layer(&self, key: &Key) -> Option<Layer> {
        let (text, file) = self.known(LAYERS)?.read(&key.name())?;
        let layer = layer::parse(&text, key)?;
        touch(&file);
        Some(layer)
    }

    /// Remembers the layer of a tree and options with this key. Where there are too many, those
    /// that were not used for longest are forgotten.
    ///
    /// # Errors
    ///
    /// The disk is full, or it is no place to write to. Nothing is lost then.
    pub fn keep_layer(&self, key: &Key, layer: &Layer) -> Result<(), CacheError> {
        self.keep(LAYERS, &key.name(), &layer::text(key, layer))
    }

    /// Whether a layer of the tree in `directory` may be remembered: if not, there is no reason to
    /// look at the tree before it is packed.
    #[must_use]
    pub fn may_know(&self, directory: &Path) -> bool {
        let name = trees::name(directory);
        name.is_some_and(|name| {
            let known = self.known(TREES).and_then(|folder| folder.read(&name));
            known.is_some_and(|(text, file)| {
                touch(&file);
                text == name
            })
        })
    }

    /// Remembers that there is a layer of the tree in `directory`.
    ///
    /// # Errors
    ///
    /// As [`keep_layer`](Self::keep_layer).
    pub fn keep_tree(&self, directory: &Path) -> Result<(), CacheError> {
        match trees::name(directory) {
            Some(name) => self.keep(TREES, &name, &name),
            None => Ok(()),
        }
    }

    /// Forgets what turned out to be wrong.
    pub fn forget_layer(&self, key: &Key) {
        if let (Some(folder), Ok(name)) = (self.known(LAYERS), CString::new(key.name())) {
            // If it cannot be removed now, it will turn out to be wrong again.
            let _ = folder.remove(&name);
        }
    }

    /// Where the blob with this digest has been pushed to, the latest first.
    #[must_use]
    pub fn places(&self, blob: &Digest) -> Vec<Place> {
        let known = self
            .known(PLACES)
            .and_then(|folder| folder.read(blob.hex()));
        known
            .and_then(|(text, _)| places::parse(&text, blob))
            .unwrap_or_default()
    }

    /// Remembers that the blob with this digest is in `place`. Two programs that do so at once may
    /// overlook each other, which costs an upload some day.
    ///
    /// # Errors
    ///
    /// As [`keep_layer`](Self::keep_layer).
    pub fn keep_place(&self, blob: &Digest, place: Place) -> Result<(), CacheError> {
        let known = self.places(blob);
        if known.first() == Some(&place) {
            return Ok(());
        }
        self.keep(PLACES, blob.hex(), &places::text(blob, place, known))
    }

    /// The largest part of a blob, in bytes, that the registry (`host` or `host:port`) took in one
    /// request after it had refused more, as far as that was found out in the last 30 days.
    #[must_use]
    pub fn largest_chunk(&self, registry: &str) -> Option<u64> {
        let name = limits::name(registry);
        let (text, file) = self.known(LIMITS)?.read(&name)?;
        limits::parse(&text, registry).filter(|_| !limits::is_old(&file))
    }

    /// Remembers that a registry takes parts of `bytes` bytes and no more.
    ///
    /// # Errors
    ///
    /// As [`keep_layer`](Self::keep_layer).
    pub fn keep_largest_chunk(&self, registry: &str, bytes: u64) -> Result<(), CacheError> {
        let text = limits::text(registry, bytes);
        self.keep(LIMITS, &limits::name(registry), &text)
    }

    /// How large it is.
    ///
    /// # Errors
    ///
    /// It cannot be read. That there is none is no error.
    pub fn size(&self) -> Result<CacheSize, CacheError> {
        match self.root(Absent::None)? {
            Some(root) => size::measure(&root),
            None => Ok(CacheSize::default()),
        }
    }

    /// Forgets everything, and says how much that was. A push that runs meanwhile goes on.
    ///
    /// # Errors
    ///
    /// Something cannot be removed.
    pub fn prune(&self) -> Result<CacheSize, CacheError> {
        match self.root(Absent::None)? {
            Some(root) => size::clear(&root),
            None => Ok(CacheSize::default()),
        }
    }

    /// A folder from which something is wanted, if it can be used.
    fn known(&self, folder: &str) -> Option<Folder> {
        let root = self.root(Absent::None).ok()??;
        root.folder(VERSION, folder).ok()?
    }

    fn keep(&self, folder: &str, name: &str, text: &str) -> Result<(), CacheError> {
        let root = self.root(Absent::Made)?;
        let root = root.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let folder = root.make_folder(VERSION, folder)?;
        folder.keep(name, text)?;
        Ok(size::bound(&folder)?)
    }

    fn root(&self, absent: Absent) -> Result<Option<Arc<Root>>, CacheError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.is_none() {
            *opened = match absent {
                Absent::None => Root::open(&self.path)?.map(Arc::new),
                Absent::Made => Some(Arc::new(Root::make(&self.path)?)),
            };
        }
        Ok(opened.clone())
    }
}

/// What is done where there is no cache.
#[derive(Clone, Copy)]
enum Absent {
    None,
    Made,
}

const LAYERS: &str = "layers";
const LIMITS: &str = "limits";
const PLACES: &str = "places";
const TREES: &str = "trees";

/// Another one for files that this version could not read.
const VERSION: &str = "v1";

#[cfg(test)]
mod tests;
