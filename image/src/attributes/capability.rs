//! File capabilities as Linux hands them out (`struct vfs_ns_cap_data` in
//! `include/uapi/linux/capability.h`).

use std::borrow::Cow;

/// The same capabilities for root of the machine where the image is unpacked.
///
/// Revision 3 ends with the number that root of a user namespace has outside of it. That number is
/// of this machine, and capabilities that name another root have no effect.
pub(super) fn without_root(value: &[u8]) -> Cow<'_, [u8]> {
    let Some((head, data)) = value.split_first_chunk() else {
        return Cow::Borrowed(value);
    };
    let head = u32::from_le_bytes(*head);
    if head & REVISION != REVISION_3 || data.len() != DATA + size_of::<u32>() {
        return Cow::Borrowed(value);
    }
    let head = head & !REVISION | REVISION_2;
    let mut portable = head.to_le_bytes().to_vec();
    portable.extend_from_slice(&data[..DATA]);
    Cow::Owned(portable)
}

const REVISION: u32 = 0xff00_0000;
const REVISION_2: u32 = 0x0200_0000;
const REVISION_3: u32 = 0x0300_0000;
/// Permitted and inheritable, twice 32 bits each.
const DATA: usize = 16;
