//! A folder that survives the process.

use std::any::Any;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use longshore_protocol::Digest;
use rustix::fs::OFlags;

use super::{BlobReader, BlobWriter, Change, Store, foreign_writer};

/// A store in a folder: `blobs/<algorithm>/<hex>`, `uploads/` for what is being written, and
/// `journal.jsonl`, one [`Change`] a line. A blob appears under its name by a rename, so it is
/// whole or not there. Unfinished uploads do not survive.
///
/// `longshore-registry` marks the folder as a store, and is locked while the store is open: two
/// servers would write over each other's uploads.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    /// Locked as long as this is open.
    _marker: File,
    journal: File,
    uploads: u64,
}

impl Directory {
    /// Opens the store at `root`, creating what is missing and clearing unfinished uploads.
    ///
    /// # Errors
    /// The folder cannot be made or written, it has other files in it and is no store, or another
    /// server has it open.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        let marker = mark(&root)?;
        let uploads = root.join(UPLOADS);
        fs::create_dir_all(&uploads)?;
        clear(&uploads)?;
        for algorithm in ["sha256", "sha512"] {
            fs::create_dir_all(root.join("blobs").join(algorithm))?;
        }
        let journal = OpenOptions::new()
            .create(true)
            .append(true)
            .open(root.join(JOURNAL))?;
        Ok(Self {
            root,
            _marker: marker,
            journal,
            uploads: 0,
        })
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let folder = self.root.join("blobs").join(digest.algorithm().name());
        folder.join(digest.hex())
    }

    fn next_upload(&mut self) -> PathBuf {
        self.uploads += 1;
        let name = format!("{UPLOAD}{}", self.uploads);
        self.root.join(UPLOADS).join(name)
    }
}

/// Opens and locks the marker in `root`, which is put into an empty folder only.
fn mark(root: &Path) -> io::Result<File> {
    let path = root.join(MARKER);
    let is_new = match fs::symlink_metadata(&path) {
        Ok(_) => false,
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(error),
    };
    if is_new && fs::read_dir(root)?.next().is_some() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it has other files in it and is no store of this registry; name an empty folder",
        ));
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut marker = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    match marker.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "another server has this store open",
            ));
        }
        // A file system without locks.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let metadata = marker.metadata()?;
    if metadata.is_file() && metadata.len() == 0 {
        marker.write_all(MARK)?;
        return Ok(marker);
    }
    let mut text = Vec::new();
    (&marker)
        .take(MARK.len() as u64 + 1)
        .read_to_end(&mut text)?;
    if text != MARK {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{MARKER} in it is none of this version"),
        ));
    }
    Ok(marker)
}

/// Removes what a server that was killed has left of uploads.
fn clear(uploads: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(uploads)?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            format!("{UPLOADS} in it is no folder"),
        ));
    }
    for entry in fs::read_dir(uploads)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(UPLOAD));
        let is_ours = number.is_some_and(|number| number.parse::<u64>().is_ok());
        if is_ours && entry.file_type()?.is_file() {
            unless_missing(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

impl Store for Directory {
    fn start(&mut self) -> io::Result<Box<dyn BlobWriter>> {
        Ok(Box::new(Spool {
            path: self.next_upload(),
            file: None,
        }))
    }

    fn commit(&mut self, writer: Box<dyn BlobWriter>, digest: &Digest) -> io::Result<()> {
        let spool = writer.into_any().downcast::<Spool>();
        let mut spool = spool.map_err(|_| foreign_writer())?;
        spool.file()?;
        spool.file = None;
        fs::rename(&spool.path, self.path(digest))
    }

    fn put(&mut self, digest: &Digest, bytes: Bytes) -> io::Result<()> {
        let path = self.next_upload();
        fs::write(&path, &bytes)?;
        fs::rename(&path, self.path(digest))
    }

    fn size(&self, digest: &Digest) -> Option<u64> {
        fs::metadata(self.path(digest)).ok().map(|data| data.len())
    }

    fn open(&self, digest: &Digest) -> io::Result<Option<Box<dyn BlobReader>>> {
        match File::open(self.path(digest)) {
            Ok(file) => Ok(Some(Box::new(Stored(file)))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn remove(&mut self, digest: &Digest) -> io::Result<()> {
        unless_missing(fs::remove_file(self.path(digest)))
    }

    fn record(&mut self, change: &Change) -> io::Result<()> {
        let mut line = serde_json::to_vec(change)?;
        line.push(b'\n');
        self.journal.write_all(&line)
    }

    fn recall(&mut self) -> io::Result<Vec<Change>> {
        let text = fs::read_to_string(self.root.join(JOURNAL))?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        if whole.len() + 1 < text.len() {
            // The last line was cut by a crash; the next one must not be glued to it.
            self.journal.set_len(whole.len() as u64 + 1)?;
        }
        let lines = whole.lines().filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_str(line).map_err(io::Error::from))
            .collect()
    }
}

/// A file in `uploads/`, opened when it is written, removed when it is dropped.
struct Spool {
    path: PathBuf,
    file: Option<File>,
}

impl Spool {
    fn file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            let file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(&self.path)?;
            self.file = Some(file);
        }
        Ok(self.file.as_mut().expect("opened just above"))
    }
}

impl BlobWriter for Spool {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file()?.write_all(piece)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file()?.set_len(length)
    }

    fn reread(&mut self, take: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        // Opened for appending first, so that there is a file even if nothing was written.
        self.file()?;
        let mut file = File::open(&self.path)?;
        let mut piece = vec![0; REREAD];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(true),
                length => take(&piece[..length]),
            }
        }
    }

    fn park(&mut self) {
        self.file = None;
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        remove_quietly(&self.path);
    }
}

struct Stored(File);

impl BlobReader for Stored {
    fn read(&mut self, offset: u64, most: usize) -> io::Result<Bytes> {
        self.0.seek(io::SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(most.min(LARGEST_READ));
        (&mut self.0)
            .take(most.min(LARGEST_READ) as u64)
            .read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }
}

fn remove_quietly(path: &Path) {
    // After a commit there is nothing at this path any more; a leftover is cleared at the next open.
    let _ = fs::remove_file(path);
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// What marks a folder as a store, and what is in that file.
const MARKER: &str = "longshore-registry";
const MARK: &[u8] = b"longshore mock registry, store 1\n";

const UPLOADS: &str = "uploads";

/// What the name of an upload begins with, before its number.
const UPLOAD: &str = "longshore-upload-";

const JOURNAL: &str = "journal.jsonl";
const REREAD: usize = 64 << 10;
const LARGEST_READ: usize = 1 << 20;
