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

/// An ACL that says what the mode does. Who sets it takes away any other.
pub(super) fn of_mode(mode: u32) -> Vec<u8> {
    let mut value = VERSION.to_le_bytes().to_vec();
    for (tag, shift) in [(OWNER, 6), (OWNING_GROUP, 3), (OTHERS, 0)] {
        let [low, high, ..] = (mode >> shift & 0o7).to_le_bytes();
        value.extend_from_slice(&tag.to_le_bytes());
        value.extend_from_slice(&[low, high]);
        value.extend_from_slice(&NOBODY.to_le_bytes());
    }
    value
}

/// An ACL without entries. Who sets it as a default ACL takes away any other.
pub(super) fn none() -> Vec<u8> {
    VERSION.to_le_bytes().to_vec()
}

/// The ACL as text (acl(5), "Short text form", with numbers for names), if it has entries.
pub(super) fn text(value: &[u8]) -> Option<String> {
    let entries = entries(value).filter(|entries| !entries.is_empty())?;
    let mut text = String::new();
    for Entry {
        tag,
        permissions,
        number,
    } in entries
    {
        let who = match tag {
            OWNER => "user:".to_owned(),
            USER => format!("user:{number}"),
            OWNING_GROUP => "group:".to_owned(),
            GROUP => format!("group:{number}"),
            MASK => "mask:".to_owned(),
            OTHERS => "other:".to_owned(),
            _ => return None,
        };
        let may = |bit, letter| if permissions & bit == 0 { '-' } else { letter };
        let comma = if text.is_empty() { "" } else { "," };
        let (read, write, execute) = (may(4, 'r'), may(2, 'w'), may(1, 'x'));
        text.push_str(&format!("{comma}{who}:{read}{write}{execute}"));
    }
    Some(text)
}

struct Entry {
    tag: u16,
    permissions: u16,
    /// Of a user or group.
    number: u32,
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
            number: u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]),
        });
        entries.collect()
    })
}

const VERSION: u32 = 2;
const OWNER: u16 = 0x01;
const USER: u16 = 0x02;
const OWNING_GROUP: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHERS: u16 = 0x20;
/// The number of an entry that names none.
const NOBODY: u32 = u32::MAX;
