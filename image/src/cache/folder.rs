//! The cache's directories. Each is opened once, looked at by its handle, and used by that.
//!
//! Nothing in them is believed, replaced or removed unless it can only have been written by this
//! user or root: a push of an unchanged tree takes its digests from here.

use std::ffi::{CStr, CString};
use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use longshore_protocol::Digest;
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, fstat, mkdirat,
    openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::CacheError;

/// The cache's own directory, which is marked as such.
#[derive(Debug)]
pub(super) struct Root(OwnedFd);

/// A directory in the cache.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

/// One of the cache's own files.
pub(super) struct Found {
    pub(super) name: CString,
    /// When it was last used, in seconds and nanoseconds since 1970.
    pub(super) used: (i64, i64),
    pub(super) bytes: u64,
}

impl Root {
    /// Opens the cache at `path`, if there is one.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, CacheError> {
        let Some(root) = directory(rustix::fs::CWD, path, OFlags::empty())? else {
            return Ok(None);
        };
        if is_marked(&root)? {
            return Ok(Some(Self(root)));
        }
        let names = names(&root)?;
        if names.iter().all(|name| is_new(name)) {
            return Ok(None);
        }
        // Another program may just have made it.
        if is_marked(&root)? {
            return Ok(Some(Self(root)));
        }
        if is_unmarked_cache(&root, &names)? {
            return Ok(Some(Self(mark(root)?)));
        }
        Err(CacheError::Foreign)
    }

    /// Opens the cache at `path`, and makes it where there is none.
    pub(super) fn make(path: &Path) -> Result<Self, CacheError> {
        if let Some(root) = Self::open(path)? {
            return Ok(root);
        }
        // What is packed, and where it goes, is for this user to know.
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let root = directory(rustix::fs::CWD, path, OFlags::empty())?;
        let root = root.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Self(mark(root)?))
    }

    /// The directory `folder` in the one of this version, if there is one.
    pub(super) fn folder(&self, version: &str, folder: &str) -> Result<Option<Folder>, CacheError> {
        let Some(version) = directory(&self.0, version, OFlags::NOFOLLOW)? else {
            return Ok(None);
        };
        Ok(directory(version, folder, OFlags::NOFOLLOW)?.map(Folder))
    }

    /// The same, made where there is none.
    pub(super) fn make_folder(&self, version: &str, folder: &str) -> Result<Folder, CacheError> {
        make_directory(&self.0, version)?;
        let Some(version) = directory(&self.0, version, OFlags::NOFOLLOW)? else {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        };
        make_directory(&version, folder)?;
        match directory(version, folder, OFlags::NOFOLLOW)? {
            Some(folder) => Ok(Folder(folder)),
            None => Err(io::Error::from(io::ErrorKind::NotFound).into()),
        }
    }

    /// All directories of all versions.
    pub(super) fn folders(&self) -> Result<Vec<Folder>, CacheError> {
        let mut folders = Vec::new();
        for version in names(&self.0)? {
            if !is_version(&version) {
                continue;
            }
            let Some(version) = subdirectory(&self.0, &version)? else {
                continue;
            };
            for folder in names(&version)? {
                folders.extend(subdirectory(&version, &folder)?.map(Folder));
            }
        }
        Ok(folders)
    }
}

impl Folder {
    /// The text of a file of the cache, unless there is none, others may have written it, or it is
    /// damaged; and the file, to say that it was [used](touch).
    pub(super) fn read(&self, name: &str) -> Option<(String, File)> {
        let file = open_file(&self.0, name)?;
        let mut text = String::new();
        (&file).take(LARGEST).read_to_string(&mut text).ok()?;
        let (sum, text) = text.split_once('\n')?;
        let is_whole = sum == Digest::sha256(text.as_bytes()).to_string();
        is_whole.then(|| (text.to_owned(), file))
    }

    /// Writes a file of the cache: its text, behind a checksum.
    ///
    /// It is not synced: after a crash of the machine it may be damaged, and the checksum tells.
    pub(super) fn keep(&self, name: &str, text: &str) -> io::Result<()> {
        self.write(name, |file| {
            writeln!(file, "{}", Digest::sha256(text.as_bytes()))?;
            file.write_all(text.as_bytes())
        })
    }

    /// Writes a file under another name, and then gives it its own.
    fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        let (new, file) = self.create()?;
        let mut file = File::from(file);
        let written =
            content(&mut file).and_then(|()| Ok(renameat(&self.0, new.as_str(), &self.0, name)?));
        if written.is_err() {
            let _ = unlinkat(&self.0, new.as_str(), AtFlags::empty());
        }
        written
    }

    /// A new file with a name that no other has.
    fn create(&self) -> io::Result<(String, OwnedFd)> {
        let process = std::process::id();
        let mut number = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        loop {
            let name = format!("{NEW}{process:x}-{number:x}");
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            match openat(&self.0, name.as_str(), flags, Mode::RUSR | Mode::WUSR) {
                Ok(file) => return Ok((name, file)),
                Err(Errno::EXIST) => number += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Removes a file of the cache. That it is gone already is no error.
    pub(super) fn remove(&self, name: &CStr) -> io::Result<()> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The cache's own files in it: regular ones with names that it gives.
    pub(super) fn list(&self) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for name in names(&self.0)? {
            if !is_given(name.to_bytes()) {
                continue;
            }
            let stat = match statat(&self.0, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(error.into()),
            };
            if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
                found.push(Found {
                    name,
                    used: (
                        stat.st_mtime,
                        i64::try_from(stat.st_mtime_nsec).unwrap_or(0),
                    ),
                    bytes: u64::try_from(stat.st_size).unwrap_or(0),
                });
            }
        }
        Ok(found)
    }
}

/// Notes that a file was used.
pub(super) fn touch(file: &File) {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    // A cache of root's can be used, but not told so.
    let _ = rustix::fs::futimens(file, &times);
}

/// Whether the cache gives such names: digests, and those of files that are being written.
fn is_given(name: &[u8]) -> bool {
    let is_hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    match name.strip_prefix(NEW.as_bytes()) {
        Some(rest) => !rest.is_empty(),
        None => name.len() >= SHORTEST && name.iter().all(is_hex),
    }
}

/// Opens a directory that only this user and root may write to. None if there is none.
fn directory<P: rustix::path::Arg>(
    above: impl AsFd,
    name: P,
    flags: OFlags,
) -> Result<Option<OwnedFd>, CacheError> {
    let flags = flags | OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = match openat(above, name, flags, Mode::empty()) {
        Ok(directory) => directory,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(io::Error::from(error).into()),
    };
    let stat = fstat(&directory).map_err(io::Error::from)?;
    match is_trusted(&stat) {
        true => Ok(Some(directory)),
        false => Err(CacheError::Untrusted {
            owner: stat.st_uid,
            mode: stat.st_mode & 0o7777,
        }),
    }
}

/// A directory in another one; none if it is no directory or is gone.
fn subdirectory(above: &OwnedFd, name: &CStr) -> Result<Option<OwnedFd>, CacheError> {
    match directory(above, name, OFlags::NOFOLLOW) {
        Err(CacheError::Io(error))
            if matches!(
                Errno::from_io_error(&error),
                Some(Errno::NOTDIR | Errno::LOOP)
            ) =>
        {
            Ok(None)
        }
        other => other,
    }
}

fn make_directory(above: &OwnedFd, name: &str) -> io::Result<()> {
    match mkdirat(above, name, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens a regular file that only this user and root may write to, and that is no larger than a
/// file of the cache.
fn open_file(directory: &OwnedFd, name: &str) -> Option<File> {
    // A FIFO is not waited for, and a device does not notice.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(directory, name, flags, Mode::empty()).ok()?;
    let stat = fstat(&file).ok()?;
    let is_ours = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && is_trusted(&stat)
        && u64::try_from(stat.st_size).is_ok_and(|size| size <= LARGEST);
    is_ours.then(|| File::from(file))
}

fn is_trusted(stat: &Stat) -> bool {
    let is_owner = stat.st_uid == 0 || stat.st_uid == rustix::process::geteuid().as_raw();
    is_owner && stat.st_mode & WRITABLE_BY_OTHERS == 0
}

fn is_marked(root: &OwnedFd) -> Result<bool, CacheError> {
    let Some(file) = open_file(root, TAG) else {
        return Ok(false);
    };
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text)?;
    Ok(text == MARK)
}

fn mark(root: OwnedFd) -> io::Result<OwnedFd> {
    let marked = Folder(root);
    marked.write(TAG, |file| file.write_all(MARK))?;
    Ok(marked.0)
}

/// Whether a directory is what this program made before it marked its caches: of the mode that it
/// gives, and with nothing in it but directories of versions.
fn is_unmarked_cache(root: &OwnedFd, names: &[CString]) -> Result<bool, CacheError> {
    let stat = fstat(root).map_err(io::Error::from)?;
    if stat.st_mode & 0o7777 != 0o700 {
        return Ok(false);
    }
    for name in names.iter().filter(|name| !is_new(name)) {
        if !is_version(name) || subdirectory(root, name)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a name is that of a file that is being written.
fn is_new(name: &CStr) -> bool {
    name.to_bytes().starts_with(NEW.as_bytes())
}

/// Whether a name is that of the directory of a version.
fn is_version(name: &CStr) -> bool {
    let number = name.to_bytes().strip_prefix(b"v").unwrap_or_default();
    !number.is_empty() && number.iter().all(u8::is_ascii_digit)
}

/// The names in a directory, but for the two that every directory has.
fn names(directory: &OwnedFd) -> io::Result<Vec<CString>> {
    let directory: BorrowedFd<'_> = directory.as_fd();
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    Ok(names)
}

/// Marks a directory as a cache, for programs that make backups too
/// (<https://bford.info/cachedir/>).
const TAG: &str = "CACHEDIR.TAG";
const MARK: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n\
# Longshore remembers here what it has packed and pushed. It can be deleted at any time.\n";

/// What the names of files begin with that are being written.
const NEW: &str = ".new-";

/// How long the other names are at least: digests in hexadecimal.
const SHORTEST: usize = 64;

/// No file of the cache has more bytes.
const LARGEST: u64 = 64 << 10;

const WRITABLE_BY_OTHERS: u32 = 0o022;
