//! The names in one directory, sorted.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use rustix::fs::Dir;

/// The names in a directory in byte order, in two allocations however many they are: a million
/// small strings would take several times the room.
pub(super) struct Names {
    /// Every name with its NUL.
    bytes: Vec<u8>,
    /// Where each name starts and ends, NUL included, in reverse order.
    spans: Vec<(usize, usize)>,
}

impl Names {
    pub(super) fn list(directory: BorrowedFd<'_>) -> rustix::io::Result<Self> {
        let mut names = Self {
            bytes: Vec::new(),
            spans: Vec::new(),
        };
        for entry in Dir::read_from(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            let start = names.bytes.len();
            names.bytes.extend_from_slice(name.to_bytes_with_nul());
            names.spans.push((start, names.bytes.len()));
        }
        let bytes = &names.bytes;
        names
            .spans
            .sort_unstable_by(|a, b| bytes[b.0..b.1].cmp(&bytes[a.0..a.1]));
        Ok(names)
    }

    /// The next name; each comes once.
    pub(super) fn next(&mut self) -> Option<&CStr> {
        let (start, end) = self.spans.pop()?;
        let name = CStr::from_bytes_with_nul(&self.bytes[start..end]);
        Some(name.expect("the span was copied from a C string, NUL included"))
    }
}
