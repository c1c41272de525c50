//! GNU tar's members for texts that a header has no room for.
//!
//! A pax record could hold them as well, and does for the paths of most files. Of two kinds of text
//! it does not come through:
//!
//! - the target of a symbolic link: sqfstar 4.5.1 takes `/`, `./` and `../` off its beginning, and
//!   toybox 0.8.9 does not read the record;
//! - text beyond ASCII: libarchive reports an error (bsdtar, genext2fs) where the locale is `C`, and
//!   everywhere if it is not UTF-8; then npm's `tar` drops the record, so that the name ends after
//!   100 bytes.
//!
//! A hard link has its target in a record all the same if it is UTF-8: from GNU's form sqfstar makes
//! no link to a path that begins with `./`, and ends with success.

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
        uid: 0,
        gid: 0,
    };
    header.encode(out);
    out.extend_from_slice(text);
    out.resize(out.len() + 1 + padding(size), 0);
}
