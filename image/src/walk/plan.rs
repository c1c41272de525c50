//! What a walk has seen, in little room, so that a tree that is far away need not be looked at again.

use super::MOST_OPEN;
use super::entry::{Entry, FileId, Kind, Mounted, Owner, Stamp};
use crate::attributes::{Attribute, Attributes};
use crate::notice::SpecialKind;

/// The members of a tree as they were, in the order of the walk: some forty bytes each.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    bytes: Vec<u8>,
    /// The directories, in the order of the walk.
    directories: Vec<Subtree>,
    /// Whether the file system was slow to say all that.
    pub(crate) is_far: bool,
}

/// Where a directory stands in a plan, and how to read on behind all that is in it.
#[derive(Debug)]
struct Subtree {
    start: usize,
    end: usize,
    /// What was read last then.
    last: Last,
}

/// A [`Plan`] in the making. It is given up when it becomes too large or too deep.
pub(crate) struct Recorder {
    plan: Option<Plan>,
    last: Last,
    /// The directories above the next member, by their number in the plan; the last may end before.
    above: Vec<usize>,
}

/// Reads a [`Plan`].
#[derive(Clone, Default)]
pub(crate) struct Reader {
    offset: usize,
    /// Where the last member that was read stands.
    current: usize,
    last: Last,
    /// The path of the last member that was read.
    path: Vec<u8>,
    /// How long the paths of the directories above it are, the root's first.
    lengths: Vec<usize>,
}

/// A member of a plan.
pub(crate) struct Planned {
    pub(crate) entry: Entry,
    /// Where it stands in the plan.
    pub(crate) offset: usize,
    /// Where a symbolic link points.
    pub(crate) target: Vec<u8>,
    /// The extended attributes, if they were asked for.
    pub(crate) attributes: Option<Attributes>,
}

/// What the next member is likely to have in common with the last one.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    device: u64,
    inode: u64,
    mtime: i64,
    owner: Owner,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            plan: Some(Plan::default()),
            last: Last::default(),
            above: Vec::new(),
        }
    }

    /// Takes in the next member of a walk, and its extended attributes if they were asked for.
    pub(crate) fn add(
        &mut self,
        path: &[u8],
        entry: &Entry,
        target: &[u8],
        attributes: Option<&Attributes>,
    ) {
        let Some(plan) = &mut self.plan else { return };
        let stamp = &entry.stamp;
        let Last {
            device,
            inode,
            mtime,
            owner,
        } = self.last;
        let depth = path.iter().filter(|byte| **byte == b'/').count();
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        plan.end(&mut self.above, depth, self.last);
        let bytes = &mut plan.bytes;
        if entry.kind == Kind::Directory {
            self.above.push(plan.directories.len());
            plan.directories.push(Subtree {
                start: bytes.len(),
                end: bytes.len(),
                last: Last::default(),
            });
        }
        let (is_known, has_any) = match attributes {
            None => (false, false),
            Some(attributes) => (true, !attributes.is_empty()),
        };
        let flags = [
            (entry.owner != owner, OTHER_OWNER),
            (is_known, ATTRIBUTES_KNOWN),
            (has_any, HAS_ATTRIBUTES),
            (entry.mounted == Mounted::Yes, MOUNT_POINT),
        ];
        let flags = flags.iter().filter(|(is_set, _)| *is_set);
        let flags = flags.fold(0, |flags, (_, flag)| flags | flag);
        bytes.push(code(entry.kind) | flags);
        put(bytes, depth as u64);
        put_bytes(bytes, name);
        put(bytes, entry.mode.into());
        put(bytes, entry.links);
        put_signed(bytes, stamp.file.device.wrapping_sub(device).cast_signed());
        put_signed(bytes, stamp.file.inode.wrapping_sub(inode).cast_signed());
        put(bytes, stamp.size);
        put(bytes, entry.allocated / 512);
        put_signed(bytes, stamp.mtime.wrapping_sub(mtime));
        put_signed(bytes, stamp.mtime_nanoseconds);
        put_signed(bytes, stamp.ctime.wrapping_sub(stamp.mtime));
        put_signed(bytes, stamp.ctime_nanoseconds);
        if entry.kind == Kind::Symlink {
            put_bytes(bytes, target);
        }
        if flags & OTHER_OWNER != 0 {
            put(bytes, entry.owner.uid.into());
            put(bytes, entry.owner.gid.into());
        }
        if let Some(attributes) = attributes
            && has_any
        {
            put(bytes, attributes.iter().count() as u64);
            for attribute in attributes.iter() {
                put_bytes(bytes, &attribute.name);
                put_bytes(bytes, attribute.value());
            }
        }
        self.last = Last {
            device: stamp.file.device,
            inode: stamp.file.inode,
            mtime: stamp.mtime,
            owner: entry.owner,
        };
        let index = size_of::<Subtree>() * plan.directories.len();
        if bytes.len() + index > MOST || depth > MOST_OPEN {
            self.plan = None;
        }
    }

    /// The plan, unless there was too much for one.
    pub(crate) fn finish(mut self, is_far: bool) -> Option<Plan> {
        let mut plan = self.plan?;
        plan.end(&mut self.above, 0, self.last);
        plan.bytes.shrink_to_fit();
        plan.directories.shrink_to_fit();
        plan.is_far = is_far;
        Some(plan)
    }
}

impl Plan {
    /// Ends the directories that are not above a member of this depth.
    fn end(&mut self, above: &mut Vec<usize>, depth: usize, last: Last) {
        for number in above.drain(depth.min(above.len())..) {
            let directory = &mut self.directories[number];
            directory.end = self.bytes.len();
            directory.last = last;
        }
    }
}

impl Reader {
    /// Goes on behind everything that is in the last member, if it is a directory.
    pub(crate) fn skip(&mut self, plan: &Plan) {
        let found = plan
            .directories
            .binary_search_by_key(&self.current, |directory| directory.start);
        if let Ok(number) = found {
            let Subtree { end, last, .. } = plan.directories[number];
            self.offset = end;
            self.last = last;
        }
    }

    /// The next member. None at the end.
    pub(crate) fn next(&mut self, plan: &Plan) -> Option<Planned> {
        let offset = self.offset;
        let mut rest = plan.bytes.get(offset..)?;
        let first = take_byte(&mut rest)?;
        let kind = kind(first & KINDS);
        let depth = usize::try_from(take(&mut rest)?).ok()?;
        let name = take_bytes(&mut rest)?;
        let mode = u32::try_from(take(&mut rest)?).ok()?;
        let links = take(&mut rest)?;
        let device = self
            .last
            .device
            .wrapping_add_signed(take_signed(&mut rest)?);
        let inode = self.last.inode.wrapping_add_signed(take_signed(&mut rest)?);
        let size = take(&mut rest)?;
        let allocated = take(&mut rest)?.saturating_mul(512);
        let mtime = self.last.mtime.wrapping_add(take_signed(&mut rest)?);
        let mtime_nanoseconds = take_signed(&mut rest)?;
        let ctime = mtime.wrapping_add(take_signed(&mut rest)?);
        let ctime_nanoseconds = take_signed(&mut rest)?;
        let target = match kind {
            Kind::Symlink => take_bytes(&mut rest)?.to_vec(),
            _ => Vec::new(),
        };
        let owner = match first & OTHER_OWNER {
            0 => self.last.owner,
            _ => Owner {
                uid: u32::try_from(take(&mut rest)?).ok()?,
                gid: u32::try_from(take(&mut rest)?).ok()?,
            },
        };
        let attributes = match (first & ATTRIBUTES_KNOWN, first & HAS_ATTRIBUTES) {
            (0, _) => None,
            (_, 0) => Some(Attributes::default()),
            _ => Some(take_attributes(&mut rest)?),
        };
        self.lengths.truncate(depth);
        self.path
            .truncate(self.lengths.last().copied().unwrap_or(0));
        if depth > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        if kind == Kind::Directory {
            self.lengths.push(self.path.len());
        }
        self.current = offset;
        self.offset = plan.bytes.len() - rest.len();
        self.last = Last {
            device,
            inode,
            mtime,
            owner,
        };
        let stamp = Stamp {
            file: FileId { device, inode },
            size,
            mtime,
            mtime_nanoseconds,
            ctime,
            ctime_nanoseconds,
        };
        Some(Planned {
            entry: Entry {
                kind,
                mode,
                owner,
                links,
                stamp,
                allocated,
                mounted: match first & MOUNT_POINT {
                    0 => Mounted::No,
                    _ => Mounted::Yes,
                },
            },
            offset,
            target,
            attributes,
        })
    }

    /// How deep the next member is. None at the end.
    pub(crate) fn depth(&self, plan: &Plan) -> Option<usize> {
        let mut rest = plan.bytes.get(self.offset..)?;
        take_byte(&mut rest)?;
        usize::try_from(take(&mut rest)?).ok()
    }

    /// The path of the last member.
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }
}

fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Directory => 0,
        Kind::File => 1,
        Kind::Symlink => 2,
        Kind::Special(SpecialKind::Fifo) => 3,
        Kind::Special(SpecialKind::Socket) => 4,
        Kind::Special(SpecialKind::Device) => 5,
    }
}

fn kind(code: u8) -> Kind {
    match code {
        0 => Kind::Directory,
        1 => Kind::File,
        2 => Kind::Symlink,
        3 => Kind::Special(SpecialKind::Fifo),
        4 => Kind::Special(SpecialKind::Socket),
        _ => Kind::Special(SpecialKind::Device),
    }
}

/// Seven bits in each byte, the lowest first.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Small on either side of zero.
fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn put_bytes(bytes: &mut Vec<u8>, text: &[u8]) {
    put(bytes, text.len() as u64);
    bytes.extend_from_slice(text);
}

fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take_byte(bytes)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    let number = take(bytes)?;
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(text)
}

fn take_attributes(bytes: &mut &[u8]) -> Option<Attributes> {
    let mut attributes = Vec::new();
    for _ in 0..take(bytes)? {
        let name = take_bytes(bytes)?;
        let value = take_bytes(bytes)?.to_vec();
        attributes.extend(Attribute::new(name, value));
    }
    Some(Attributes::new(attributes))
}

/// What the first byte of a member says beside its type: whether another owner than the last one's
/// follows, whether it was looked for attributes, whether some were found and follow, and whether
/// something is mounted there that is left out.
const OTHER_OWNER: u8 = 0x80;
const ATTRIBUTES_KNOWN: u8 = 0x40;
const HAS_ATTRIBUTES: u8 = 0x20;
const MOUNT_POINT: u8 = 0x10;
const KINDS: u8 = 0x0f;

/// A plan that takes more than so many bytes is given up. So is one of a tree that is so deep that
/// not all directories above a file may be open at once: a [`Walk`](super::Walk) can do without.
const MOST: usize = 8 << 20;

#[cfg(test)]
mod tests;
