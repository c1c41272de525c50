//! Files that blobs are read from.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

/// A file, opened by its path for every attempt, or shared.
///
/// Readers of one `FileSource` never disturb each other, whichever way it was made.
#[derive(Clone, Debug)]
pub struct FileSource(Whence);

/// An open [`FileSource`].
#[derive(Debug)]
pub struct FileReader(Kind);

impl FileSource {
    /// The file at `path`, opened anew for every attempt.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(Whence::Path(path.into()))
    }

    /// An open file: one that has no name any more, for instance. Its own position is neither used
    /// nor moved where the platform can read at an offset (Unix).
    #[must_use]
    pub fn shared(file: Arc<File>) -> Self {
        Self(Whence::Open(file))
    }

    /// A reader of the bytes from `offset` on. Blocks.
    ///
    /// # Errors
    /// What the operating system says, with the path.
    pub fn open_at(&self, offset: u64) -> io::Result<FileReader> {
        match &self.0 {
            Whence::Path(path) => {
                let named = |error: io::Error| {
                    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
                };
                let mut file = File::open(path).map_err(named)?;
                file.seek(SeekFrom::Start(offset)).map_err(named)?;
                Ok(FileReader(Kind::Own(file)))
            }
            Whence::Open(file) => {
                let file = Arc::clone(file);
                Ok(FileReader(Kind::Shared { file, offset }))
            }
        }
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::Own(file) => file.read(buffer),
            Kind::Shared { file, offset } => {
                let count = read_at(file, buffer, *offset)?;
                *offset += count as u64;
                Ok(count)
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Whence {
    Path(PathBuf),
    Open(Arc<File>),
}

#[derive(Debug)]
enum Kind {
    Own(File),
    /// With a position of its own.
    Shared {
        file: Arc<File>,
        offset: u64,
    },
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
