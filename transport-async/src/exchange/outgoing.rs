//! The body of a request, as hyper wants it.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use longshore_transport::failure::Step;
use tokio::time::{Sleep, sleep};

use super::feed::Feed;
use super::watch::{Course, Watch};

/// A body that waits for leave, if it has to, and stops when an answer comes first.
pub(crate) struct Outgoing {
    feed: Feed,
    watch: Arc<Watch>,
    /// Until when leave is waited for.
    expecting: Option<Pin<Box<Sleep>>>,
}

impl Outgoing {
    /// `expecting` leave to send, which need not come.
    pub(super) fn new(feed: Feed, watch: &Arc<Watch>, expecting: bool) -> Self {
        Self {
            feed,
            watch: Arc::clone(watch),
            expecting: expecting.then(|| Box::pin(sleep(CONTINUE))),
        }
    }

    fn poll_leave(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(timer) = &mut self.expecting {
            if !self.watch.is_permitted() && timer.as_mut().poll(cx).is_pending() {
                self.watch.set_held(true);
                return Poll::Pending;
            }
            self.expecting = None;
            self.watch.set_held(false);
        }
        Poll::Ready(())
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        this.watch.listen(cx);
        match this.watch.course() {
            Course::Send if this.watch.is_broken() => return Poll::Pending,
            Course::Send => {}
            Course::Pause => return Poll::Pending,
            Course::Stop => return Poll::Ready(Some(Err(io::Error::other("no longer wanted")))),
        }
        if !this.feed.is_cut_short(cx) && this.poll_leave(cx).is_pending() {
            return Poll::Pending;
        }
        let Poll::Ready(piece) = this.feed.poll_piece(cx) else {
            this.watch.set_held(true);
            return Poll::Pending;
        };
        this.watch.set_held(false);
        match piece {
            Ok(piece) => {
                if this.feed.is_broken() {
                    this.watch.hurry();
                }
                if piece.is_none() || this.feed.left() == Some(0) {
                    this.watch.enter(Step::Answer);
                } else {
                    this.watch.touch();
                }
                Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
            }
            Err(trouble) => Poll::Ready(Some(Err(this.watch.fail(trouble)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.feed.left() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.feed
            .left()
            .map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// How long `100 Continue` is waited for. Servers that know it answer at once; RFC 9110, section
/// 10.1.1, forbids to wait for ever.
const CONTINUE: Duration = Duration::from_secs(1);
