//! Trees to pack, and what became of them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::{CString, OsStr};
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, Timespec, Timestamps};
use tempfile::TempDir;

use crate::{Compression, Layer, Notice, Options, PackError, Packer, Watch};

/// A directory in the making. Paths are relative to it.
pub(crate) struct Tree {
    directory: TempDir,
}

impl Tree {
    pub(crate) fn new() -> Self {
        let tree = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        tree.mode("", 0o755);
        tree
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn at(&self, path: impl AsRef<OsStr>) -> PathBuf {
        match path.as_ref() {
            root if root.is_empty() => self.path().to_owned(),
            inner => self.path().join(inner),
        }
    }

    pub(crate) fn directory(&self, path: impl AsRef<OsStr>, mode: u32) -> &Self {
        fs::create_dir(self.at(&path)).unwrap();
        self.mode(path, mode)
    }

    pub(crate) fn file(&self, path: impl AsRef<OsStr>, mode: u32, content: &[u8]) -> &Self {
        fs::write(self.at(&path), content).unwrap();
        self.mode(path, mode)
    }

    pub(crate) fn symlink(&self, path: impl AsRef<OsStr>, target: impl AsRef<OsStr>) -> &Self {
        symlink(target.as_ref(), self.at(path)).unwrap();
        self
    }

    pub(crate) fn hard_link(&self, path: impl AsRef<OsStr>, existing: impl AsRef<OsStr>) -> &Self {
        fs::hard_link(self.at(existing), self.at(path)).unwrap();
        self
    }

    pub(crate) fn fifo(&self, path: impl AsRef<OsStr>) -> &Self {
        let path = CString::new(self.at(path).as_os_str().as_bytes()).unwrap();
        let mode = Mode::from_raw_mode(0o644);
        rustix::fs::mknodat(CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        self
    }

    pub(crate) fn mode(&self, path: impl AsRef<OsStr>, mode: u32) -> &Self {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    pub(crate) fn mtime(&self, path: impl AsRef<OsStr>, seconds: i64) -> &Self {
        set_mtime(&self.at(path), seconds);
        self
    }

    /// Gives everything one time, so that nothing depends on when the test runs.
    pub(crate) fn settle(&self) -> &Self {
        let mut below = vec![self.path().to_owned()];
        while let Some(path) = below.pop() {
            if fs::symlink_metadata(&path).unwrap().is_dir() {
                below.extend(
                    fs::read_dir(&path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            }
            set_mtime(&path, SETTLED);
        }
        self
    }
}

thread_local! {
    static IS_SERIAL: Cell<bool> = const { Cell::new(false) };
}

/// Does something with walks that have nothing done ahead of them: for what depends on the moment at
/// which a file is looked at.
pub(crate) fn serially<T>(work: impl FnOnce() -> T) -> T {
    IS_SERIAL.set(true);
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    IS_SERIAL.set(false);
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Whether the walks of this thread have nothing done ahead of them.
pub(crate) fn is_serial() -> bool {
    IS_SERIAL.get()
}

/// Packs and keeps the bytes.
pub(crate) fn pack(
    path: &Path,
    options: &Options,
) -> (Result<Layer, PackError>, Vec<u8>, Vec<Notice>) {
    let mut bytes = Vec::new();
    let mut notices = Vec::new();
    let packer = Packer::new(options.clone());
    let layer = packer.pack(
        path,
        &mut bytes,
        &mut |notice| notices.push(notice),
        &Watch::default(),
    );
    (layer, bytes, notices)
}

/// Packs without compression.
pub(crate) fn tar(path: &Path) -> Vec<u8> {
    let options = Options {
        compression: Compression::None,
        ..Options::default()
    };
    let (layer, bytes, _) = pack(path, &options);
    layer.unwrap();
    bytes
}

/// One member of a tar, by the `tar` crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: tar::EntryType,
    pub(crate) mode: u32,
    pub(crate) target: Vec<u8>,
    pub(crate) content: Vec<u8>,
}

/// What is in a tar, by the `tar` crate.
pub(crate) fn list(tar: &[u8]) -> Vec<Listed> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        Listed {
            path: entry.path_bytes().into_owned(),
            kind: entry.header().entry_type(),
            mode: entry.header().mode().unwrap(),
            target: entry.link_name_bytes().unwrap_or_default().into_owned(),
            content,
        }
    });
    entries.collect()
}

/// The paths in a tar, for tests that care about nothing else.
pub(crate) fn names(tar: &[u8]) -> Vec<String> {
    let listed = list(tar).into_iter();
    listed
        .map(|member| String::from_utf8_lossy(&member.path).into_owned())
        .collect()
}

/// Everything about a tree that a layer keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    mode: u32,
    pub(crate) mtime: i64,
    content: Vec<u8>,
    pub(crate) target: Option<PathBuf>,
    /// The first path of the same file, in byte order.
    first: PathBuf,
}

/// Looks at a tree on the disk.
pub(crate) fn snapshot(root: &Path) -> BTreeMap<PathBuf, Node> {
    let mut nodes = BTreeMap::new();
    let mut below = vec![root.to_owned()];
    let mut paths = Vec::new();
    while let Some(path) = below.pop() {
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            below.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
        paths.push(path);
    }
    paths.sort();
    let mut files = BTreeMap::new();
    for path in paths {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let inner = path.strip_prefix(root).unwrap().to_owned();
        let first = match metadata.is_file() {
            true => files
                .entry(metadata.ino())
                .or_insert_with(|| inner.clone())
                .clone(),
            false => inner.clone(),
        };
        let node = Node {
            mode: if metadata.is_symlink() {
                0o777
            } else {
                metadata.mode() & 0o7777
            },
            mtime: metadata.mtime(),
            content: if metadata.is_file() {
                fs::read(&path).unwrap()
            } else {
                Vec::new()
            },
            target: fs::read_link(&path).ok(),
            first,
        };
        nodes.insert(inner, node);
    }
    nodes
}

/// Bytes that do not compress to nothing, the same ones always.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Five bits in each byte: half of what deflate would make of text.
        bytes.extend(state.to_le_bytes().map(|byte| byte & 0x1f));
    }
    bytes.truncate(length);
    bytes
}

fn set_mtime(path: &Path, seconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: 999_999_999,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

/// 2001-09-09, and the last nanosecond of a second: it has to be cut, not rounded.
pub(crate) const SETTLED: i64 = 1_000_000_000;
