//! What can be said of a tree without reading its files.

use super::Options;
use crate::error::PackError;
use crate::notice::{Notice, SpecialFiles};
use crate::rules::{self, BuildCache};
use crate::walk::{Entry, Kind, Members};

/// Sees every member of a walk, in its order: decides which ones are packed and tells what is worth
/// telling. Who packs a tree and who only looks at it see the same.
pub(super) struct Census<'a> {
    options: &'a Options,
    notices: &'a mut dyn FnMut(Notice),
    build_cache: BuildCache,
    /// What was seen so far.
    pub(super) seen: Seen,
}

/// What a tree holds that is told rather than packed.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) setuid: u64,
    pub(super) setgid: u64,
    pub(super) special: SpecialFiles,
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
            seen: Seen::default(),
        }
    }

    /// Whether the member that the walk has just come to is none of the image's, which has to be
    /// asked of each. If so, the walk does not go into it.
    pub(super) fn leaves_out(&mut self, walk: &mut dyn Members, entry: &Entry) -> bool {
        let is_cache = self.build_cache.owns(walk.path(), entry.kind);
        if is_cache {
            walk.prune();
            (self.notices)(Notice::LeftOut(walk.member_path()));
        }
        is_cache
    }

    /// Sees a member of the image.
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
            Kind::Directory | Kind::File => self.tell_mode(walk, entry),
        }
        if matches!(entry.kind, Kind::Special(_)) {
            return Ok(Fate::LeftOut);
        }
        if rules::is_whiteout(walk.path()) {
            (self.notices)(Notice::Whiteout(walk.member_path()));
        }
        Ok(Fate::Packed { target })
    }

    /// After the last member.
    pub(super) fn finish(self) {
        if !self.seen.special.is_empty() {
            (self.notices)(Notice::LeftOutSpecial(self.seen.special));
        }
    }

    fn tell_mode(&mut self, walk: &dyn Members, entry: &Entry) {
        if entry.mode & rules::SETUID != 0 {
            self.seen.setuid += 1;
            (self.notices)(Notice::StrippedSetuid(walk.member_path()));
        }
        if entry.mode & rules::SETGID != 0 {
            self.seen.setgid += 1;
            (self.notices)(Notice::StrippedSetgid(walk.member_path()));
        }
    }
}
