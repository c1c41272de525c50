//! Reading a file of an image's `ch` directory, and only of it.

use std::ffi::CStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, openat};
use rustix::io::Errno;

use super::MetadataError;

pub(super) struct MetadataFile {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
}

/// Reads `ch/NAME`, if it is there.
///
/// An image is a stranger's: a symbolic link in it could point to any file of this machine, whose
/// content would then be published. Only `directory` itself may be one.
pub(super) fn read(directory: &Path, name: &CStr) -> Result<Option<MetadataFile>, MetadataError> {
    let path = directory.join("ch").join(name.to_string_lossy().as_ref());
    let unreadable = |errno: Errno| MetadataError::Unreadable {
        path: path.clone(),
        source: errno.into(),
    };
    let open = |parent: &dyn AsFd, name: &Path, flags| match openat(
        parent.as_fd(),
        name,
        flags | OFlags::CLOEXEC,
        Mode::empty(),
    ) {
        Ok(file) => Ok(Some(file)),
        Err(Errno::NOENT) => Ok(None),
        Err(Errno::LOOP | Errno::NOTDIR) => Err(MetadataError::NotAFile { path: path.clone() }),
        Err(errno) => Err(unreadable(errno)),
    };
    let folder = OFlags::RDONLY | OFlags::DIRECTORY;
    let Some(root) = open(&CWD, directory, folder)? else {
        return Ok(None);
    };
    let Some(ch) = open(&root, Path::new("ch"), folder | OFlags::NOFOLLOW)? else {
        return Ok(None);
    };
    let name = Path::new(path.file_name().unwrap_or_default());
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let Some(file) = open(&ch, name, flags)? else {
        return Ok(None);
    };

    let stat = rustix::fs::fstat(&file).map_err(unreadable)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(MetadataError::NotAFile { path });
    }
    let mut bytes = Vec::new();
    let read = File::from(file)
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes);
    read.map_err(|source| MetadataError::Unreadable {
        path: path.clone(),
        source,
    })?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(MetadataError::TooLarge {
            path,
            limit: MOST_BYTES,
        });
    }
    Ok(Some(MetadataFile { path, bytes }))
}

/// Registries take manifests and configs of a few MiB at most.
const MOST_BYTES: u64 = 16 << 20;
