//! What can be said of a tree without reading its files.

use std::collections::HashSet;

use super::Options;
use super::keeper::Keeper;
use crate::attributes::Attributes;
use crate::error::PackError;
use crate::lost::{Lost, LostCounts};
use crate::notice::{Notice, SpecialFiles};
use crate::rules::{self, BuildCache};
use crate::walk::{Entry, FileId, Kind, Members, Mounted};

/// Sees every member of a walk, in its order: decides which ones are packed and tells what is worth
/// telling. Who packs a tree and who only looks at it see the same.
pub(super) struct Census<'a> {
    options: &'a Options,
    notices: &'a mut dyn FnMut(Notice),
    build_cache: BuildCache,
    pub(super) keeper: Keeper,
    /// Files with several names that have lost something, so that it is told once.
    told: HashSet<FileId>,
    /// What was seen so far.
    pub(super) seen: Seen,
}

/// What a tree holds that is told rather than packed.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) setuid: u64,
    pub(super) setgid: u64,
    pub(super) special: SpecialFiles,
    pub(super) lost: LostCounts,
}

/// What becomes of a member.
pub(super) enum Fate {
    Packed {
        /// Where it points, if it is a symbolic link.
        target: Vec<u8>,
    },
    /// It is of a type that no layer holds.
    LeftOut,
}

impl<'a> Census<'a> {
    pub(super) fn new(options: &'a Options, notices: &'a mut dyn FnMut(Notice)) -> Self {
        Self {
            options,
            notices,
            build_cache: BuildCache::default(),
            keeper: Keeper::new(options),
            told: HashSet::new(),
            seen: Seen::default(),
        }
    }

    /// Whether the member that the walk has just come to is none of the image's, which has to be
    /// asked of each. If so, the walk does not go into it.
    pub(super) fn leaves_out(&mut self, walk: &mut dyn Members, entry: &Entry) -> bool {
        if walk.path() == b"." {
            self.keeper.begin(entry);
        }
        let is_cache = self.build_cache.owns(walk.path(), entry.kind);
        if is_cache {
            walk.prune();
            (self.notices)(Notice::LeftOut(walk.member_path()));
        }
        is_cache
    }

    /// Sees a member of the image, before it is opened.
    pub(super) fn see(&mut self, walk: &dyn Members, entry: &Entry) -> Result<Fate, PackError> {
        let mut target = Vec::new();
        match entry.kind {
            Kind::Special(kind) if self.options.strict => {
                return Err(PackError::Special {
                    path: walk.host_path(),
                    kind,
                });
            }
            Kind::Special(kind) => self.seen.special.count(kind),
            Kind::Symlink => target = walk.read_link()?,
            Kind::Directory | Kind::File if entry.mounted == Mounted::Yes => {
                self.tell_mount(walk)?;
            }
            Kind::Directory | Kind::File => self.tell_mode(walk, entry)?,
        }
        if matches!(entry.kind, Kind::Special(_)) {
            return Ok(Fate::LeftOut);
        }
        if rules::is_whiteout(walk.path()) {
            (self.notices)(Notice::Whiteout(walk.member_path()));
        }
        Ok(Fate::Packed { target })
    }

    /// Sees the owner of a member that is packed, and its attributes as far as they are known.
    pub(super) fn see_attributes(
        &mut self,
        walk: &dyn Members,
        entry: &Entry,
        attributes: &Attributes,
    ) -> Result<(), PackError> {
        if walk.path() == b"." && self.options.root_mode.is_none() {
            let mode = self.keeper.mode(walk.path(), entry, attributes);
            if mode & rules::ENTER == 0 {
                (self.notices)(Notice::ClosedRoot { mode });
            }
        }
        let lost = self.keeper.lost(entry, attributes);
        if lost.is_empty() {
            return Ok(());
        }
        let has_names = entry.kind != Kind::Directory && entry.links > 1;
        if has_names && !self.told.insert(entry.stamp.file) {
            return Ok(());
        }
        self.seen.lost.count(&lost);
        for what in lost {
            self.forbid(walk, || what.clone())?;
            let path = walk.member_path();
            (self.notices)(Notice::NotKept { path, what });
        }
        Ok(())
    }

    /// After the last member.
    pub(super) fn finish(self) {
        if !self.seen.special.is_empty() {
            (self.notices)(Notice::LeftOutSpecial(self.seen.special));
        }
    }

    fn tell_mount(&mut self, walk: &dyn Members) -> Result<(), PackError> {
        if self.options.strict {
            let path = walk.host_path();
            return Err(PackError::MountPoint { path });
        }
        (self.notices)(Notice::MountPoint(walk.member_path()));
        Ok(())
    }

    fn tell_mode(&mut self, walk: &dyn Members, entry: &Entry) -> Result<(), PackError> {
        let stripped = self.keeper.stripped(entry);
        if stripped & rules::SETUID != 0 {
            self.forbid(walk, || Lost::Setuid)?;
            self.seen.setuid += 1;
            (self.notices)(Notice::StrippedSetuid(walk.member_path()));
        }
        if stripped & rules::SETGID != 0 {
            self.forbid(walk, || Lost::Setgid)?;
            self.seen.setgid += 1;
            (self.notices)(Notice::StrippedSetgid(walk.member_path()));
        }
        Ok(())
    }

    /// Fails if nothing may be lost.
    fn forbid(&self, walk: &dyn Members, what: impl FnOnce() -> Lost) -> Result<(), PackError> {
        match self.options.strict {
            false => Ok(()),
            true => Err(PackError::Lost {
                path: walk.host_path(),
                what: what(),
            }),
        }
    }
}
