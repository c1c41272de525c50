//! Everything in memory.

use std::any::Any;
use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use longshore_protocol::Digest;

use super::{BlobReader, BlobWriter, Store, foreign_writer};

/// A store in memory, gone with the process.
#[derive(Debug, Default)]
pub struct Memory {
    blobs: BTreeMap<Digest, Bytes>,
}

impl Store for Memory {
    fn start(&mut self) -> io::Result<Box<dyn BlobWriter>> {
        Ok(Box::new(Growing(Vec::new())))
    }

    fn commit(&mut self, writer: Box<dyn BlobWriter>, digest: &Digest) -> io::Result<()> {
        let growing = writer.into_any().downcast::<Growing>();
        let bytes = growing.map_err(|_| foreign_writer())?.0;
        self.blobs
            .entry(digest.clone())
            .or_insert_with(|| bytes.into());
        Ok(())
    }

    fn put(&mut self, digest: &Digest, bytes: Bytes) -> io::Result<()> {
        self.blobs.entry(digest.clone()).or_insert(bytes);
        Ok(())
    }

    fn size(&self, digest: &Digest) -> Option<u64> {
        self.blobs.get(digest).map(|bytes| bytes.len() as u64)
    }

    fn open(&self, digest: &Digest) -> io::Result<Option<Box<dyn BlobReader>>> {
        let blob = self.blobs.get(digest);
        Ok(blob.map(|bytes| Box::new(Whole(bytes.clone())) as Box<dyn BlobReader>))
    }

    fn remove(&mut self, digest: &Digest) -> io::Result<()> {
        self.blobs.remove(digest);
        Ok(())
    }
}

/// Reads from bytes in memory.
pub(super) struct Whole(pub(super) Bytes);

impl BlobReader for Whole {
    fn read(&mut self, offset: u64, most: usize) -> io::Result<Bytes> {
        let length = self.0.len();
        let from = usize::try_from(offset).unwrap_or(length).min(length);
        let to = from.saturating_add(most).min(length);
        Ok(self.0.slice(from..to))
    }
}

struct Growing(Vec<u8>);

impl BlobWriter for Growing {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(piece);
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0
            .truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }

    fn reread(&mut self, take: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        take(&self.0);
        Ok(true)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
