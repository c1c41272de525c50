//! Where work comes from: a directory or a file of which not everything was begun.

use std::ffi::CString;
use std::sync::Arc;

use rustix::fs::FileType;

use super::job::{Check, Listing, PIECE};
use super::load::{Count, Handle, Permit};
use super::state::Shared;
use crate::walk::Reads;
use crate::walk::planned_directory::PlannedDirectory;

/// Work in a row. Its next piece has the last number of a position.
pub(super) enum Source {
    Directory {
        listing: Listing,
        /// Jobs that are being done.
        busy: Count,
    },
    File {
        file: Arc<Handle>,
        size: u64,
    },
    /// Files of a plan, in one directory.
    Planned {
        directory: Arc<PlannedDirectory>,
        names: Arc<Vec<CString>>,
        /// The number of the first of them.
        first: usize,
    },
}

/// Something to be done now.
pub(super) enum Job {
    Member {
        listing: Listing,
        index: usize,
        /// Room for the beginning of a file.
        content: Option<Permit>,
        busy: Permit,
    },
    Piece {
        file: Arc<Handle>,
        offset: u64,
        length: usize,
        /// Nothing should follow in the file.
        is_last: bool,
        content: Permit,
    },
    Planned {
        directory: Arc<PlannedDirectory>,
        names: Arc<Vec<CString>>,
        index: usize,
        content: Permit,
        busy: Permit,
    },
    Check(Check),
}

impl Source {
    pub(super) fn of(listing: Listing) -> Self {
        let busy = Count::default();
        Self::Directory { listing, busy }
    }

    /// Whether there is anything at `position`.
    pub(super) fn has(&self, position: &[u32]) -> bool {
        let number = number(position);
        match self {
            Self::Directory { listing, .. } => number < listing.names.len(),
            Self::File { size, .. } => ((number * PIECE) as u64) < *size,
            Self::Planned { names, first, .. } => number < first + names.len(),
        }
    }

    /// How many of its jobs are being done, as far as they might wait for each other.
    pub(super) fn crowd(&self) -> usize {
        match self {
            Self::Directory { busy, .. } => busy.now(),
            Self::File { .. } => 0,
            Self::Planned { directory, .. } => directory.busy.now(),
        }
    }

    /// What is to be done at `position`, unless too much is held for that. The first of all may use
    /// what the others have to leave.
    pub(super) fn job(&self, position: &[u32], is_first: bool, shared: &Shared) -> Option<Job> {
        let Shared {
            load,
            limits,
            reads,
            ..
        } = shared;
        let fits = |count: &Count, limit: usize| {
            let limit = if is_first { limit } else { limit - limit / 4 };
            count.now() < limit
        };
        let has_room = fits(&load.content, limits.content);
        let number = number(position);
        match self {
            Self::File { .. } if !has_room => None,
            Self::File { file, size } => {
                let offset = (number * PIECE) as u64;
                let rest = usize::try_from(size.saturating_sub(offset)).unwrap_or(PIECE);
                Some(Job::Piece {
                    file: Arc::clone(file),
                    offset,
                    length: rest.min(PIECE),
                    is_last: rest <= PIECE,
                    content: load.content.hold(PIECE),
                })
            }
            Self::Planned { .. } if !has_room || !fits(&load.open, limits.open) => None,
            Self::Planned {
                directory,
                names,
                first,
            } => Some(Job::Planned {
                directory: Arc::clone(directory),
                names: Arc::clone(names),
                index: number.checked_sub(*first)?,
                content: load.content.hold(PIECE),
                busy: directory.busy.hold(1),
            }),
            Self::Directory { listing, busy } => {
                let kind = listing.names.kind(number);
                let may_be = |wanted| kind == wanted || kind == FileType::Unknown;
                let may_enter = may_be(FileType::Directory);
                let is_opened = *reads != Reads::Nothing && may_be(FileType::RegularFile);
                let is_read = is_opened && *reads == Reads::Files;
                let is_held_back = (is_read && !has_room)
                    || ((is_opened || may_enter) && !fits(&load.open, limits.open))
                    || (may_enter && !fits(&load.names, limits.names));
                (!is_held_back).then(|| Job::Member {
                    listing: listing.clone(),
                    index: number,
                    content: is_read.then(|| load.content.hold(PIECE)),
                    busy: busy.hold(1),
                })
            }
        }
    }
}

fn number(position: &[u32]) -> usize {
    position.last().map_or(0, |number| *number as usize)
}
