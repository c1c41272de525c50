//! Where the bytes go.

mod directory;
mod discard;
mod memory;

use std::io;

use bytes::Bytes;
use longshore_protocol::Digest;
use serde::{Deserialize, Serialize};

pub use directory::Directory;
pub use discard::Discard;
pub use memory::Memory;

/// Storage of blobs by digest, and a journal of what names them.
///
/// A store trusts its caller: digests were verified before [`commit`](Store::commit).
pub trait Store: Send {
    /// A writer for a new blob. It works without the store, so that several can be written at once.
    ///
    /// # Errors
    /// The storage is broken.
    fn start(&mut self) -> io::Result<Box<dyn BlobWriter>>;

    /// Keeps what was written under its digest. A blob that is there already stays as it is.
    ///
    /// # Errors
    /// The storage is broken; the writer's bytes are gone.
    fn commit(&mut self, writer: Box<dyn BlobWriter>, digest: &Digest) -> io::Result<()>;

    /// Keeps bytes that can always be read back, whatever their size: manifests.
    ///
    /// # Errors
    /// The storage is broken.
    fn put(&mut self, digest: &Digest, bytes: Bytes) -> io::Result<()>;

    /// The size of a blob in bytes, if it is there.
    fn size(&self, digest: &Digest) -> Option<u64>;

    /// A reader of a blob, or `None` if it is not there. It works without the store.
    ///
    /// # Errors
    /// The storage is broken.
    fn open(&self, digest: &Digest) -> io::Result<Option<Box<dyn BlobReader>>>;

    /// Forgets a blob, if it is there.
    ///
    /// # Errors
    /// The storage is broken.
    fn remove(&mut self, digest: &Digest) -> io::Result<()>;

    /// Notes a change for the next start. A store that does not survive does nothing.
    ///
    /// # Errors
    /// The storage is broken.
    fn record(&mut self, change: &Change) -> io::Result<()> {
        let _ = change;
        Ok(())
    }

    /// The changes noted by earlier runs, in their order.
    ///
    /// # Errors
    /// The storage is broken.
    fn recall(&mut self) -> io::Result<Vec<Change>> {
        Ok(Vec::new())
    }
}

/// A blob being written. Dropping it gives up what was written.
pub trait BlobWriter: Send {
    /// Appends.
    ///
    /// # Errors
    /// The storage is broken.
    fn write(&mut self, piece: &[u8]) -> io::Result<()>;

    /// Cuts it back to its first `length` bytes.
    ///
    /// # Errors
    /// The storage is broken.
    fn truncate(&mut self, length: u64) -> io::Result<()>;

    /// Hands everything written so far to `take`, piece by piece, and says whether it could: a
    /// store that keeps nothing cannot.
    ///
    /// # Errors
    /// The storage is broken.
    fn reread(&mut self, take: &mut dyn FnMut(&[u8])) -> io::Result<bool>;

    /// Lets go of what is needed only while writing, like an open file. Writing may go on later.
    fn park(&mut self) {}

    /// The writer as what it is, so that its own store can take it back.
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any>;
}

/// A blob being read.
pub trait BlobReader: Send {
    /// The bytes from `offset` on, at most `most` of them; none only at the end.
    ///
    /// # Errors
    /// The storage is broken.
    fn read(&mut self, offset: u64, most: usize) -> io::Result<Bytes>;
}

/// A change to what names the stored bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum Change {
    /// A repository was created.
    Repository {
        /// Its name.
        name: String,
    },
    /// A blob was linked into a repository.
    Blob {
        /// The repository.
        name: String,
        /// The blob.
        digest: Digest,
    },
    /// A blob was removed from a repository.
    BlobGone {
        /// The repository.
        name: String,
        /// The blob.
        digest: Digest,
    },
    /// A manifest was stored.
    Manifest {
        /// The repository.
        name: String,
        /// The manifest.
        digest: Digest,
        /// Its media type.
        media_type: String,
    },
    /// A manifest was removed, and the tags that pointed at it.
    ManifestGone {
        /// The repository.
        name: String,
        /// The manifest.
        digest: Digest,
    },
    /// A tag was set.
    Tag {
        /// The repository.
        name: String,
        /// The tag.
        tag: String,
        /// What it points at.
        digest: Digest,
    },
    /// A tag was removed.
    TagGone {
        /// The repository.
        name: String,
        /// The tag.
        tag: String,
    },
}

fn foreign_writer() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the writer of another store")
}

#[cfg(test)]
mod tests;
