//! A layer in a temporary file.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::{Layer, Packer, Watch};
use crate::cache::Fingerprint;
use crate::error::PackError;
use crate::notice::Notice;

impl Packer {
    /// Packs `directory` into a temporary file in `spool`, which needs room for the whole layer.
    ///
    /// The file has no name, so nothing of it remains when the process ends, however it ends.
    ///
    /// # Errors
    ///
    /// As [`pack`](Self::pack), and [`PackError::Spool`].
    pub fn pack_to_spool(
        &self,
        directory: &Path,
        spool: &Path,
        notices: &mut dyn FnMut(Notice),
        watch: &Watch,
    ) -> Result<SpooledLayer, PackError> {
        let spoiled = |source| PackError::Spool {
            directory: spool.to_owned(),
            source,
        };
        let file = tempfile::tempfile_in(spool).map_err(spoiled)?;
        let packed = self.pack_and_look(directory, &file, self.buffers.clone(), notices, watch);
        let (layer, fingerprint) = packed.map_err(|error| match error {
            PackError::Sink(source) => spoiled(source),
            other => other,
        })?;
        Ok(SpooledLayer::new(layer, fingerprint, Arc::new(file)))
    }
}

/// A layer whose bytes lie in a temporary file, which goes away with the last clone and reader.
#[derive(Clone, Debug)]
pub struct SpooledLayer {
    layer: Layer,
    fingerprint: Fingerprint,
    file: Arc<File>,
}

impl SpooledLayer {
    pub(super) fn new(layer: Layer, fingerprint: Fingerprint, file: Arc<File>) -> Self {
        Self {
            layer,
            fingerprint,
            file,
        }
    }

    /// What the file holds.
    #[must_use]
    pub fn layer(&self) -> &Layer {
        &self.layer
    }

    /// The state that the tree was in when it was packed.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// A reader of the layer's bytes from `offset` on. Any number of them may read at once, each at
    /// its own place.
    #[must_use]
    pub fn open_at(&self, offset: u64) -> SpoolReader {
        let remaining = self.layer.content.size.saturating_sub(offset);
        SpoolReader {
            file: Arc::clone(&self.file),
            offset,
            remaining,
        }
    }
}

/// Reads a [`SpooledLayer`] from some offset to its end.
#[derive(Debug)]
pub struct SpoolReader {
    file: Arc<File>,
    offset: u64,
    remaining: u64,
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let limit = usize::try_from(self.remaining)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if limit == 0 {
            return Ok(0);
        }
        let count = self.file.read_at(&mut buffer[..limit], self.offset)?;
        if count == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the temporary file with the layer became shorter",
            ));
        }
        self.offset += count as u64;
        self.remaining -= count as u64;
        Ok(count)
    }
}
