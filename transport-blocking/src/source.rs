//! Where the bytes of a blob come from.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use longshore_transport::FileSource;

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

impl Source for FileSource {
    fn open(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(self.open_at(offset)?))
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
