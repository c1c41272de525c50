//! Connections as hyper drives them.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;

use super::socket::Meter;
use super::stream::Stream;
use crate::exchange::Outgoing;

/// An HTTP/1.1 connection. Whoever waits for something on it also drives it: there is no task
/// behind it, and dropping it closes the socket.
pub(crate) struct Line1 {
    pub(crate) sender: http1::SendRequest<Outgoing>,
    driver: Driver1,
    pub(crate) meter: Arc<Meter>,
}

/// The part of an HTTP/1.1 connection that moves the bytes.
pub(crate) struct Driver1 {
    connection: http1::Connection<TokioIo<Stream>, Outgoing>,
    /// Whether the connection has come to its end.
    over: bool,
}

/// A handle to an HTTP/2 connection, which a task of the client's drives.
#[derive(Clone)]
pub(crate) struct Line2 {
    pub(crate) sender: http2::SendRequest<Outgoing>,
    pub(crate) meter: Arc<Meter>,
    /// Counts the handles: one is the pool's.
    handles: Arc<()>,
}

impl Line1 {
    pub(super) async fn new(stream: Stream) -> hyper::Result<Self> {
        let meter = stream.meter();
        let (sender, connection) = http1::Builder::new()
            .max_header_size(HEAD)
            .handshake(TokioIo::new(stream))
            .await?;
        Ok(Self {
            sender,
            driver: Driver1 {
                connection,
                over: false,
            },
            meter,
        })
    }

    pub(crate) fn parts(&mut self) -> (&mut http1::SendRequest<Outgoing>, &mut Driver1) {
        (&mut self.sender, &mut self.driver)
    }

    /// Whether the connection can take another request. Everything of the last one has been sent
    /// and read, so what is left for hyper to do takes no waiting.
    pub(crate) async fn is_reusable(&mut self) -> bool {
        if self.meter.is_broken() {
            return false;
        }
        poll_fn(|cx| {
            for _ in 0..TURNS {
                self.driver.turn(cx);
                if self.driver.over {
                    break;
                }
                if let Poll::Ready(ready) = self.sender.poll_ready(cx) {
                    return Poll::Ready(ready.is_ok() && !self.driver.over);
                }
            }
            Poll::Ready(false)
        })
        .await
    }
}

impl Driver1 {
    /// Waits for `what` and drives the connection meanwhile.
    pub(crate) async fn during<F: Future>(&mut self, what: F) -> F::Output {
        let mut what = pin!(what);
        poll_fn(|cx| {
            if let Poll::Ready(result) = what.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            self.turn(cx);
            what.as_mut().poll(cx)
        })
        .await
    }

    /// What ends the connection also ends what is waited for on it, with better words.
    fn turn(&mut self, cx: &mut Context<'_>) {
        if !self.over {
            self.over = Pin::new(&mut self.connection).poll(cx).is_ready();
        }
    }
}

impl Line2 {
    pub(super) fn new(sender: http2::SendRequest<Outgoing>, meter: Arc<Meter>) -> Self {
        Self {
            sender,
            meter,
            handles: Arc::default(),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Whether nobody has it but the pool.
    pub(super) fn is_idle(&self) -> bool {
        Arc::strong_count(&self.handles) == 1
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.handles, &other.handles)
    }
}

/// The longest head of an answer.
pub(crate) const HEAD: usize = 64 * 1024;

/// How often a connection is asked whether it is ready: once for the end of the answer, once for
/// the beginning of what follows, and once more.
const TURNS: usize = 3;
