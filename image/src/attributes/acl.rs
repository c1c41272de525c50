//! POSIX ACLs as Linux hands them out (`include/uapi/linux/posix_acl_xattr.h`): a version, then
//! entries of tag, permissions and number, all little-endian.

/// Whether an ACL says more than the mode does. One of three entries is a mode; every default ACL
/// says more, but for one that is empty.
pub(super) fn says_more(is_default: bool, value: &[u8]) -> bool {
    let Some(entries) = entries(value) else {
        // Of a version that is not known here.
        return true;
    };
    match is_default {
        true => !entries.is_empty(),
        false => entries
            .iter()
            .any(|entry| matches!(entry.tag, USER | GROUP | MASK)),
    }
}

/// What the owning group may do: its entry, as far as the mask allows it.
pub(super) fn group(value: &[u8]) -> Option<u32> {
    let entries = entries(value)?;
    let of = |tag| entries.iter().find(|entry| entry.tag == tag);
    let group = of(OWNING_GROUP)?.permissions;
    let mask = of(MASK).map_or(0o7, |mask| mask.permissions);
    Some(u32::from(group & mask & 0o7))
}

struct Entry {
    tag: u16,
    permissions: u16,
}

fn entries(value: &[u8]) -> Option<Vec<Entry>> {
    let (version, entries) = value.split_first_chunk()?;
    if u32::from_le_bytes(*version) != VERSION {
        return None;
    }
    let (entries, rest) = entries.as_chunks::<8>();
    rest.is_empty().then(|| {
        let entries = entries.iter().map(|entry| Entry {
            tag: u16::from_le_bytes([entry[0], entry[1]]),
            permissions: u16::from_le_bytes([entry[2], entry[3]]),
        });
        entries.collect()
    })
}

const VERSION: u32 = 2;
const USER: u16 = 0x02;
const OWNING_GROUP: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
