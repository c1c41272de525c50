//! Where the bytes of a blob come from.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Buf, Bytes};

/// The bytes of one blob, to be read as often as its [`Replay`](longshore_protocol::Replay) says.
///
/// ```
/// use longshore_blocking::{FileSource, Source, from_fn};
///
/// let memory = bytes::Bytes::from_static(b"a layer");
/// let file = FileSource::new("layer.tar.gz");
/// let packer = from_fn(|_offset| Ok(std::io::repeat(0)));
/// let sources: [Box<dyn Source>; 3] = [Box::new(memory), Box::new(file), Box::new(packer)];
/// ```
pub trait Source: Send + Sync {
    /// Opens the source at byte `offset`.
    ///
    /// Called at most once for each attempt to send the blob, on a worker thread and only when the
    /// first byte is about to be sent: a request that is refused beforehand costs nothing. `offset`
    /// is zero unless the blob was added as
    /// [`Replay::Anywhere`](longshore_protocol::Replay::Anywhere).
    ///
    /// # Errors
    /// Any error here, or from the reader, ends the push; its text is shown to a person.
    fn open(&self, offset: u64) -> io::Result<Box<dyn Read + Send>>;
}

/// A file, opened by its path for every attempt, or shared.
///
/// Readers of one `FileSource` never disturb each other, whichever way it was made.
#[derive(Clone, Debug)]
pub struct FileSource(Place);

/// A source made of a function that opens a reader at an offset.
///
/// The function is called as [`Source::open`] is.
pub fn from_fn<F, R>(open: F) -> FromFn<F>
where
    F: Fn(u64) -> io::Result<R> + Send + Sync,
    R: Read + Send + 'static,
{
    FromFn(open)
}

/// See [`from_fn`].
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

impl FileSource {
    /// The file at `path`, opened anew for every attempt.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(Place::Path(path.into()))
    }

    /// An open file: one that has no name any more, for instance. Its own position is neither used
    /// nor moved where the platform can read at an offset (Unix).
    #[must_use]
    pub fn shared(file: Arc<File>) -> Self {
        Self(Place::Open(file))
    }
}

impl Source for FileSource {
    fn open(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        match &self.0 {
            Place::Path(path) => {
                let named = |error: io::Error| {
                    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
                };
                let mut file = File::open(path).map_err(named)?;
                file.seek(SeekFrom::Start(offset)).map_err(named)?;
                Ok(Box::new(file))
            }
            Place::Open(file) => Ok(Box::new(At {
                file: Arc::clone(file),
                offset,
            })),
        }
    }
}

impl Source for Bytes {
    fn open(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.len());
        Ok(Box::new(self.slice(start..).reader()))
    }
}

impl Source for Vec<u8> {
    fn open(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.len());
        Ok(Box::new(Cursor::new(self[start..].to_vec())))
    }
}

impl<F, R> Source for FromFn<F>
where
    F: Fn(u64) -> io::Result<R> + Send + Sync,
    R: Read + Send + 'static,
{
    fn open(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new((self.0)(offset)?))
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn open(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        (**self).open(offset)
    }
}

impl<S: Source + ?Sized> Source for Arc<S> {
    fn open(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        (**self).open(offset)
    }
}

#[derive(Clone, Debug)]
enum Place {
    Path(PathBuf),
    Open(Arc<File>),
}

/// A reader of a shared file with a position of its own.
struct At {
    file: Arc<File>,
    offset: u64,
}

impl Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.file, buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
