//! Looking at a tree before it is packed.

use std::path::Path;

use super::census::{Census, Fate};
use super::{Options, Watch};
use crate::attributes::Attributes;
use crate::cache::{Fingerprint, Fingerprinter};
use crate::error::PackError;
use crate::notice::Notice;
use crate::walk::{Entry, Kind, Members, Reads, Walk};

/// What a packer will find in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// Members.
    pub members: u64,
    /// Bytes of content, where each name of a file with several is counted.
    pub bytes: u64,
    /// What it looks like: if it is the same later, so is the layer.
    pub fingerprint: Fingerprint,
}

/// Walks through `directory` without reading any file: for progress with a known end, and to learn
/// whether it has changed. `notices` gets what it would get if the tree was packed.
///
/// # Errors
///
/// A directory that cannot be read or changes meanwhile, a file that [`Options::strict`] forbids,
/// and cancellation by `watch`.
pub fn survey(
    directory: &Path,
    options: &Options,
    notices: &mut dyn FnMut(Notice),
    watch: &Watch,
) -> Result<Survey, PackError> {
    look(directory, options, notices, watch).map_err(|error| error.at_mount(directory))
}

fn look(
    directory: &Path,
    options: &Options,
    notices: &mut dyn FnMut(Notice),
    watch: &Watch,
) -> Result<Survey, PackError> {
    let mut census = Census::new(options, notices);
    let mut fingerprinter = Fingerprinter::new();
    let (mut members, mut bytes) = (0, 0);
    let mut walk = Walk::new(directory, looks(options), options.mounts())?;
    while let Some(entry) = walk.next()? {
        if watch.is_cancelled() {
            return Err(PackError::Cancelled);
        }
        if census.leaves_out(&mut walk, &entry) {
            continue;
        }
        match census.see(&walk, &entry)? {
            Fate::Packed { target } => {
                let attributes = attributes(&mut walk, &entry, options)?;
                census.see_attributes(&walk, &entry, &attributes)?;
                fingerprinter.add(walk.path(), &entry, &target);
                members += 1;
                if entry.kind == Kind::File {
                    bytes += entry.stamp.size;
                }
            }
            Fate::LeftOut => fingerprinter.add(walk.path(), &entry, b""),
        }
    }
    census.finish();
    Ok(Survey {
        members,
        bytes,
        fingerprint: fingerprinter.finish(),
    })
}

/// What a walk that packs nothing reads.
pub(super) fn looks(options: &Options) -> Reads {
    match options.look_at_attributes {
        true => Reads::Attributes,
        false => Reads::Nothing,
    }
}

/// The attributes of the current member: of a directory, which is opened in any case, and of a file
/// only if [`Options::look_at_attributes`] asks for them.
pub(super) fn attributes(
    walk: &mut dyn Members,
    entry: &Entry,
    options: &Options,
) -> Result<Attributes, PackError> {
    match entry.kind {
        Kind::File if !options.look_at_attributes => Ok(Attributes::default()),
        _ => walk.attributes(entry),
    }
}
