//! The ustar header block.

use super::BLOCK;

/// The fields of a ustar header that vary.
pub(super) struct Header<'a> {
    pub(super) prefix: &'a [u8],
    /// Cut where it does not fit.
    pub(super) name: &'a [u8],
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) mtime: u64,
    pub(super) flag: u8,
    /// Cut where it does not fit.
    pub(super) target: &'a [u8],
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Header<'_> {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut block = [0; BLOCK];
        text(&mut block[0..100], self.name);
        octal(&mut block[100..108], u64::from(self.mode));
        id(&mut block[108..116], self.uid);
        id(&mut block[116..124], self.gid);
        number(&mut block[124..136], self.size);
        number(&mut block[136..148], self.mtime);
        block[148..156].fill(b' '); // the checksum counts itself as spaces
        block[156] = self.flag;
        text(&mut block[157..257], self.target);
        block[257..265].copy_from_slice(b"ustar\x0000");
        text(&mut block[265..297], name(self.uid));
        text(&mut block[297..329], name(self.gid));
        octal(&mut block[329..337], 0); // devmajor
        octal(&mut block[337..345], 0); // devminor
        text(&mut block[345..500], self.prefix);
        let sum = block.iter().map(|byte| u64::from(*byte)).sum();
        octal(&mut block[148..155], sum);
        out.extend_from_slice(&block);
    }
}

/// Splits a path at a slash into ustar's prefix and name, or says that it does not fit.
pub(super) fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= NAME {
        return Some((b"", path));
    }
    // The slash between the two is not stored, and a slash at the end belongs to the name.
    let first = path.len() - NAME - 1;
    let at = first
        + path[first..path.len() - 1]
            .iter()
            .position(|byte| *byte == b'/')?;
    (at <= PREFIX).then(|| (&path[..at], &path[at + 1..]))
}

/// Bytes as they are, whatever they spell. POSIX defines the header's text for ISO 646 only and has
/// a record for the rest. But most readers take other bytes as they are, while libarchive (bsdtar,
/// genext2fs, ostree) refuses a record that the locale cannot spell, and `C` spells no `é`.
fn text(field: &mut [u8], value: &[u8]) {
    let length = value.len().min(field.len());
    field[..length].copy_from_slice(&value[..length]);
}

/// Octal digits, or base 256 where they do not suffice: GNU tar's form, for readers of it that know
/// no pax record (busybox 1.35, toybox 0.8.9). They would take the content for headers.
fn number(field: &mut [u8], value: u64) {
    if value <= LARGEST {
        return octal(field, value);
    }
    let at = field.len() - size_of::<u64>();
    field[0] = 0x80;
    field[at..].copy_from_slice(&value.to_be_bytes());
}

/// Octal digits, or base 256 where they do not suffice, as for [`number`].
fn id(field: &mut [u8], value: u32) {
    if u64::from(value) <= LARGEST_ID {
        return octal(field, value.into());
    }
    let at = field.len() - size_of::<u32>();
    field[0] = 0x80;
    field[at..].copy_from_slice(&value.to_be_bytes());
}

fn name(id: u32) -> &'static [u8] {
    match id {
        0 => b"root",
        _ => b"",
    }
}

/// Octal digits that fill all but the field's last byte, which is NUL.
fn octal(field: &mut [u8], mut value: u64) {
    let digits = field.len() - 1;
    field[digits] = 0;
    for digit in field[..digits].iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 8).expect("a digit");
        value /= 8;
    }
}

/// The longest link target.
pub(super) const LINK: usize = 100;
/// The largest size and time in eleven octal digits.
pub(super) const LARGEST: u64 = 0o777_7777_7777;
/// The largest number of a user or group in seven octal digits.
pub(super) const LARGEST_ID: u64 = 0o777_7777;
const NAME: usize = 100;
const PREFIX: usize = 155;
