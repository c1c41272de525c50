//! What everybody who works on an exchange has to know: its limits, and whether it is still wanted.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_protocol::{FailureKind, Limits};

use super::Gauge;

/// The exchange that this thread performs.
///
/// ureq calls the dialer, the connection and the body on the thread that runs the request, but
/// tells a kept connection nothing of the request it serves next, and the only limits it hands
/// down are totals for whole phases. So the exchange is found through a thread-local: there is
/// at most one at work on a thread, from [`begin`](Self::begin) until the guard is dropped.
pub(crate) struct Watch {
    limits: Limits,
    gauge: Arc<Gauge>,
    /// `host:port`, for messages.
    place: String,
    started: Instant,
    /// When the answer began to be waited for.
    awaiting: Cell<Option<Instant>>,
    answered: Cell<bool>,
    trouble: RefCell<Option<Trouble>>,
}

/// Why the exchange cannot go on, noted where it is known best.
pub(crate) type Trouble = (FailureKind, String);

/// What a connection waits for, which decides for how long it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A connection, a tunnel or a handshake.
    Connect,
    /// Room for more of the request.
    Send,
    /// `100 Continue`, which need not come: until this instant.
    Expect(Instant),
    /// The first byte of the answer.
    Answer,
    /// The rest of the answer.
    Receive,
}

/// Ends the watch when dropped, and goes on with the one before: a source may well get its bytes
/// by an exchange of its own.
pub(super) struct Performing(Option<Rc<Watch>>);

thread_local! {
    static CURRENT: RefCell<Option<Rc<Watch>>> = const { RefCell::new(None) };
}

impl Watch {
    pub(super) fn begin(
        limits: Limits,
        gauge: &Arc<Gauge>,
        place: String,
    ) -> (Rc<Self>, Performing) {
        let watch = Rc::new(Self {
            limits,
            gauge: Arc::clone(gauge),
            place,
            started: Instant::now(),
            awaiting: Cell::new(None),
            answered: Cell::new(false),
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

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Whether the final answer has begun to arrive. Nothing is sent after that.
    pub(crate) fn is_answered(&self) -> bool {
        self.answered.get()
    }

    pub(crate) fn set_answered(&self) {
        self.answered.set(true);
    }

    /// The same exchange once more, from the start.
    pub(super) fn again(&self) {
        self.answered.set(false);
        self.awaiting.set(None);
    }

    /// Since when the answer is waited for.
    pub(crate) fn awaiting(&self) -> Instant {
        let since = self.awaiting.get().unwrap_or_else(Instant::now);
        self.awaiting.set(Some(since));
        since
    }

    /// How long one system call may block in `step`, which has made no progress since `since`.
    ///
    /// Short, so that an abort is noticed soon. [`WouldBlock`](io::ErrorKind::WouldBlock) means
    /// that the time for a wait that may end without result is up.
    pub(crate) fn slice(&self, step: Step, since: Instant) -> io::Result<Duration> {
        Ok(self.left(step, since)?.min(TICK))
    }

    /// How much time is left in `step`, which has made no progress since `since`; never none.
    pub(crate) fn left(&self, step: Step, since: Instant) -> io::Result<Duration> {
        self.check()?;
        let now = Instant::now();
        let place = &self.place;
        let (limit, what) = match step {
            Step::Connect => (self.limits.idle, "no connection to"),
            Step::Send => (self.limits.idle, "nothing could be sent to"),
            Step::Answer => (self.limits.answer, "no answer from"),
            Step::Receive => (self.limits.idle, "nothing more of the answer from"),
            Step::Expect(until) => {
                let left = until.saturating_duration_since(now);
                if left.is_zero() {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                return Ok(left.max(SHORTEST));
            }
        };
        let left = limit.saturating_sub(now.saturating_duration_since(since));
        if left.is_zero() {
            let detail = format!("{what} {place} for {}", Words(limit));
            return Err(self.fail(FailureKind::TimedOut, detail));
        }
        let total = self.limits.total.map_or(left, |total| {
            total.saturating_sub(now.saturating_duration_since(self.started))
        });
        Ok(left.min(total).max(SHORTEST))
    }

    /// An error if the exchange is no longer wanted, or takes too long altogether.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.gauge.is_aborted() {
            return Err(self.fail(FailureKind::Interrupted, "stopped on request".to_owned()));
        }
        match self.limits.total {
            Some(total) if self.started.elapsed() >= total => {
                let detail = format!(
                    "the exchange with {} took longer than {}",
                    self.place,
                    Words(total)
                );
                Err(self.fail(FailureKind::TimedOut, detail))
            }
            _ => Ok(()),
        }
    }

    /// Notes why the exchange cannot go on; what was noted first counts. The error returned only
    /// carries the news upwards.
    pub(crate) fn fail(&self, kind: FailureKind, detail: String) -> io::Error {
        self.trouble.borrow_mut().get_or_insert((kind, detail));
        io::Error::other("the exchange was given up")
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

/// A duration as people write it.
struct Words(Duration);

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 < Duration::from_secs(10) {
            write!(f, "{} s", self.0.as_secs_f64())
        } else {
            write!(f, "{} s", self.0.as_secs())
        }
    }
}

/// How long a system call may block before the abort flag is looked at.
const TICK: Duration = Duration::from_millis(100);

/// The shortest time a socket can be told to wait: zero would be for ever.
const SHORTEST: Duration = Duration::from_millis(1);
