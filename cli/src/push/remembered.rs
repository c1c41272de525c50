//! A layer that is known from an earlier push, and packed only if somebody asks for its bytes.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use longshore_image::{Key, Layer, Packer, Part, Spooling, Watch};

use super::layer::Maker;
use crate::plan::Sending;

/// What an unchanged tree made when it was packed.
pub(super) struct Remembered {
    pub(super) layer: Layer,
    pub(super) key: Key,
    packer: Packer,
    directory: PathBuf,
    /// None to keep no file.
    spool: Option<PathBuf>,
    watch: Watch,
    /// Once somebody has asked for bytes.
    spooling: Mutex<Option<Spooling>>,
}

impl Remembered {
    pub(super) fn new(layer: Layer, key: Key, maker: &Maker<'_>, part: Part) -> Self {
        let packing = maker.packing;
        Self {
            layer,
            key,
            packer: maker.packer.clone().of(part),
            directory: maker.directory.to_owned(),
            spool: (maker.sending != Sending::Stream).then(|| packing.spool.clone()),
            watch: maker.watch.clone(),
            spooling: Mutex::new(None),
        }
    }

    /// Opens the layer's bytes at `offset`: packs the tree, if nobody has asked before. What is
    /// packed is read while the packer works, so that the registry does not have to wait. Where no
    /// file is kept, the tree is packed each time.
    pub(super) fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let Some(spool) = &self.spool else {
            let mut stream = self
                .packer
                .pack_stream(self.directory.clone(), |_| {}, self.watch.clone())
                .map_err(io::Error::other)?;
            io::copy(&mut stream.by_ref().take(offset), &mut io::sink())?;
            return Ok(Box::new(stream));
        };
        let mut spooling = self.spooling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(spooling) = &*spooling {
            return Ok(Box::new(spooling.open_at(offset)));
        }
        let started = self
            .packer
            .start_to_spool(self.directory.clone(), spool, |_| {}, self.watch.clone())
            .map_err(io::Error::other)?;
        Ok(Box::new(spooling.insert(started).open_at(offset)))
    }

    /// Whether the tree was packed and made something else: a file changed and does not look it,
    /// or has changed since it was looked at.
    pub(super) fn is_refuted(&self) -> bool {
        let spooling = self.spooling.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = spooling.as_ref().and_then(Spooling::outcome);
        matches!(outcome, Some(Ok(spooled)) if *spooled.layer() != self.layer)
    }
}
