//! What of a file goes into its layer.

use super::Options;
use crate::attributes::{Attribute, Attributes, Sort};
use crate::lost::Lost;
use crate::rules::{SETGID, SETUID};
use crate::walk::{Entry, Kind, Owner};

/// What is kept of files beside their names, content, permission bits and times. Charliecloud's
/// `ch-image push` keeps none of it, and so is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preserve {
    /// The numbers of the owning user and group. Otherwise, everything is root's.
    pub owner: bool,
    /// Set-user-ID and set-group-ID bits. Without [`owner`](Self::owner), those of files that belong
    /// to another user or group than root and the root directory's are still left out: they would
    /// hand out root's rights instead.
    pub setuid: bool,
    /// File capabilities, ACLs and other extended attributes, as `SCHILY.xattr.` records (pax(1) of
    /// star; read by GNU tar, libarchive, umoci, containers/storage and Docker).
    ///
    /// Those that belong to the machine and not to the image are left out: labels and hashes of
    /// security modules, `trusted.*`, and what file systems show under names of their own.
    pub xattrs: bool,
}

/// Decides what is kept.
pub(super) struct Keeper {
    preserve: Preserve,
    root_mode: Option<u32>,
    /// Whose the root directory is.
    root: Owner,
    /// Who packs.
    me: Owner,
}

impl Keeper {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            preserve: options.preserve,
            root_mode: options.root_mode,
            root: Owner::default(),
            me: Owner {
                uid: rustix::process::geteuid().as_raw(),
                gid: rustix::process::getegid().as_raw(),
            },
        }
    }

    /// Sees the root directory, which is to come before everything else.
    pub(super) fn begin(&mut self, root: &Entry) {
        self.root = root.owner;
    }

    /// The mode in the layer.
    pub(super) fn mode(&self, path: &[u8], entry: &Entry, attributes: &Attributes) -> u32 {
        if entry.kind == Kind::Symlink {
            // A link has no mode of its own, and what is reported for one varies.
            return 0o777;
        }
        match self.root_mode {
            Some(mode) if path == b"." => mode,
            _ => attributes.mode(entry.mode) & !self.stripped(entry),
        }
    }

    /// The owner in the layer.
    pub(super) fn owner(&self, entry: &Entry) -> Owner {
        match self.preserve.owner {
            true => entry.owner,
            false => Owner::default(),
        }
    }

    /// The attributes in the layer.
    pub(super) fn attributes<'a>(&self, attributes: &'a Attributes) -> Vec<&'a Attribute> {
        let mut room = match self.preserve.xattrs {
            true => MOST_ATTRIBUTES,
            false => 0,
        };
        let has_room = |attribute: &&Attribute| {
            let size = attribute.size() + RECORD;
            let is_kept = size <= room && attribute.fits_a_record();
            if is_kept {
                room -= size;
            }
            is_kept
        };
        attributes.iter().filter(has_room).collect()
    }

    /// The set-ID bits that are left out.
    pub(super) fn stripped(&self, entry: &Entry) -> u32 {
        let Preserve { owner, setuid, .. } = self.preserve;
        let Owner { uid, gid } = entry.owner;
        let is_kept_for = |is_roots| setuid && (owner || is_roots);
        let mut stripped = entry.mode & (SETUID | SETGID);
        if is_kept_for(uid == 0 || uid == self.root.uid) {
            stripped &= !SETUID;
        }
        if is_kept_for(gid == 0 || gid == self.root.gid) {
            stripped &= !SETGID;
        }
        stripped
    }

    /// What of a file is left out, but for set-ID bits.
    pub(super) fn lost(&self, entry: &Entry, attributes: &Attributes) -> Vec<Lost> {
        let mut lost = Vec::new();
        let Owner { uid, gid } = entry.owner;
        let is_usual = (uid == 0 || uid == self.root.uid || uid == self.me.uid)
            && (gid == 0 || gid == self.root.gid || gid == self.me.gid);
        if !is_usual && !self.preserve.owner {
            lost.push(Lost::Owner { uid, gid });
        }
        if attributes.is_empty() {
            return lost;
        }
        let kept = self.attributes(attributes);
        for attribute in attributes.iter() {
            if kept.iter().any(|kept| kept.name == attribute.name) {
                continue;
            }
            lost.push(match attribute.sort() {
                Sort::Capability => Lost::Capabilities,
                Sort::Acl => Lost::Acl,
                Sort::Other => {
                    Lost::Attribute(String::from_utf8_lossy(&attribute.name).into_owned())
                }
            });
        }
        lost
    }
}

/// How many bytes the records of one member may take: Go's `archive/tar` (1.22), and with it umoci,
/// containers/storage and Docker, takes no extended header beyond 1 MiB, in which paths and the
/// text of two ACLs have to have room as well.
const MOST_ATTRIBUTES: usize = 640 << 10;

/// What a record takes beside name and value: its length, `SCHILY.xattr.`, `=`, a space and the end
/// of the line.
const RECORD: usize = 24;
