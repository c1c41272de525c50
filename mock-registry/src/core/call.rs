//! A request whose body is arriving, and what takes the body in.

use std::io;
use std::time::Duration;

use longshore_protocol::{Algorithm, Digest};
use sha2::{Digest as _, Sha256, Sha512};

use super::log::LogIndex;
use crate::store::BlobWriter;

/// A request whose body the registry wants.
///
/// It belongs to the caller and works without the core, so that bodies are hashed and stored while
/// the core serves others. Give it to [`Core::end`](super::Core::end) when the body is complete, or
/// to [`Core::drop_call`](super::Core::drop_call) when the client vanished; a call that is just
/// dropped leaves its upload session busy for ever.
#[must_use = "end the call, or its upload session stays busy"]
pub struct Call {
    pub(crate) purpose: Purpose,
    pub(crate) sink: Sink,
    pub(crate) received: u64,
    pub(crate) logged: LogIndex,
}

/// Whether the registry wants more of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appetite {
    /// Go on.
    More,
    /// The answer is clear already: end the call without reading on.
    Enough,
}

impl Call {
    /// Takes a piece of the body.
    pub fn body(&mut self, piece: &[u8]) -> Appetite {
        self.received += piece.len() as u64;
        self.sink.take(piece)
    }

    /// How many bytes of the body have been taken.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("purpose", &self.purpose)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// What a request with a body is for.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// A chunk.
    Patch { session: String, base: String },
    /// The end of an upload, with or without a last piece.
    Commit {
        session: String,
        digest: String,
        base: String,
    },
    /// A manifest.
    Manifest(ManifestPut),
    /// A token request as a form.
    TokenForm,
}

/// The head of a manifest's `PUT`.
#[derive(Debug)]
pub(crate) struct ManifestPut {
    pub(crate) name: String,
    pub(crate) reference: String,
    pub(crate) now: Duration,
    /// The tags asked for by `?tag=`.
    pub(crate) tags: Vec<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) base: String,
}

/// Where the bytes of a body go.
pub(crate) enum Sink {
    Upload(Box<Intake>),
    Buffer { bytes: Vec<u8>, limit: u64 },
}

impl Sink {
    fn take(&mut self, piece: &[u8]) -> Appetite {
        match self {
            Self::Upload(intake) => intake.take(piece),
            Self::Buffer { bytes, limit } => {
                let room = usize::try_from(*limit).unwrap_or(usize::MAX);
                // One byte beyond the limit is kept, to show that there was one.
                let room = room.saturating_add(1).saturating_sub(bytes.len());
                bytes.extend_from_slice(&piece[..piece.len().min(room)]);
                if piece.len() > room || bytes.len() as u64 > *limit {
                    Appetite::Enough
                } else {
                    Appetite::More
                }
            }
        }
    }
}

/// The bytes of an upload so far: its writer and its running digest.
pub(crate) struct Upload {
    writer: Box<dyn BlobWriter>,
    hasher: Hasher,
    stored: u64,
}

#[derive(Clone)]
enum Hasher {
    Sha256(Sha256),
    Sha512(Box<Sha512>),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha512 => Self::Sha512(Box::default()),
            _ => Self::Sha256(Sha256::new()),
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    fn update(&mut self, piece: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(piece),
            Self::Sha512(hasher) => hasher.update(piece),
        }
    }
}

impl Upload {
    pub(crate) fn new(writer: Box<dyn BlobWriter>, algorithm: Algorithm) -> Self {
        Self {
            writer,
            hasher: Hasher::new(algorithm),
            stored: 0,
        }
    }

    pub(crate) fn stored(&self) -> u64 {
        self.stored
    }

    /// Makes the running digest one of this algorithm. What was taken before is read again, so
    /// this may take a while; a store that cannot read it keeps the digest it has, which will not
    /// match.
    pub(crate) fn hash_with(&mut self, algorithm: Algorithm) -> io::Result<()> {
        if self.hasher.algorithm() == algorithm {
            return Ok(());
        }
        let mut hasher = Hasher::new(algorithm);
        if self.stored == 0 || self.writer.reread(&mut |piece| hasher.update(piece))? {
            self.hasher = hasher;
        }
        Ok(())
    }

    /// The digest of everything taken so far.
    pub(crate) fn digest(&self) -> Digest {
        match &self.hasher {
            Hasher::Sha256(hasher) => Digest::from_sha256(hasher.clone().finalize().into()),
            Hasher::Sha512(hasher) => sha512_digest(hasher.as_ref().clone()),
        }
    }

    pub(crate) fn into_writer(self) -> Box<dyn BlobWriter> {
        self.writer
    }

    fn append(&mut self, piece: &[u8]) -> io::Result<()> {
        self.hasher.update(piece);
        self.stored += piece.len() as u64;
        self.writer.write(piece)
    }
}

/// An upload taking in the body of one request.
pub(crate) struct Intake {
    upload: Upload,
    before: (Hasher, u64),
    skip: u64,
    room: Option<u64>,
    max: Option<u64>,
    /// What the running digest has to become.
    algorithm: Option<Algorithm>,
    broken: Option<io::Error>,
}

impl Intake {
    /// Takes in a body, its first `skip` bytes skipped, and what lies beyond `room` bytes of it
    /// dropped; `max` is the size from which on the blob is too large.
    pub(crate) fn new(upload: Upload, skip: u64, room: Option<u64>, max: Option<u64>) -> Self {
        let before = (upload.hasher.clone(), upload.stored);
        Self {
            upload,
            before,
            skip,
            room,
            max,
            algorithm: None,
            broken: None,
        }
    }

    /// The same for a blob that turns out to be named by a digest of this algorithm.
    pub(crate) fn named_with(mut self, algorithm: Option<Algorithm>) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// The upload with what arrived, or why it could not be stored.
    pub(crate) fn finish(mut self) -> (Upload, Result<(), Failure>) {
        self.change_digest();
        self.upload.writer.park();
        let result = match self.broken {
            Some(error) => Err(Failure::Storage(error)),
            None if self.max.is_some_and(|max| self.upload.stored > max) => Err(Failure::TooLarge),
            None => Ok(()),
        };
        (self.upload, result)
    }

    /// The upload as it was before this request.
    pub(crate) fn roll_back(mut self) -> io::Result<Upload> {
        let (hasher, stored) = self.before;
        if stored != self.upload.stored {
            self.upload.writer.truncate(stored)?;
        }
        self.upload.writer.park();
        self.upload.hasher = hasher;
        self.upload.stored = stored;
        Ok(self.upload)
    }

    /// Not where the intake is made: there the core waits, and this may read a whole blob.
    fn change_digest(&mut self) {
        if let Some(algorithm) = self.algorithm.take() {
            self.broken = self.upload.hash_with(algorithm).err();
        }
    }

    fn take(&mut self, piece: &[u8]) -> Appetite {
        self.change_digest();
        let mut piece = piece;
        if let Some(room) = &mut self.room {
            piece = &piece[..clamp(*room, piece.len())];
            *room -= piece.len() as u64;
        }
        let skipped = clamp(self.skip, piece.len());
        self.skip -= skipped as u64;
        piece = &piece[skipped..];
        if self.broken.is_none() && !piece.is_empty() {
            self.broken = self.upload.append(piece).err();
        }
        let too_large = self.max.is_some_and(|max| self.upload.stored > max);
        if self.broken.is_some() || too_large {
            Appetite::Enough
        } else {
            Appetite::More
        }
    }
}

/// Why a body could not be taken in.
#[derive(Debug)]
pub(crate) enum Failure {
    Storage(io::Error),
    TooLarge,
}

/// The sha512 digest of bytes.
pub(crate) fn sha512(bytes: &[u8]) -> Digest {
    sha512_digest(Sha512::new_with_prefix(bytes))
}

fn sha512_digest(hasher: Sha512) -> Digest {
    let hex: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let text = format!("sha512:{hex}");
    text.parse()
        .expect("128 lower-case hex digits follow the name")
}

fn clamp(count: u64, length: usize) -> usize {
    usize::try_from(count).unwrap_or(length).min(length)
}
