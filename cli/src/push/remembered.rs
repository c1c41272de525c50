//! A layer that is known from an earlier push, and packed only if somebody asks for its bytes.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use longshore_image::{Key, Layer, Packer, Spooling, SpoolingReader, Watch};

use crate::plan::Packing;

/// What an unchanged tree made when it was packed.
pub(super) struct Remembered {
    pub(super) layer: Layer,
    pub(super) key: Key,
    directory: PathBuf,
    packing: Packing,
    watch: Watch,
    /// Once somebody has asked for bytes.
    spooling: Mutex<Option<Spooling>>,
}

impl Remembered {
    pub(super) fn new(
        layer: Layer,
        key: Key,
        directory: PathBuf,
        packing: &Packing,
        watch: Watch,
    ) -> Self {
        Self {
            layer,
            key,
            directory,
            packing: packing.clone(),
            watch,
            spooling: Mutex::new(None),
        }
    }

    /// Opens the layer's bytes at `offset`: packs the tree, if nobody has asked before. What is
    /// packed is read while the packer works, so that the registry does not have to wait.
    pub(super) fn open_at(&self, offset: u64) -> io::Result<SpoolingReader> {
        let mut spooling = self.spooling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(spooling) = &*spooling {
            return Ok(spooling.open_at(offset));
        }
        let started = Packer::new(self.packing.options.clone())
            .start_to_spool(
                self.directory.clone(),
                &self.packing.spool,
                self.watch.clone(),
            )
            .map_err(io::Error::other)?;
        Ok(spooling.insert(started).open_at(offset))
    }

    /// Whether the tree was packed and made something else: a file changed and does not look it,
    /// or has changed since it was looked at.
    pub(super) fn is_refuted(&self) -> bool {
        let spooling = self.spooling.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = spooling.as_ref().and_then(Spooling::outcome);
        matches!(outcome, Some(Ok(spooled)) if *spooled.layer() != self.layer)
    }
}
