//! Reading one file's content, all of it and nothing else.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::SeekFrom;
use rustix::io::Errno;

use super::entry::{Entry, Stamp};
use crate::error::{Change, Operation, PackError};

/// A regular file that is being read.
pub(crate) struct OpenFile {
    file: OwnedFd,
    path: PathBuf,
    stamp: Stamp,
    offset: u64,
    extents: Extents,
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
    pub(super) fn new(file: OwnedFd, entry: &Entry, path: PathBuf) -> Self {
        let size = entry.stamp.size;
        // Holes are asked for only where they save much reading: some file systems have reported
        // holes where data had not yet been written back, and a plain read is always right.
        let sparse = size >= SPARSE_SIZE && entry.allocated < size / 2;
        let extents = if sparse {
            Extents::Data(0)
        } else {
            Extents::Unknown
        };
        Self {
            file,
            path,
            stamp: entry.stamp,
            offset: 0,
            extents,
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
        let limit = usize::try_from(limit).expect("not more than the length of a slice");
        let space = &mut space[..limit];
        let count = if is_hole {
            space.fill(0);
            limit
        } else {
            self.read_at(space)?
        };
        if count == 0 && limit > 0 {
            return Err(self.changed(Change::Shrunk));
        }
        self.offset += count as u64;
        Ok(count)
    }

    /// Says whether what was read is what is there.
    pub(crate) fn finish(self) -> Result<(), PackError> {
        let stat = rustix::fs::fstat(&self.file);
        let stat = stat.map_err(|errno| self.failed(Operation::Examine, errno))?;
        match self.stamp.change(&Entry::of(&stat).stamp) {
            None => Ok(()),
            Some(change) => Err(self.changed(change)),
        }
    }

    fn read_at(&self, space: &mut [u8]) -> Result<usize, PackError> {
        loop {
            match rustix::io::pread(&self.file, &mut *space, self.offset) {
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
        let size = self.stamp.size;
        let seek = |position| match rustix::fs::seek(&self.file, position) {
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

/// From which size on holes are looked for, in bytes.
const SPARSE_SIZE: u64 = 64 << 20;
