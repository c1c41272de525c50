//! Tar members as bytes: ustar (POSIX.1-1988) with pax extended headers (POSIX.1-2001) where ustar
//! does not suffice, the format of OCI layers ("Image Layer Filesystem Changeset").

mod header;
mod pax;

use header::Header;

/// A member of a layer. Its owner is always root:root, by number and by name.
pub(crate) struct Member<'a> {
    /// `./usr/bin`, of any bytes but NUL; for a directory without a slash at the end.
    pub(crate) path: &'a [u8],
    pub(crate) body: Body<'a>,
    /// Permission bits, with the sticky bit.
    pub(crate) mode: u32,
    /// Whole seconds since 1970; may be negative.
    pub(crate) mtime: i64,
}

/// What a member is. Only a file has content behind its header, padded to whole blocks.
pub(crate) enum Body<'a> {
    Directory,
    File { size: u64 },
    Symlink { target: &'a [u8] },
    HardLink { target: &'a [u8] },
}

impl Member<'_> {
    /// Appends the member's header blocks to `out`.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut path = self.path.to_vec();
        let (flag, size, target) = match self.body {
            Body::Directory => (b'5', 0, &b""[..]),
            Body::File { size } => (b'0', size, &b""[..]),
            Body::Symlink { target } => (b'2', 0, target),
            Body::HardLink { target } => (b'1', 0, target),
        };
        if flag == b'5' {
            path.push(b'/');
        }

        let mut records = pax::Records::default();
        let split = header::split(&path).filter(|_| header::is_portable(&path));
        if split.is_none() {
            records.push("path", &path);
        }
        if target.len() > header::LINK || !header::is_portable(target) {
            records.push("linkpath", target);
        }
        let mtime = u64::try_from(self.mtime)
            .ok()
            .filter(|mtime| *mtime <= header::LARGEST);
        if mtime.is_none() {
            records.push("mtime", self.mtime.to_string().as_bytes());
        }
        if size > header::LARGEST {
            records.push("size", size.to_string().as_bytes());
        }
        records.encode(out);

        // What stands in a record is repeated in the header as far as it fits, for readers that
        // know no records; numbers that do not fit are 0 there, as in Go's and Python's archives.
        let (prefix, name) = split.unwrap_or((b"", &path));
        let header = Header {
            prefix,
            name,
            mode: self.mode,
            size: if size > header::LARGEST { 0 } else { size },
            mtime: mtime.unwrap_or(0),
            flag,
            target,
            owner: "root",
        };
        header.encode(out);
    }
}

/// How many zero bytes follow a content of `size` bytes.
pub(crate) fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).expect("less than a block");
    (BLOCK - over) % BLOCK
}

/// What ends an archive.
pub(crate) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

const BLOCK: usize = 512;

#[cfg(test)]
mod tests;
