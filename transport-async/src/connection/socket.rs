//! A TCP socket that says how it is doing.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// When bytes last moved on a socket, and whether they can.
#[derive(Debug)]
pub(crate) struct Meter {
    base: Instant,
    /// Nanoseconds since `base`.
    written: AtomicU64,
    read: AtomicU64,
    blocked: AtomicBool,
    broken: AtomicBool,
}

/// A connected socket.
///
/// When it turns out while writing that the other side is gone, the socket swallows what else is
/// written and leaves it to the reads to say so: an answer that came before the break is read
/// first.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    meter: Arc<Meter>,
}

impl Meter {
    fn new() -> Self {
        Self {
            base: Instant::now(),
            written: AtomicU64::new(0),
            read: AtomicU64::new(0),
            blocked: AtomicBool::new(false),
            broken: AtomicBool::new(false),
        }
    }

    /// When the last byte was taken by the other side's machine or ours.
    pub(crate) fn written(&self) -> Instant {
        self.base + Duration::from_nanos(self.written.load(Ordering::Relaxed))
    }

    /// When the last byte came.
    pub(crate) fn read(&self) -> Instant {
        self.base + Duration::from_nanos(self.read.load(Ordering::Relaxed))
    }

    /// Whether there is something to write and no room for it.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Relaxed)
    }

    /// Whether nothing that is written arrives any more.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.base.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Takes note of a write of at most `length` bytes.
    fn wrote(&self, result: Poll<io::Result<usize>>, length: usize) -> Poll<io::Result<usize>> {
        match result {
            Poll::Pending => self.blocked.store(true, Ordering::Relaxed),
            Poll::Ready(Ok(_)) => {
                self.blocked.store(false, Ordering::Relaxed);
                self.written.store(self.elapsed(), Ordering::Relaxed);
            }
            Poll::Ready(Err(error)) if is_gone(&error) => {
                self.blocked.store(false, Ordering::Relaxed);
                self.broken.store(true, Ordering::Relaxed);
                return Poll::Ready(Ok(length));
            }
            Poll::Ready(Err(_)) => {}
        }
        result
    }
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            meter: Arc::new(Meter::new()),
        })
    }

    pub(super) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.meter
                .read
                .store(self.meter.elapsed(), Ordering::Relaxed);
        }
        result
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.meter.is_broken() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.meter.wrote(result, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        if self.meter.is_broken() {
            return Poll::Ready(Ok(length));
        }
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.meter.wrote(result, length)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Whether the other side is gone.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}
