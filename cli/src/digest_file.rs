//! `--digest-file`: where the digest of a push goes.
//!
//! What is there already is opened before the push and written in place: a file keeps its owner, its
//! mode and its other names, a link stays a link, and a device or a pipe is what it was. Where there
//! is nothing, a new file appears whole or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use tempfile::NamedTempFile;

use crate::console::plain;
use crate::exit::Exit;
use crate::failure::Failure;

/// A place for a digest that was found to be writable.
#[derive(Debug)]
pub(crate) struct DigestFile {
    given: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Something that is there.
    There(File),
    /// Nothing yet: a file will be made at this path.
    Nothing(PathBuf),
}

impl DigestFile {
    /// Looks for the place at `path`, and tries what [`write`](Self::write) will do.
    ///
    /// # Errors
    ///
    /// Nothing can be written there. So it is said before the push.
    pub(crate) fn open(path: PathBuf) -> Result<Self, Failure> {
        match Place::open(&path) {
            Ok(place) => Ok(Self { given: path, place }),
            Err(error) => {
                let path = plain(&path.display().to_string());
                let message = format!("cannot write --digest-file {path}");
                Err(Failure::usage(message).because(&error))
            }
        }
    }

    /// Writes a line with the digest.
    ///
    /// # Errors
    ///
    /// The disk is full, or the place is no longer what it was.
    pub(crate) fn write(&self, digest: &str) -> Result<(), Failure> {
        let Self { given, place } = self;
        place.write(&format!("{digest}\n")).map_err(|error| {
            let path = plain(&given.display().to_string());
            let message = format!("the push is done, but its digest cannot be written to {path}");
            Failure::new(Exit::Unexpected, "writing the digest", message).because(&error)
        })
    }
}

impl Place {
    fn open(path: &Path) -> io::Result<Self> {
        // A FIFO that no program reads is an error, and not waited for.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = OpenOptions::new()
            .write(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path);
        match opened {
            Ok(file) => {
                rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
                Ok(Self::There(file))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let target = target(path)?;
                drop(beside(&target)?);
                Ok(Self::Nothing(target))
            }
            Err(error) if Errno::from_io_error(&error) == Some(Errno::NXIO) => {
                let reason = "no program reads what is written there";
                Err(io::Error::new(error.kind(), reason))
            }
            Err(error) => Err(error),
        }
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let path = match self {
            Self::There(file) => return in_place(file, line),
            Self::Nothing(path) => path,
        };
        let mut file = beside(path)?;
        file.write_all(line.as_bytes())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(()),
            // It came meanwhile.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                match Self::open(path)? {
                    Self::There(file) => in_place(&file, line),
                    Self::Nothing(_) => Err(error.error),
                }
            }
            Err(error) => Err(error.error),
        }
    }
}

/// Of a file, first the line is there and then nothing else: it is never empty.
fn in_place(mut file: &File, line: &str) -> io::Result<()> {
    file.write_all(line.as_bytes())?;
    if file.metadata()?.is_file() {
        file.set_len(line.len() as u64)?;
        file.sync_all()?;
    }
    Ok(())
}

/// A new file in the same directory, which only a whole one takes the place of.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let parent = path.parent().filter(|path| !path.as_os_str().is_empty());
    // The system's own rule decides who may read it, as for any file that a program writes.
    let for_all = Permissions::from_mode(0o666);
    tempfile::Builder::new()
        .prefix(".longshore-")
        .permissions(for_all)
        .tempfile_in(parent.unwrap_or(Path::new(".")))
}

/// Where a file at `path` would be made: what a symbolic link names, if there is one.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(link) => {
                path.pop();
                path.push(link);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        }
    }
    Err(Errno::LOOP.into())
}

/// As many as Linux follows.
const MOST_LINKS: u32 = 40;
