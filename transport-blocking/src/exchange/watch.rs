//! What everybody who works on an exchange has to know: its limits, and whether it is still wanted.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_protocol::{FailureKind, Limits};
use longshore_transport::Place;
use longshore_transport::failure::{AFTERMATH, Step, Trouble, answer_too_long, too_long};

use super::Gauge;

/// The exchange that this thread performs.
///
/// ureq calls the dialer, the connection and the body on the thread that runs the request, but
/// tells a kept connection nothing of the request it serves next, and the only limits it hands
/// down are totals for whole phases. So the exchange is found through a thread-local: there is
/// at most one at work on a thread, from [`begin`](Self::begin) until the guard is dropped.
pub(crate) struct Watch {
    limits: Cell<Limits>,
    gauge: Arc<Gauge>,
    place: Place,
    started: Instant,
    /// When the answer began to be waited for.
    awaiting: Cell<Option<Instant>>,
    /// Whether the head of the request has begun to be sent.
    begun: Cell<bool>,
    answered: Cell<bool>,
    /// How many bytes of the answer.
    received: Cell<usize>,
    trouble: RefCell<Option<Trouble>>,
}

/// Ends the watch when dropped, and goes on with the one before: a source may well get its bytes
/// by an exchange of its own.
pub(crate) struct Performing(Option<Rc<Watch>>);

thread_local! {
    static CURRENT: RefCell<Option<Rc<Watch>>> = const { RefCell::new(None) };
}

impl Watch {
    pub(crate) fn begin(
        limits: Limits,
        gauge: &Arc<Gauge>,
        place: Place,
    ) -> (Rc<Self>, Performing) {
        let watch = Rc::new(Self {
            limits: Cell::new(limits),
            gauge: Arc::clone(gauge),
            place,
            started: Instant::now(),
            awaiting: Cell::new(None),
            begun: Cell::new(false),
            answered: Cell::new(false),
            received: Cell::new(0),
            trouble: RefCell::new(None),
        });
        let before = CURRENT.replace(Some(Rc::clone(&watch)));
        (watch, Performing(before))
    }

    /// The exchange of this thread.
    pub(crate) fn current() -> Rc<Self> {
        CURRENT
            .with_borrow(Clone::clone)
            .expect("ureq uses connections only while a request runs, and `perform` runs them all")
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether the final answer has begun to arrive. Nothing is sent after that.
    pub(crate) fn is_answered(&self) -> bool {
        self.answered.get()
    }

    pub(crate) fn set_answered(&self) {
        self.answered.set(true);
    }

    /// Notes that the head of the request is being sent; whether this is its beginning.
    pub(crate) fn begin_head(&self) -> bool {
        !self.begun.replace(true)
    }

    /// The same exchange once more, from the start.
    pub(super) fn again(&self) {
        self.begun.set(false);
        self.answered.set(false);
        self.awaiting.set(None);
    }

    /// Notes that many bytes of the answer; an error where they are more than an answer can have that
    /// is read to its limit. Chunks of one byte take six, and trailers (RFC 9112, section 7.1.2) are
    /// read to their end.
    pub(crate) fn received(&self, count: usize) -> io::Result<()> {
        let received = self.received.get().saturating_add(count);
        self.received.set(received);
        let body = self.limits.get().response_body;
        if received > body.saturating_mul(8).saturating_add(BESIDE_THE_BODY) {
            return Err(self.fail(answer_too_long(&self.place, received)));
        }
        Ok(())
    }

    /// The answer only serves to clean up: it is not waited for as others are.
    pub(super) fn hurry(&self) {
        let mut limits = self.limits.get();
        limits.answer = limits.answer.min(AFTERMATH);
        limits.idle = limits.idle.min(AFTERMATH);
        self.limits.set(limits);
    }

    /// Since when the answer is waited for.
    pub(crate) fn awaiting(&self) -> Instant {
        let since = self.awaiting.get().unwrap_or_else(Instant::now);
        self.awaiting.set(Some(since));
        since
    }

    /// How long one system call may block in `step`, which has made no progress since `since`.
    ///
    /// Short, so that an abort is noticed soon.
    pub(crate) fn slice(&self, step: Step, since: Instant) -> io::Result<Duration> {
        Ok(self.left(step, since)?.min(TICK))
    }

    /// How long one system call may block in a wait that may end without result, at `until`.
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) means that the time is up.
    pub(crate) fn slice_until(&self, until: Instant) -> io::Result<Duration> {
        self.check()?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(left.clamp(SHORTEST, TICK))
    }

    /// How much time is left in `step`, which has made no progress since `since`; never none.
    pub(crate) fn left(&self, step: Step, since: Instant) -> io::Result<Duration> {
        self.check()?;
        let now = Instant::now();
        let limit = step.limit(&self.limits.get());
        let left = limit.saturating_sub(now.saturating_duration_since(since));
        if left.is_zero() {
            return Err(self.fail(step.expired(&self.place, &self.limits.get())));
        }
        let total = self.limits.get().total.map_or(left, |total| {
            total.saturating_sub(now.saturating_duration_since(self.started))
        });
        Ok(left.min(total).max(SHORTEST))
    }

    /// An error if the exchange is no longer wanted, or takes too long altogether.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.gauge.is_aborted() {
            let stopped = Trouble::new(FailureKind::Interrupted, "stopped on request");
            return Err(self.fail(stopped));
        }
        match self.limits.get().total {
            Some(total) if self.started.elapsed() >= total => {
                Err(self.fail(too_long(&self.place, total)))
            }
            _ => Ok(()),
        }
    }

    /// Notes why the exchange cannot go on; what was noted first counts. The error returned only
    /// carries the news upwards.
    pub(crate) fn fail(&self, trouble: Trouble) -> io::Error {
        self.trouble.borrow_mut().get_or_insert(trouble);
        io::Error::other("the exchange was given up")
    }

    /// Whether it is known why the exchange cannot go on.
    pub(crate) fn is_given_up(&self) -> bool {
        self.trouble.borrow().is_some()
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.trouble.borrow_mut().take()
    }
}

impl Drop for Performing {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Room for the head, for interim answers and for trailers.
const BESIDE_THE_BODY: usize = 256 << 10;

/// How long a system call may block before the abort flag is looked at.
const TICK: Duration = Duration::from_millis(100);

/// The shortest time a socket can be told to wait: zero would be for ever.
const SHORTEST: Duration = Duration::from_millis(1);
