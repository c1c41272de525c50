//! The names in one directory, sorted.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use rustix::fs::{Dir, FileType};

use super::ahead::Permit;

/// The names in a directory in byte order, in two allocations however many they are: a million
/// small strings would take several times the room.
pub(super) struct Names {
    /// Of every member its type, as one byte, and its name with its NUL.
    bytes: Vec<u8>,
    /// Where each of them starts and ends.
    spans: Vec<(usize, usize)>,
    /// If they are counted.
    permit: Option<Permit>,
}

impl Names {
    pub(super) fn list(directory: BorrowedFd<'_>) -> rustix::io::Result<Self> {
        let mut names = Self {
            bytes: Vec::new(),
            spans: Vec::new(),
            permit: None,
        };
        for entry in Dir::read_from(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            let start = names.bytes.len();
            names.bytes.push(code(entry.file_type()));
            names.bytes.extend_from_slice(name.to_bytes_with_nul());
            names.spans.push((start, names.bytes.len()));
        }
        let bytes = &names.bytes;
        names
            .spans
            .sort_unstable_by(|a, b| bytes[a.0 + 1..a.1].cmp(&bytes[b.0 + 1..b.1]));
        Ok(names)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// How much room they take, in bytes.
    pub(super) fn room(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<(usize, usize)>()
    }

    /// Counts them for as long as they are held.
    pub(super) fn count(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    /// A name.
    pub(super) fn get(&self, index: usize) -> Option<&CStr> {
        let (start, end) = *self.spans.get(index)?;
        let name = CStr::from_bytes_with_nul(&self.bytes[start + 1..end]);
        Some(name.expect("the span was copied from a C string, NUL included"))
    }

    /// The type that a name had when the directory was listed. Many file systems say none.
    pub(super) fn kind(&self, index: usize) -> FileType {
        let code = self.spans.get(index).map(|(start, _)| self.bytes[*start]);
        match code {
            Some(DIRECTORY) => FileType::Directory,
            Some(FILE) => FileType::RegularFile,
            Some(SYMLINK) => FileType::Symlink,
            Some(SPECIAL) => FileType::Fifo,
            _ => FileType::Unknown,
        }
    }
}

fn code(kind: FileType) -> u8 {
    match kind {
        FileType::Directory => DIRECTORY,
        FileType::RegularFile => FILE,
        FileType::Symlink => SYMLINK,
        FileType::Unknown => UNKNOWN,
        _ => SPECIAL,
    }
}

const UNKNOWN: u8 = 0;
const DIRECTORY: u8 = 1;
const FILE: u8 = 2;
const SYMLINK: u8 = 3;
/// Of several types, which nothing here has to tell apart.
const SPECIAL: u8 = 4;
