//! The digest of a body, taken while it is sent and away from the runtime's threads.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use longshore_protocol::{Content, Digest};
use longshore_transport::failure::Trouble;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

/// A hash that grows with the body.
pub(super) enum Hashing {
    /// Nobody needs it.
    Off,
    Idle(Sha256),
    /// A piece is being hashed on a thread for blocking work.
    Busy(JoinHandle<Sha256>),
}

/// Where the digest of a whole body will be found.
#[derive(Default)]
pub(super) struct Tail {
    end: Mutex<End>,
    /// A thread reads, or did.
    reading: AtomicBool,
    /// Why the source yielded no more, where the body ended there: its length was not announced, and
    /// a registry that sees a body break off keeps what it has of it.
    broken: Mutex<Option<Trouble>>,
}

#[derive(Default)]
pub(super) enum End {
    /// The body is not, or not yet, a whole blob.
    #[default]
    Open,
    /// The last piece is being hashed; the size is known.
    Hashing(Hashing, u64),
    /// The blob is whole if there is nothing more to read.
    Unsure(Pin<Box<dyn AsyncRead + Send>>, Box<Self>),
    /// The thread that reads will say.
    Thread(oneshot::Receiver<Content>),
}

impl Hashing {
    /// Waits until the last piece is hashed.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Self::Busy(task) = self {
            let hashed = ready!(Pin::new(task).poll(cx));
            // It fails only when the runtime shuts down, and then nobody asks for the digest.
            *self = hashed.map_or(Self::Off, Self::Idle);
        }
        Poll::Ready(())
    }

    /// Takes in a piece. The last one must be done with.
    pub(super) fn update(&mut self, piece: &Bytes) {
        let Self::Idle(hasher) = self else { return };
        if piece.len() <= AT_ONCE {
            hasher.update(piece);
            return;
        }
        let (mut hasher, piece) = (std::mem::take(hasher), piece.clone());
        *self = Self::Busy(spawn_blocking(move || {
            hasher.update(&piece);
            hasher
        }));
    }
}

impl Tail {
    pub(super) fn set(&self, end: End) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }

    pub(super) fn set_broken(&self, trouble: Trouble) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }

    /// Why the body is shorter than its source should have made it.
    pub(super) fn broken(&self) -> Option<Trouble> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.clone()
    }

    pub(super) fn set_reading(&self) {
        self.reading.store(true, Ordering::Relaxed);
    }

    /// Whether a thread may be reading even now.
    pub(super) fn is_reading(&self) -> bool {
        self.reading.load(Ordering::Relaxed)
    }

    /// The whole blob, if the body was one and was read to its end.
    pub(super) async fn content(&self) -> Option<Content> {
        let mut end = std::mem::take(&mut *self.end.lock().unwrap_or_else(PoisonError::into_inner));
        if let End::Unsure(mut reader, whole) = end {
            let more = reader.read(&mut [0]).await;
            end = if matches!(more, Ok(0)) {
                *whole
            } else {
                End::Open
            };
        }
        match end {
            End::Open | End::Unsure(..) => None,
            End::Thread(end) => end.await.ok(),
            End::Hashing(mut hashing, size) => {
                std::future::poll_fn(|cx| hashing.poll_idle(cx)).await;
                match hashing {
                    Hashing::Idle(hasher) => Some(content(hasher, size)),
                    Hashing::Off | Hashing::Busy(_) => None,
                }
            }
        }
    }
}

pub(super) fn content(hasher: Sha256, size: u64) -> Content {
    Content {
        digest: Digest::from_sha256(hasher.finalize().into()),
        size,
    }
}

/// The longest piece that is hashed where it is sent: handing it to another thread would take as
/// long as hashing it.
const AT_ONCE: usize = 16 * 1024;
