//! GNU tar's members for texts that a header has no room for.
//!
//! A pax record could hold them as well, and does for the paths of files. Of two kinds of text it
//! does not come through:
//!
//! - the target of a symbolic link: sqfstar 4.5.1 takes `/`, `./` and `../` off its beginning, and
//!   toybox 0.8.9 does not read the record;
//! - bytes that are not UTF-8: libarchive reports an error (bsdtar, genext2fs), and npm's `tar`
//!   drops the record, so that the name ends after 100 bytes.

use super::header::Header;
use super::padding;

/// Appends the member that holds the next member's path.
pub(super) fn long_path(path: &[u8], out: &mut Vec<u8>) {
    long(b'L', path, out);
}

/// Appends the member that holds the next member's link target.
pub(super) fn long_target(target: &[u8], out: &mut Vec<u8>) {
    long(b'K', target, out);
}

fn long(flag: u8, text: &[u8], out: &mut Vec<u8>) {
    let size = text.len() as u64 + 1; // with a NUL
    let header = Header {
        prefix: b"",
        name: b"././@LongLink",
        mode: 0o644,
        size,
        mtime: 0,
        flag,
        target: b"",
        owner: "root",
    };
    header.encode(out);
    out.extend_from_slice(text);
    out.resize(out.len() + 1 + padding(size), 0);
}
