//! Pax extended headers.

use super::header::Header;
use super::padding;

/// The records of one member's extended header.
#[derive(Default)]
pub(super) struct Records(Vec<u8>);

impl Records {
    /// Adds a record `length key=value`, where the length counts its own digits.
    ///
    /// The value should be UTF-8, unless it is an extended attribute's. POSIX has `hdrcharset=BINARY` for other bytes, but GNU tar warns
    /// of it; without it libarchive reports an error, and npm's `tar` drops the record.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        let rest = key.len() + value.len() + " =\n".len();
        let mut length = rest + 1;
        while rest + digits(length) != length {
            length += 1;
        }
        self.0.extend_from_slice(format!("{length} ").as_bytes());
        self.0.extend_from_slice(key);
        self.0.push(b'=');
        self.0.extend_from_slice(value);
        self.0.push(b'\n');
    }

    /// Appends the extended header, if there are records.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        if self.0.is_empty() {
            return;
        }
        let size = self.0.len() as u64;
        let header = Header {
            prefix: b"",
            name: b"././@PaxHeader",
            mode: 0o644,
            size,
            mtime: 0,
            flag: b'x',
            target: b"",
            uid: 0,
            gid: 0,
        };
        header.encode(out);
        out.extend_from_slice(&self.0);
        out.resize(out.len() + padding(size), 0);
    }
}

fn digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}
