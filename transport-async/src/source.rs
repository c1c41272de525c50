//! Where the bytes of a blob come from.

use std::fmt;
use std::future::{Future, ready};
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use longshore_transport::FileSource;
use tokio::io::AsyncRead;

/// The bytes of one blob, to be read as often as its [`Replay`](longshore_protocol::Replay) says.
///
/// ```
/// use longshore_async::{FileSource, Reader, Source, from_fn};
///
/// let memory = bytes::Bytes::from_static(b"a layer");
/// let file = FileSource::new("layer.tar.gz");
/// let stream = from_fn(|_offset| async { Ok(Reader::new(tokio::io::repeat(0))) });
/// let packer = from_fn(|_offset| async { Ok(Reader::blocking(std::io::repeat(0))) });
/// let sources: [Box<dyn Source>; 4] =
///     [Box::new(memory), Box::new(file), Box::new(stream), Box::new(packer)];
/// ```
pub trait Source: Send + Sync {
    /// Opens the source at byte `offset`.
    ///
    /// Called at most once for each attempt to send the blob, and only when the first byte is about
    /// to be sent: a request that is refused beforehand costs nothing. `offset` is zero unless the
    /// blob was added as [`Replay::Anywhere`](longshore_protocol::Replay::Anywhere).
    ///
    /// Runs on the runtime's threads and must not block: [`Reader::blocking_with`] opens elsewhere.
    /// An error, here or from the reader, ends the push; its text is shown to a person.
    fn open(&self, offset: u64) -> Opening;
}

/// A source that is being opened.
pub type Opening = Pin<Box<dyn Future<Output = io::Result<Reader>> + Send>>;

/// An open source: bytes in memory, something that is read asynchronously, or something whose
/// reading blocks.
///
/// What blocks is read and hashed on a thread of its own, which is at most half a mebibyte ahead of
/// the connection: a packer behind it packs as fast as the registry takes. When the exchange is
/// dropped, the thread ends with the read that it is in.
pub struct Reader(pub(crate) Kind);

pub(crate) enum Kind {
    Memory(Bytes),
    Async(Pin<Box<dyn AsyncRead + Send>>),
    /// Opened and read where blocking does no harm.
    Blocking {
        open: Box<dyn FnOnce() -> io::Result<Box<dyn Read + Send>> + Send>,
        /// Whether it may be one of the runtime's own threads for blocking work, whose end the
        /// runtime waits for: it must not be stuck for ever.
        pooled: bool,
    },
}

/// A source made of a function that opens a reader at an offset.
///
/// The function is called as [`Source::open`] is.
pub fn from_fn<F, O>(open: F) -> FromFn<F>
where
    F: Fn(u64) -> O + Send + Sync,
    O: Future<Output = io::Result<Reader>> + Send + 'static,
{
    FromFn(open)
}

/// See [`from_fn`].
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

impl Reader {
    /// Something that is read asynchronously: a pipe, a download.
    pub fn new(reader: impl AsyncRead + Send + 'static) -> Self {
        Self(Kind::Async(Box::pin(reader)))
    }

    /// Bytes in memory.
    #[must_use]
    pub fn bytes(bytes: Bytes) -> Self {
        Self(Kind::Memory(bytes))
    }

    /// Something whose reading blocks: the output of a packer, for instance.
    pub fn blocking(reader: impl Read + Send + 'static) -> Self {
        Self::blocking_with(move || Ok(reader))
    }

    /// Something whose opening blocks as well. `open` runs on the thread that reads.
    pub fn blocking_with<R: Read + Send + 'static>(
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
    ) -> Self {
        Self::apart(open, false)
    }

    fn apart<R: Read + Send + 'static>(
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
        pooled: bool,
    ) -> Self {
        Self(Kind::Blocking {
            open: Box::new(move || Ok(Box::new(open()?))),
            pooled,
        })
    }
}

impl Source for FileSource {
    fn open(&self, offset: u64) -> Opening {
        let file = self.clone();
        opened(Reader::apart(move || file.open_at(offset), true))
    }
}

impl Source for Bytes {
    fn open(&self, offset: u64) -> Opening {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.len());
        opened(Reader::bytes(self.slice(start..)))
    }
}

impl Source for Vec<u8> {
    fn open(&self, offset: u64) -> Opening {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.len());
        opened(Reader::bytes(Bytes::copy_from_slice(&self[start..])))
    }
}

impl<F, O> Source for FromFn<F>
where
    F: Fn(u64) -> O + Send + Sync,
    O: Future<Output = io::Result<Reader>> + Send + 'static,
{
    fn open(&self, offset: u64) -> Opening {
        Box::pin((self.0)(offset))
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn open(&self, offset: u64) -> Opening {
        (**self).open(offset)
    }
}

impl<S: Source + ?Sized> Source for Arc<S> {
    fn open(&self, offset: u64) -> Opening {
        (**self).open(offset)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Memory(bytes) => write!(f, "Reader::bytes({})", bytes.len()),
            Kind::Async(_) => f.write_str("Reader::new(..)"),
            Kind::Blocking { .. } => f.write_str("Reader::blocking(..)"),
        }
    }
}

fn opened(reader: Reader) -> Opening {
    Box::pin(ready(Ok(reader)))
}
