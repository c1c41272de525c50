//! From sources to the pieces of a body: opened when needed, counted, hashed.

use std::io::{self, Read};
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use longshore_protocol::{Content, Extent};
use longshore_transport::failure::{self, Trouble};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::{mpsc, oneshot};

use super::hashing::{End, Hashing, Tail, content};
use super::{Body, Gauge};
use crate::source::{Kind, Opening, Reader, Source};

/// The bytes of one body, piece by piece.
pub(super) struct Feed {
    from: From,
    /// How much was announced and is still to come; none if only the source knows.
    left: Option<u64>,
    /// Whether this may be the whole blob, so that its digest is wanted.
    whole: bool,
    /// Nobody said that what was announced is the whole blob: if so, the source ends with it.
    unsure: bool,
    hashing: Hashing,
    gauge: Arc<Gauge>,
    tail: Arc<Tail>,
}

enum From {
    Nothing,
    Closed {
        source: Arc<dyn Source>,
        offset: u64,
    },
    Opening(Opening),
    Memory(Bytes),
    Async(Pin<Box<dyn AsyncRead + Send>>, BytesMut),
    Thread(
        mpsc::Receiver<io::Result<Bytes>>,
        oneshot::Receiver<Content>,
    ),
}

impl Feed {
    pub(super) fn new(body: Body, gauge: &Arc<Gauge>, tail: &Arc<Tail>) -> Self {
        let unsure = matches!(
            body,
            Body::Source {
                extent: Extent::Exact(_),
                size: None,
                ..
            }
        );
        let (from, left, whole) = match body {
            Body::Empty => (From::Nothing, Some(0), false),
            Body::Bytes(bytes) => {
                let length = bytes.len() as u64;
                (From::Memory(bytes), Some(length), false)
            }
            Body::Source {
                source,
                offset,
                extent,
                size,
            } => {
                let from = From::Closed { source, offset };
                match extent {
                    Extent::ToEnd => (from, None, offset == 0),
                    Extent::Exact(length) => {
                        let all = size.is_none_or(|size| size == length);
                        (from, Some(length), offset == 0 && all)
                    }
                }
            }
        };
        let hashing = if whole {
            Hashing::Idle(Sha256::new())
        } else {
            Hashing::Off
        };
        let mut feed = Self {
            from,
            left,
            whole,
            unsure,
            hashing,
            gauge: Arc::clone(gauge),
            tail: Arc::clone(tail),
        };
        if left == Some(0) {
            feed.seal();
        }
        feed
    }

    /// Whether the body was to be longer.
    pub(super) fn is_broken(&self) -> bool {
        self.tail.broken().is_some()
    }

    /// Whether the body ends here, whatever its source has. Wakes the task of `cx` when that changes.
    pub(super) fn is_cut_short(&self, cx: &Context<'_>) -> bool {
        self.left.is_none() && self.gauge.is_cut_short(cx)
    }

    /// How much is to come; none if only the source knows.
    pub(super) fn left(&self) -> Option<u64> {
        self.left
    }

    /// The next piece, never an empty one; none at the end.
    ///
    /// An error ends the exchange.
    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Trouble>> {
        if self.left.is_none() && self.gauge.is_cut_short(cx) {
            self.left = Some(0);
        }
        if self.left == Some(0) {
            return Poll::Ready(Ok(None));
        }
        ready!(self.hashing.poll_idle(cx));
        let piece = match ready!(self.poll_source(cx)) {
            Ok(piece) => piece,
            Err(error) if self.left.is_none() => {
                self.tail.set_broken(failure::unreadable(&error));
                self.left = Some(0);
                return Poll::Ready(Ok(None));
            }
            Err(error) => return Poll::Ready(Err(failure::unreadable(&error))),
        };
        if piece.is_empty() {
            return Poll::Ready(match self.left {
                None => {
                    self.seal();
                    Ok(None)
                }
                Some(left) => Err(failure::too_short(self.gauge.sent(), left)),
            });
        }
        // A thread counts for itself what it has taken, which may be more than what is sent.
        if !matches!(self.from, From::Thread(..)) {
            self.gauge.count(piece.len());
        }
        self.hashing.update(&piece);
        if let Some(left) = &mut self.left {
            *left -= piece.len() as u64;
            if *left == 0 {
                self.seal();
            }
        }
        Poll::Ready(Ok(Some(piece)))
    }

    /// What comes next from the source, no more than was announced; empty at its end.
    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let most = usize::try_from(self.left.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        loop {
            match &mut self.from {
                From::Nothing => return Poll::Ready(Ok(Bytes::new())),
                From::Closed { source, offset } => {
                    self.from = From::Opening(source.open(*offset));
                }
                From::Opening(opening) => {
                    let reader = ready!(opening.as_mut().poll(cx))?;
                    self.from = self.opened(reader)?;
                }
                From::Memory(bytes) => {
                    let length = bytes.len().min(PIECE).min(most);
                    return Poll::Ready(Ok(bytes.split_to(length)));
                }
                From::Async(reader, buffer) => {
                    if buffer.len() < ROOM {
                        *buffer = BytesMut::zeroed(PIECE.min(most).max(ROOM));
                    }
                    let room = buffer.len().min(most);
                    let mut space = ReadBuf::new(&mut buffer[..room]);
                    ready!(reader.as_mut().poll_read(cx, &mut space))?;
                    let count = space.filled().len();
                    return Poll::Ready(Ok(buffer.split_to(count).freeze()));
                }
                From::Thread(pieces, _) => {
                    return Poll::Ready(match ready!(pieces.poll_recv(cx)) {
                        Some(piece) => piece,
                        None => Err(io::Error::other("reading it panicked")),
                    });
                }
            }
        }
    }

    fn opened(&mut self, reader: Reader) -> io::Result<From> {
        Ok(match reader.0 {
            Kind::Memory(bytes) => From::Memory(bytes),
            Kind::Async(reader) => From::Async(reader, BytesMut::new()),
            Kind::Blocking { open, pooled } => {
                self.hashing = Hashing::Off;
                self.tail.set_reading();
                let (sender, pieces) = mpsc::channel(AHEAD);
                let (end, ending) = oneshot::channel();
                let pump = Pump {
                    most: self.left,
                    hasher: self.whole.then(Sha256::new),
                    unsure: self.unsure,
                    gauge: Arc::clone(&self.gauge),
                    pieces: sender,
                    end,
                };
                let work = move || pump.run(open);
                if pooled {
                    tokio::task::spawn_blocking(work);
                } else {
                    let thread = std::thread::Builder::new().name("longshore-source".to_owned());
                    thread.spawn(work).map_err(no_thread)?;
                }
                From::Thread(pieces, ending)
            }
        })
    }

    /// Everything was read.
    fn seal(&mut self) {
        if !self.whole {
            return;
        }
        let from = std::mem::replace(&mut self.from, From::Nothing);
        let hashing = std::mem::replace(&mut self.hashing, Hashing::Off);
        let hashed = End::Hashing(hashing, self.gauge.sent());
        self.tail.set(match from {
            From::Thread(_, end) => End::Thread(end),
            From::Memory(bytes) if self.unsure && !bytes.is_empty() => End::Open,
            From::Async(reader, _) if self.unsure => End::Unsure(reader, Box::new(hashed)),
            // What is not even open is empty, as far as was announced.
            From::Closed { .. } | From::Opening(_) if self.unsure => End::Open,
            _ => hashed,
        });
    }
}

/// Reads, on a thread where blocking does no harm.
struct Pump {
    most: Option<u64>,
    hasher: Option<Sha256>,
    unsure: bool,
    gauge: Arc<Gauge>,
    /// An empty piece is the end of the source. Without it the thread has panicked.
    pieces: mpsc::Sender<io::Result<Bytes>>,
    end: oneshot::Sender<Content>,
}

impl Pump {
    fn run(self, open: Box<dyn FnOnce() -> io::Result<Box<dyn Read + Send>> + Send>) {
        // A source is foreign code. Its panic is told by the channel that closes.
        let _ = panic::catch_unwind(AssertUnwindSafe(|| self.pump(open)));
    }

    fn pump(self, open: Box<dyn FnOnce() -> io::Result<Box<dyn Read + Send>> + Send>) {
        let Self {
            most,
            mut hasher,
            unsure,
            gauge,
            pieces,
            end,
        } = self;
        let mut reader = match open() {
            Ok(reader) => reader,
            Err(error) => {
                let _ = pieces.blocking_send(Err(error));
                return;
            }
        };
        let mut total = 0;
        let mut buffer = BytesMut::new();
        while most != Some(total) {
            let left = most.map_or(u64::MAX, |most| most - total);
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            if buffer.len() < ROOM {
                buffer = BytesMut::zeroed(PIECE.min(left).max(ROOM));
            }
            let room = buffer.len().min(left);
            let piece = match reader.read(&mut buffer[..room]) {
                Ok(count) => Ok(buffer.split_to(count).freeze()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let piece = match piece {
                Ok(piece) => piece,
                Err(error) => {
                    let _ = pieces.blocking_send(Err(error));
                    return;
                }
            };
            if let Some(hasher) = &mut hasher {
                hasher.update(&piece);
            }
            total += piece.len() as u64;
            gauge.count(piece.len());
            let is_over = piece.is_empty();
            // Nobody listens any more when the exchange has ended.
            if pieces.blocking_send(Ok(piece)).is_err() {
                return;
            }
            if is_over {
                break;
            }
        }
        let goes_on =
            unsure && hasher.is_some() && reader.read(&mut [0]).is_ok_and(|more| more > 0);
        if let Some(hasher) = hasher.filter(|_| !goes_on) {
            let _ = end.send(content(hasher, total));
        }
    }
}

fn no_thread(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot start a thread: {error}"))
}

/// How much is read at once: what a fast connection takes in a fraction of a millisecond.
const PIECE: usize = 128 * 1024;

/// The least room that is worth reading into.
const ROOM: usize = 8 * 1024;

/// How many pieces a thread may be ahead of the connection.
const AHEAD: usize = 3;
