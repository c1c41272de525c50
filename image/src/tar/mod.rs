//! Tar members as bytes: ustar (POSIX.1-1988) with pax extended headers (POSIX.1-2001) where ustar
//! does not suffice, the format of OCI layers ("Image Layer Filesystem Changeset"). Where readers
//! in use take pax records wrongly, GNU tar's own forms stand there (`gnu.rs`, and numbers in base
//! 256), which the same readers take rightly.

mod gnu;
mod header;
mod pax;

use crate::attributes::Attribute;
use header::Header;

/// A member of a layer.
pub(crate) struct Member<'a> {
    /// `./usr/bin`, of any bytes but NUL; for a directory without a slash at the end.
    pub(crate) path: &'a [u8],
    pub(crate) body: Body<'a>,
    /// Permission bits, with the sticky bit.
    pub(crate) mode: u32,
    /// Whole seconds since 1970; may be negative.
    pub(crate) mtime: i64,
    /// The owning user and group, which are named only if they are root: other numbers have other
    /// names elsewhere, and some readers go by the name.
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Extended attributes, as records `SCHILY.xattr.NAME`: star's name for them, which GNU tar,
    /// libarchive and Go's programs read. Each has to [fit](Attribute::fits_a_record).
    ///
    /// An ACL has a record `SCHILY.acl.access` or `.default` as well, with its text: GNU tar reads
    /// that with `--acls`, and libarchive no other.
    pub(crate) attributes: &'a [&'a Attribute],
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

        let far = u64::try_from(self.mtime).map_or(true, |mtime| mtime > header::LARGEST);
        let long_target = target.len() > header::LINK;
        let split = header::split(&path);
        let large = |id: u32| u64::from(id) > header::LARGEST_ID;
        let needs_records =
            far || large(self.uid) || large(self.gid) || !self.attributes.is_empty();
        // Never both forms in one member: tar2sqfs then forgets what the first one said.
        let gnu_names = !needs_records
            && match long_target {
                true => flag == b'2' || std::str::from_utf8(target).is_err(),
                false => !path.is_ascii(),
            };

        if gnu_names {
            if long_target {
                gnu::long_target(target, out);
            }
            if split.is_none() {
                gnu::long_path(&path, out);
            }
        } else {
            let mut records = pax::Records::default();
            if split.is_none() {
                records.push(b"path", &path);
            }
            if long_target {
                records.push(b"linkpath", target);
            }
            if far {
                // The fraction says nothing, but sqfstar up to 4.5.1 refuses a time without it.
                records.push(b"mtime", format!("{}.0", self.mtime).as_bytes());
            }
            if size > header::LARGEST {
                records.push(b"size", size.to_string().as_bytes());
            }
            for (key, id) in [(b"uid", self.uid), (b"gid", self.gid)] {
                if large(id) {
                    records.push(key, id.to_string().as_bytes());
                }
            }
            // Last: readers that look for the end of a line (the Rust crate tar 0.4) see no record
            // behind a value that has one in it.
            for attribute in self.attributes {
                if let Some((kind, text)) = attribute.acl_text() {
                    let key = format!("SCHILY.acl.{kind}");
                    records.push(key.as_bytes(), text.as_bytes());
                }
                let key = [b"SCHILY.xattr.", &attribute.name[..]].concat();
                records.push(&key, &attribute.portable());
            }
            records.encode(out);
        }

        // What stands before the header is repeated in it as far as it fits, for readers that do
        // not know that form.
        let (prefix, name) = split.unwrap_or((b"", &path));
        let header = Header {
            prefix,
            name,
            mode: self.mode,
            size,
            // Base 256 has negative numbers too, but toybox calls such a header bad.
            mtime: u64::try_from(self.mtime).unwrap_or(0),
            flag,
            target,
            uid: self.uid,
            gid: self.gid,
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
