//! Reading one file's content, all of it and nothing else.

use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{OFlags, SeekFrom};
use rustix::io::Errno;

use super::ahead::{Handle, Opened, PIECE, Piece, Pieces};
use super::entry::{Entry, Stamp};
use super::examine;
use crate::error::{Change, Operation, PackError, SizeProblem};

/// A regular file that is being read.
pub(crate) struct OpenFile {
    content: Content,
    path: PathBuf,
    stamp: Stamp,
    offset: u64,
    extents: Extents,
    end: End,
}

/// What is known of the end of the content, which file systems that make content as it is read
/// (procfs, some of FUSE) may put elsewhere than the size says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nothing yet.
    Unseen,
    /// It is where the size says.
    Seen,
    /// There is more.
    Further,
}

/// Where a file's bytes are.
enum Content {
    /// There are none.
    None,
    /// All of them were read ahead, and this is what the file was afterwards.
    Read { content: Piece, after: Stamp },
    /// In the file.
    Open {
        file: Arc<Handle>,
        /// The piece of this number was read ahead.
        piece: Option<(u64, Piece)>,
        /// Where further ones come from, if they are read ahead.
        pieces: Option<Pieces>,
    },
}

/// What is known about the file's holes.
#[derive(Clone, Copy)]
enum Extents {
    /// Nothing: everything is read.
    Unknown,
    /// There is data until here; what follows has to be asked.
    Data(u64),
    /// There is a hole until here; what follows has to be asked.
    Hole(u64),
}

impl OpenFile {
    pub(super) fn new(
        opened: Opened,
        pieces: Option<Pieces>,
        entry: &Entry,
        path: PathBuf,
    ) -> Self {
        let extents = if is_sparse(entry) {
            Extents::Data(0)
        } else {
            Extents::Unknown
        };
        let (content, end) = match opened {
            // Who read it asked for a byte more.
            Opened::Read { content, after } => (Content::Read { content, after }, End::Seen),
            Opened::Open { file, start } => {
                let content = Content::Open {
                    file,
                    piece: start.map(|piece| (0, piece)),
                    pieces,
                };
                (content, End::Unseen)
            }
        };
        Self {
            content,
            path,
            stamp: entry.stamp,
            offset: 0,
            extents,
            end,
        }
    }

    /// A file without content, which is not looked at any more.
    pub(super) fn empty(entry: &Entry, path: PathBuf) -> Self {
        Self {
            content: Content::None,
            path,
            stamp: entry.stamp,
            offset: 0,
            extents: Extents::Unknown,
            end: End::Seen,
        }
    }

    /// Bytes not yet read.
    pub(crate) fn remaining(&self) -> u64 {
        self.stamp.size - self.offset
    }

    /// Reads the next bytes into the front of `space` and says how many: some, unless `space` is
    /// empty or nothing remains.
    pub(crate) fn read(&mut self, space: &mut [u8]) -> Result<usize, PackError> {
        let limit = self.remaining().min(space.len() as u64);
        let (limit, is_hole) = match self.extent()? {
            Extents::Unknown => (limit, false),
            Extents::Data(end) => (limit.min(end - self.offset), false),
            Extents::Hole(end) => (limit.min(end - self.offset), true),
        };
        let is_last = limit == self.remaining();
        let limit = usize::try_from(limit).expect("not more than the length of a slice");
        let count = if is_hole {
            space[..limit].fill(0);
            limit
        } else {
            // A byte more than there should be shows the end without another call.
            let more = usize::from(is_last && limit > 0 && limit < space.len());
            let count = self.read_here(&mut space[..limit + more])?;
            if more > 0 && count >= limit {
                let is_end = count == limit;
                self.end = if is_end { End::Seen } else { End::Further };
            }
            count.min(limit)
        };
        if count == 0 && limit > 0 {
            return Err(self.shrunk());
        }
        self.offset += count as u64;
        Ok(count)
    }

    /// Says whether what was read is what is there.
    pub(crate) fn finish(self) -> Result<(), PackError> {
        let mut end = self.end;
        let now = match &self.content {
            Content::None => return Ok(()),
            Content::Read { after, .. } => *after,
            Content::Open { file, .. } => {
                if end == End::Unseen && self.read_at(file, &mut [0])? > 0 {
                    end = End::Further;
                }
                self.now(file)?
            }
        };
        match (self.stamp.change(&now), end) {
            (Some(change), _) => Err(self.changed(change)),
            (None, End::Further) => Err(self.wrong_size(SizeProblem::More)),
            (None, End::Unseen | End::Seen) => Ok(()),
        }
    }

    /// Why the content ended early.
    fn shrunk(&self) -> PackError {
        let now = match &self.content {
            Content::Open { file, .. } => self.now(file),
            Content::None | Content::Read { .. } => Ok(self.stamp),
        };
        match now {
            Err(error) => error,
            Ok(now) if now == self.stamp => self.wrong_size(SizeProblem::Less),
            Ok(_) => self.changed(Change::Shrunk),
        }
    }

    /// What the file is now.
    fn now(&self, file: &Handle) -> Result<Stamp, PackError> {
        let now = examine::file(file);
        let now = now.map_err(|errno| self.failed(Operation::Examine, errno))?;
        Ok(now.stamp)
    }

    fn wrong_size(&self, problem: SizeProblem) -> PackError {
        PackError::WrongSize {
            path: self.path.clone(),
            size: self.stamp.size,
            problem,
        }
    }

    /// Reads at the current offset: what was read ahead, or from the file.
    fn read_here(&mut self, space: &mut [u8]) -> Result<usize, PackError> {
        let offset = self.offset;
        let (number, inner) = (offset / PIECE as u64, offset % PIECE as u64);
        let inner = usize::try_from(inner).expect("less than a piece");
        let file = match &mut self.content {
            Content::None => return Ok(0),
            Content::Read { content, .. } => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                return Ok(copy(&content.bytes, start, space));
            }
            Content::Open {
                file,
                piece,
                pieces,
            } => {
                if piece.as_ref().is_none_or(|(known, _)| *known != number) {
                    *piece = pieces
                        .as_mut()
                        .and_then(|pieces| pieces.take(number))
                        .map(|piece| (number, piece));
                }
                if let Some((_, piece)) = piece {
                    return Ok(copy(&piece.bytes, inner, space));
                }
                Arc::clone(file)
            }
        };
        let mut limit = space.len();
        if let Content::Open {
            pieces: Some(_), ..
        } = self.content
            && (number + 1) * (PIECE as u64) < self.stamp.size
        {
            // The next piece may have been read ahead.
            limit = limit.min(PIECE - inner);
        }
        self.read_at(&file, &mut space[..limit])
    }

    fn read_at(&self, file: &Handle, space: &mut [u8]) -> Result<usize, PackError> {
        loop {
            match rustix::io::pread(file, &mut *space, self.offset) {
                Ok(count) => return Ok(count),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(self.failed(Operation::Read, errno)),
            }
        }
    }

    /// The extent that the current offset lies in.
    fn extent(&mut self) -> Result<Extents, PackError> {
        match self.extents {
            Extents::Data(end) | Extents::Hole(end) if self.offset >= end => {}
            known => return Ok(known),
        }
        let Content::Open { file, .. } = &self.content else {
            return Ok(Extents::Unknown);
        };
        let size = self.stamp.size;
        let seek = |position| match rustix::fs::seek(&**file, position) {
            Ok(found) => Ok(found.clamp(self.offset, size)),
            // There is no data any more.
            Err(Errno::NXIO) => Ok(size),
            Err(errno) => Err(errno),
        };
        let found = seek(SeekFrom::Data(self.offset)).and_then(|data| {
            if data > self.offset {
                return Ok(Extents::Hole(data));
            }
            let hole = seek(SeekFrom::Hole(self.offset))?;
            // An answer that makes no way cannot be relied upon.
            Ok(if hole > self.offset {
                Extents::Data(hole)
            } else {
                Extents::Unknown
            })
        });
        self.extents = match found {
            Ok(extent) => extent,
            Err(Errno::INVAL | Errno::OPNOTSUPP) => Extents::Unknown,
            Err(errno) => return Err(self.failed(Operation::Read, errno)),
        };
        Ok(self.extents)
    }

    fn changed(&self, change: Change) -> PackError {
        PackError::Changed {
            path: self.path.clone(),
            change,
        }
    }

    fn failed(&self, operation: Operation, errno: Errno) -> PackError {
        PackError::Unreadable {
            path: self.path.clone(),
            operation,
            source: errno.into(),
        }
    }
}

/// Whether holes are asked for: only where they save much reading. Some file systems have reported
/// holes where data had not yet been written back, and a plain read is always right.
pub(super) fn is_sparse(entry: &Entry) -> bool {
    let size = entry.stamp.size;
    size >= SPARSE_SIZE && entry.allocated < size / 2
}

/// Copies what `bytes` has from `start` on, as far as there is space, and says how much that was.
fn copy(bytes: &[u8], start: usize, space: &mut [u8]) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let count = rest.len().min(space.len());
    space[..count].copy_from_slice(&rest[..count]);
    count
}

/// How files are opened. A FIFO that has taken the file's place must not hold the packer for ever.
pub(super) const FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::NOCTTY)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// From which size on holes are looked for, in bytes.
const SPARSE_SIZE: u64 = 64 << 20;
