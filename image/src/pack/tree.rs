//! From a directory to the members of a layer.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::blocks::Blocks;
use super::census::{Census, Fate, Seen};
use super::default_acls::DefaultAcls;
use super::divide::Selection;
use super::layer::Summary;
use super::pipeline::{Halt, Stopped};
use super::trail::{Above, Trail};
use super::{Options, Watch};
use crate::attributes::{Attribute, Attributes};
use crate::cache::{Fingerprint, Fingerprinter};
use crate::error::PackError;
use crate::notice::Notice;
use crate::tar::{self, Body, Member};
use crate::walk::{Entry, FileId, Kind, Members, Reads, Stamp, Walk};

/// Writes the tree of one directory, or what of it belongs to one layer, as a tar.
pub(super) struct Tree<'a> {
    options: &'a Options,
    /// What is written; everything, if there is none.
    selection: Option<&'a Selection>,
    trail: Trail,
    fingerprinter: Fingerprinter,
    census: Census<'a>,
    watch: &'a Watch,
    summary: Summary,
    links: HashMap<FileId, Link>,
    default_acls: DefaultAcls,
    header: Vec<u8>,
}

/// A file with several names, of which the first was packed as the file.
struct Link {
    first: FirstName,
    stamp: Stamp,
    /// Names not seen yet; some may lie outside the tree.
    left: u64,
}

/// The name under which a file was packed, and the mode it got.
#[derive(Clone)]
struct FirstName {
    path: Box<[u8]>,
    mode: u32,
}

/// A member that is about to be packed.
struct Found {
    entry: Entry,
    attributes: Attributes,
    /// How long it took to open it, if it is a file.
    waited: Duration,
}

impl<'a> Tree<'a> {
    pub(super) fn new(
        options: &'a Options,
        selection: Option<&'a Selection>,
        notices: &'a mut dyn FnMut(Notice),
        watch: &'a Watch,
    ) -> Self {
        Self {
            options,
            selection,
            trail: Trail::default(),
            fingerprinter: Fingerprinter::new(),
            census: Census::new(options, notices),
            watch,
            summary: Summary::default(),
            links: HashMap::new(),
            default_acls: DefaultAcls::default(),
            header: Vec::new(),
        }
    }

    pub(super) fn write(
        mut self,
        directory: &Path,
        blocks: &mut Blocks<'_>,
    ) -> Result<(Summary, Fingerprint), Halt> {
        let mut members: Box<dyn Members> = match self.selection {
            None => Box::new(Walk::new(directory, Reads::Files, self.options.mounts())?),
            Some(selection) => selection.members(directory, self.options.mounts())?,
        };
        let walk = &mut *members;
        while let Some(entry) = walk.next()? {
            if self.watch.is_cancelled() {
                return Err(PackError::Cancelled.into());
            }
            if self.census.leaves_out(walk, &entry) {
                continue;
            }
            if let Some(selection) = self.selection
                && !self.select(selection, walk, &entry, blocks)?
            {
                continue;
            }
            match self.census.see(walk, &entry)? {
                Fate::Packed { target } => {
                    let (attributes, waited) = self.attributes(walk, &entry)?;
                    self.census.see_attributes(walk, &entry, &attributes)?;
                    self.fingerprinter.add(walk.path(), &entry, &target);
                    let found = Found {
                        entry,
                        attributes,
                        waited,
                    };
                    self.member(walk, &found, &target, blocks)?;
                }
                Fate::LeftOut => self.fingerprinter.add(walk.path(), &entry, b""),
            }
        }
        blocks.put(&tar::END)?;
        let Seen {
            setuid,
            setgid,
            special,
            lost,
        } = self.census.seen;
        let summary = Summary {
            setuid,
            setgid,
            special,
            lost,
            ..self.summary
        };
        self.census.finish();
        Ok((summary, self.fingerprinter.finish()))
    }

    /// Whether the member belongs to the layer. If it does, the directories above it come first.
    fn select(
        &mut self,
        selection: &Selection,
        walk: &mut dyn Members,
        entry: &Entry,
        blocks: &mut Blocks<'_>,
    ) -> Result<bool, Halt> {
        let keeper = &self.census.keeper;
        let is_ours = selection.has(&mut self.trail, keeper, walk, entry)?;
        if is_ours {
            for above in self.trail.missing(selection.layer) {
                self.above(walk.path(), above, blocks)?;
            }
        }
        Ok(is_ours)
    }

    fn above(
        &mut self,
        path: &[u8],
        Above { length, mode }: Above,
        blocks: &mut Blocks<'_>,
    ) -> Result<(), Stopped> {
        let path = &path[..length];
        self.fingerprinter.add_above(path, mode);
        self.header.clear();
        let member = Member {
            path,
            mode,
            mtime: 0,
            body: Body::Directory,
            uid: 0,
            gid: 0,
            attributes: &[],
        };
        member.encode(&mut self.header);
        self.summary.members += 1;
        blocks.put(&self.header)
    }

    /// The attributes of the current member, and how long that took. A later name of a file has
    /// those of the first.
    fn attributes(
        &self,
        walk: &mut dyn Members,
        entry: &Entry,
    ) -> Result<(Attributes, Duration), PackError> {
        if entry.links > 1 && self.links.contains_key(&entry.stamp.file) {
            return Ok((Attributes::default(), Duration::ZERO));
        }
        let started = Instant::now();
        let attributes = walk.attributes(entry)?;
        Ok((attributes, started.elapsed()))
    }

    fn member(
        &mut self,
        walk: &mut dyn Members,
        found: &Found,
        target: &[u8],
        blocks: &mut Blocks<'_>,
    ) -> Result<(), Halt> {
        let entry = &found.entry;
        let mode = self.mode(walk, found);
        match entry.kind {
            Kind::Directory => self.put(walk, found, mode, Body::Directory, blocks)?,
            Kind::Symlink => self.put(walk, found, mode, Body::Symlink { target }, blocks)?,
            Kind::Special(_) => return Ok(()),
            Kind::File => match self.earlier_name(walk, entry, mode)? {
                Some(first) => {
                    let body = Body::HardLink {
                        target: &first.path,
                    };
                    self.put(walk, found, first.mode, body, blocks)?;
                    self.summary.hard_links += 1;
                }
                None => self.file(walk, found, mode, blocks)?,
            },
        }
        self.summary.members += 1;
        self.watch.add_member();
        Ok(())
    }

    fn file(
        &mut self,
        walk: &mut dyn Members,
        found: &Found,
        mode: u32,
        blocks: &mut Blocks<'_>,
    ) -> Result<(), Halt> {
        let size = found.entry.stamp.size;
        self.put(walk, found, mode, Body::File { size }, blocks)?;
        let started = Instant::now();
        let mut file = walk.open_file(&found.entry)?;
        let mut waited = found.waited + started.elapsed();
        while file.remaining() > 0 {
            let started = Instant::now();
            let count = file.read(blocks.space())?;
            waited += started.elapsed();
            blocks.advance(count)?;
            self.watch.add_bytes(count as u64);
            self.watch.wait_for_leave();
            if self.watch.is_cancelled() {
                return Err(PackError::Cancelled.into());
            }
        }
        file.finish()?;
        walk.note(size, waited);
        blocks.put(&tar::END[..tar::padding(size)])?;
        self.summary.files += 1;
        self.summary.bytes += size;
        Ok(())
    }

    /// The name under which this file was packed before, and with which mode, if it was.
    fn earlier_name(
        &mut self,
        walk: &dyn Members,
        entry: &Entry,
        mode: u32,
    ) -> Result<Option<FirstName>, PackError> {
        if entry.links < 2 {
            return Ok(None);
        }
        let id = entry.stamp.file;
        let Some(link) = self.links.get_mut(&id) else {
            let path = walk.path().into();
            let link = Link {
                first: FirstName { path, mode },
                stamp: entry.stamp,
                left: entry.links - 1,
            };
            self.links.insert(id, link);
            return Ok(None);
        };
        if let Some(change) = link.stamp.change(&entry.stamp) {
            return Err(walk.changed(change));
        }
        link.left -= 1;
        if link.left > 0 {
            return Ok(Some(link.first.clone()));
        }
        // All its names are known, so it need not be remembered.
        Ok(self.links.remove(&id).map(|link| link.first))
    }

    fn put(
        &mut self,
        walk: &dyn Members,
        found: &Found,
        mode: u32,
        body: Body<'_>,
        blocks: &mut Blocks<'_>,
    ) -> Result<(), Stopped> {
        let keeper = &self.census.keeper;
        let owner = keeper.owner(&found.entry);
        let mtime = self.mtime(&found.entry);
        let newest = u64::try_from(mtime).unwrap_or(0);
        self.summary.newest = self.summary.newest.max(newest);
        let mut attributes = keeper.attributes(&found.attributes);
        let is_directory = matches!(body, Body::Directory);
        let against = match (self.default_acls.has(walk.path()), &body) {
            (true, Body::Directory | Body::File { .. }) => {
                Attribute::against_inheritance(mode, is_directory, &found.attributes)
            }
            _ => Vec::new(),
        };
        if attributes.iter().any(|attribute| attribute.is_inherited()) {
            self.default_acls.enter(walk.path());
        }
        attributes.extend(&against);
        let member = Member {
            path: walk.path(),
            mode,
            mtime,
            body,
            uid: owner.uid,
            gid: owner.gid,
            attributes: &attributes,
        };
        self.header.clear();
        member.encode(&mut self.header);
        blocks.put(&self.header)
    }

    fn mode(&self, walk: &dyn Members, found: &Found) -> u32 {
        let keeper = &self.census.keeper;
        keeper.mode(walk.path(), &found.entry, &found.attributes)
    }

    fn mtime(&self, entry: &Entry) -> i64 {
        let mtime = entry.stamp.mtime;
        match self.options.source_date_epoch.map(i64::try_from) {
            Some(Ok(epoch)) => mtime.min(epoch),
            _ => mtime,
        }
    }
}
