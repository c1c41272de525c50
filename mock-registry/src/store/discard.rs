//! Nothing but digests and sizes.

use std::any::Any;
use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use longshore_protocol::Digest;

use super::memory::Whole;
use super::{BlobReader, BlobWriter, Store, foreign_writer};

/// A store that throws blobs away once they are hashed, for pushes too large to keep.
///
/// Small blobs stay, since configs are read back to judge manifests. A large one answers `HEAD`
/// with its true size and reads as zeros.
#[derive(Debug, Default)]
pub struct Discard {
    small: BTreeMap<Digest, Bytes>,
    large: BTreeMap<Digest, u64>,
}

impl Store for Discard {
    fn start(&mut self) -> io::Result<Box<dyn BlobWriter>> {
        Ok(Box::new(Counting::default()))
    }

    fn commit(&mut self, writer: Box<dyn BlobWriter>, digest: &Digest) -> io::Result<()> {
        let counting = writer.into_any().downcast::<Counting>();
        let counting = counting.map_err(|_| foreign_writer())?;
        if counting.length == counting.head.len() as u64 {
            self.put(digest, counting.head.into())
        } else {
            self.large.insert(digest.clone(), counting.length);
            Ok(())
        }
    }

    fn put(&mut self, digest: &Digest, bytes: Bytes) -> io::Result<()> {
        self.small.insert(digest.clone(), bytes);
        Ok(())
    }

    fn size(&self, digest: &Digest) -> Option<u64> {
        let small = self.small.get(digest).map(|bytes| bytes.len() as u64);
        small.or_else(|| self.large.get(digest).copied())
    }

    fn open(&self, digest: &Digest) -> io::Result<Option<Box<dyn BlobReader>>> {
        if let Some(bytes) = self.small.get(digest) {
            return Ok(Some(Box::new(Whole(bytes.clone()))));
        }
        let large = self.large.get(digest);
        Ok(large.map(|length| Box::new(Zeros(*length)) as Box<dyn BlobReader>))
    }

    fn remove(&mut self, digest: &Digest) -> io::Result<()> {
        self.small.remove(digest);
        self.large.remove(digest);
        Ok(())
    }
}

#[derive(Default)]
struct Counting {
    head: Vec<u8>,
    length: u64,
}

impl BlobWriter for Counting {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        let room = SMALL.saturating_sub(self.head.len()).min(piece.len());
        if self.length == self.head.len() as u64 {
            self.head.extend_from_slice(&piece[..room]);
        }
        self.length += piece.len() as u64;
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.length = self.length.min(length);
        self.head
            .truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }

    fn reread(&mut self, take: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        let all_kept = self.head.len() as u64 == self.length;
        if all_kept {
            take(&self.head);
        }
        Ok(all_kept)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

struct Zeros(u64);

impl BlobReader for Zeros {
    fn read(&mut self, offset: u64, most: usize) -> io::Result<Bytes> {
        static PAGE: [u8; 64 << 10] = [0; 64 << 10];
        let left = usize::try_from(self.0.saturating_sub(offset)).unwrap_or(usize::MAX);
        Ok(Bytes::from_static(&PAGE[..left.min(most).min(PAGE.len())]))
    }
}

/// Blobs of at most this many bytes are kept.
const SMALL: usize = 1 << 20;
