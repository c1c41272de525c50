//! A directory as data: what two trees must agree on, and how they differ when they do not.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::{self, Display, Write as _};
use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::scratch::must;

/// Everything below a directory, by path relative to it; the directory itself is the empty path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// In byte order of the paths, so that two listings can be read side by side.
    pub entries: BTreeMap<PathBuf, Entry>,
}

/// One path, whatever it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is, with what only that kind has.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// User and group.
    pub owner: (u32, u32),
    /// Seconds since 1970: the part every tool keeps.
    pub mtime: i64,
}

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// In bytes, holes included.
        size: u64,
        /// SHA-256 of the content.
        digest: [u8; 32],
        /// The first path of the same file, if it has several within the tree.
        links: Option<PathBuf>,
    },
    /// A symbolic link.
    Symlink {
        /// As it is written.
        target: PathBuf,
    },
    /// A FIFO, socket or device.
    Special(Special),
}

/// What no layer of ours holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// A named pipe.
    Fifo,
    /// A socket that a server bound to.
    Socket,
    /// A character or block device.
    Device,
}

impl Tree {
    /// Reads a directory and everything below it, without following symbolic links.
    pub fn read(root: &Path) -> Self {
        let mut reader = Reader {
            root,
            entries: BTreeMap::new(),
            by_inode: BTreeMap::new(),
        };
        reader.visit(PathBuf::new());
        let Reader {
            mut entries,
            by_inode,
            ..
        } = reader;
        let groups = by_inode.into_values().filter(|paths| paths.len() > 1);
        for mut paths in groups {
            paths.sort();
            for path in &paths {
                if let Some(Entry {
                    kind: Kind::File { links, .. },
                    ..
                }) = entries.get_mut(path)
                {
                    *links = Some(paths[0].clone());
                }
            }
        }
        Self { entries }
    }

    /// How many regular files there are, each name counted.
    pub fn files(&self) -> usize {
        self.entries
            .values()
            .filter(|entry| matches!(entry.kind, Kind::File { .. }))
            .count()
    }

    /// Changes entries in place; those for which `keep` says no are dropped.
    pub fn map(mut self, mut keep: impl FnMut(&Path, &mut Entry) -> bool) -> Self {
        self.entries.retain(|path, entry| keep(path, entry));
        self
    }

    /// What differs, one line each, ready to be read; empty when nothing does.
    pub fn differences(&self, actual: &Self) -> Differences {
        let mut lines = Vec::new();
        for (path, expected) in &self.entries {
            match actual.entries.get(path) {
                None => lines.push(format!("- {} is missing: {expected}", show(path))),
                Some(actual) if actual != expected => {
                    lines.push(format!(
                        "! {}: {}",
                        show(path),
                        expected.differences(actual)
                    ));
                }
                Some(_) => {}
            }
        }
        for (path, entry) in &actual.entries {
            if !self.entries.contains_key(path) {
                lines.push(format!("+ {} was not expected: {entry}", show(path)));
            }
        }
        Differences(lines)
    }
}

/// Differences between two trees. Its `Display` is cut after the first ones.
#[derive(Debug)]
pub struct Differences(Vec<String>);

impl Differences {
    /// Whether the trees agree.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each difference on its own line.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} difference(s)", self.0.len())?;
        for line in self.0.iter().take(LINES_SHOWN) {
            writeln!(f, "  {line}")?;
        }
        if self.0.len() > LINES_SHOWN {
            writeln!(f, "  and {} more", self.0.len() - LINES_SHOWN)?;
        }
        Ok(())
    }
}

impl Entry {
    fn differences(&self, actual: &Self) -> String {
        let mut found = Vec::new();
        let mut compare = |what: &str, expected: String, actual: String| {
            if expected != actual {
                found.push(format!("{what} {expected} became {actual}"));
            }
        };
        compare("kind", self.kind.to_string(), actual.kind.to_string());
        compare(
            "mode",
            format!("{:04o}", self.mode),
            format!("{:04o}", actual.mode),
        );
        compare("owner", show_owner(self.owner), show_owner(actual.owner));
        compare("mtime", self.mtime.to_string(), actual.mtime.to_string());
        found.join(", ")
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            mode,
            owner,
            mtime,
        } = self;
        write!(
            f,
            "{kind}, mode {mode:04o}, owner {}, mtime {mtime}",
            show_owner(*owner)
        )
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory => write!(f, "directory"),
            Self::File {
                size,
                digest,
                links,
            } => {
                write!(f, "file of {size} bytes, sha256 {}", hex(&digest[..6]))?;
                links
                    .as_ref()
                    .map_or(Ok(()), |first| write!(f, ", linked with {}", show(first)))
            }
            Self::Symlink { target } => write!(f, "symlink to {}", show(target)),
            Self::Special(special) => write!(f, "{special:?}"),
        }
    }
}

struct Reader<'a> {
    root: &'a Path,
    entries: BTreeMap<PathBuf, Entry>,
    /// Paths by device and inode, of files that have more than one name.
    by_inode: BTreeMap<(u64, u64), Vec<PathBuf>>,
}

impl Reader<'_> {
    fn visit(&mut self, path: PathBuf) {
        let full = self.root.join(&path);
        let metadata = must(&full, fs::symlink_metadata(&full));
        let kind = self.kind(&full, &path, &metadata);
        let entry = Entry {
            mode: metadata.mode() & 0o7777,
            owner: (metadata.uid(), metadata.gid()),
            mtime: metadata.mtime(),
            kind,
        };
        let is_directory = entry.kind == Kind::Directory;
        self.entries.insert(path.clone(), entry);
        if is_directory {
            for child in must(&full, fs::read_dir(&full)) {
                let child = must(&full, child);
                self.visit(path.join(child.file_name()));
            }
        }
    }

    fn kind(&mut self, full: &Path, path: &Path, metadata: &Metadata) -> Kind {
        let kind = metadata.file_type();
        if kind.is_dir() {
            Kind::Directory
        } else if kind.is_symlink() {
            let target = must(full, fs::read_link(full));
            Kind::Symlink { target }
        } else if kind.is_file() {
            if metadata.nlink() > 1 {
                let inode = (metadata.dev(), metadata.ino());
                self.by_inode
                    .entry(inode)
                    .or_default()
                    .push(path.to_path_buf());
            }
            Kind::File {
                size: metadata.size(),
                digest: digest(full),
                links: None,
            }
        } else if kind.is_fifo() {
            Kind::Special(Special::Fifo)
        } else if kind.is_socket() {
            Kind::Special(Special::Socket)
        } else {
            Kind::Special(Special::Device)
        }
    }
}

fn digest(path: &Path) -> [u8; 32] {
    let mut file = must(path, File::open(path));
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match must(path, file.read(&mut buffer)) {
            0 => return hasher.finalize().into(),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// A path one can read and tell from others: what is no printable UTF-8 is escaped.
fn show(path: &Path) -> String {
    let bytes = OsString::from(path).into_vec();
    format!("`{}`", bytes.escape_ascii())
}

fn show_owner((user, group): (u32, u32)) -> String {
    format!("{user}:{group}")
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

const LINES_SHOWN: usize = 40;
