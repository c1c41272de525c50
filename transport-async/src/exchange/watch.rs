//! What everybody who works on an exchange has to know: its limits, how far it is, and what went
//! wrong.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use longshore_protocol::Limits;
use longshore_transport::Place;
use longshore_transport::failure::{AFTERMATH, Step, Trouble, too_long};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::connection::Meter;

/// One exchange, as its connection, its body and its limits see it.
pub(crate) struct Watch {
    limits: Limits,
    place: Place,
    started: Instant,
    step: AtomicU8,
    /// When the step began or something moved in it: nanoseconds since `started`.
    touched: AtomicU64,
    /// The time is not the network's: the source takes it, or what waits has a limit of its own.
    held: AtomicBool,
    course: AtomicU8,
    /// The server wants the body, or it is sent anyway.
    permitted: AtomicBool,
    timed_out: AtomicBool,
    /// The answer only serves to clean up: it is not waited for as others are.
    hurried: AtomicBool,
    /// Others use the connection, too: that bytes move on it says nothing of this exchange.
    shared: AtomicBool,
    meter: Mutex<Option<Arc<Meter>>>,
    /// Whoever sends the body.
    sender: Mutex<Option<Waker>>,
    trouble: Mutex<Option<Trouble>>,
}

/// What is to become of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Course {
    /// It is sent.
    Send,
    /// It is not wanted any more, but its end must not be announced yet: on HTTP/2 that would end
    /// the answer as well.
    Pause,
    /// Its sending is to end now.
    Stop,
}

impl Watch {
    pub(crate) fn new(limits: Limits, place: Place) -> Self {
        Self {
            limits,
            place,
            started: Instant::now(),
            step: AtomicU8::new(Step::Connect as u8),
            touched: AtomicU64::new(0),
            held: AtomicBool::new(false),
            course: AtomicU8::new(Course::Send as u8),
            permitted: AtomicBool::new(false),
            timed_out: AtomicBool::new(false),
            hurried: AtomicBool::new(false),
            shared: AtomicBool::new(false),
            meter: Mutex::new(None),
            sender: Mutex::new(None),
            trouble: Mutex::new(None),
        }
    }

    /// What is still waited for only serves to clean up.
    pub(super) fn hurry(&self) {
        self.hurried.store(true, Ordering::Relaxed);
    }

    fn limits(&self) -> Limits {
        let mut limits = self.limits;
        if self.hurried.load(Ordering::Relaxed) {
            limits.answer = limits.answer.min(AFTERMATH);
            limits.idle = limits.idle.min(AFTERMATH);
        }
        limits
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn enter(&self, step: Step) {
        self.step.store(step as u8, Ordering::Relaxed);
        self.touch();
    }

    pub(super) fn step(&self) -> Step {
        let step = self.step.load(Ordering::Relaxed);
        let all = [Step::Connect, Step::Send, Step::Answer];
        let found = all.into_iter().find(|known| *known as u8 == step);
        found.unwrap_or(Step::Receive)
    }

    /// Something moved.
    pub(crate) fn touch(&self) {
        let elapsed = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.touched.store(elapsed, Ordering::Relaxed);
    }

    /// The socket that the exchange moves bytes on.
    pub(crate) fn measure(&self, meter: &Arc<Meter>) {
        self.shared.store(false, Ordering::Relaxed);
        *lock(&self.meter) = Some(Arc::clone(meter));
    }

    /// The same for a socket that other exchanges use as well.
    pub(super) fn measure_shared(&self, meter: &Arc<Meter>) {
        self.measure(meter);
        self.shared.store(true, Ordering::Relaxed);
    }

    /// Whether nothing that is sent arrives any more.
    pub(super) fn is_broken(&self) -> bool {
        lock(&self.meter)
            .as_ref()
            .is_some_and(|meter| meter.is_broken())
    }

    /// Whether the other side has begun to answer.
    pub(super) fn is_answered(&self) -> bool {
        let meter = lock(&self.meter);
        let is_shared = self.shared.load(Ordering::Relaxed);
        let has_spoken = |meter: &Arc<Meter>| !is_shared && meter.read() > meter.written();
        self.step() == Step::Receive || meter.as_ref().is_some_and(has_spoken)
    }

    /// Until the guard is dropped, the limit on pauses does not count.
    pub(crate) fn hold(&self) -> impl Drop + '_ {
        self.set_held(true);
        Held(self)
    }

    pub(super) fn set_held(&self, held: bool) {
        if self.held.swap(held, Ordering::Relaxed) && !held {
            self.touch();
        }
    }

    pub(super) fn course(&self) -> Course {
        let course = self.course.load(Ordering::Relaxed);
        let all = [Course::Send, Course::Pause];
        let found = all.into_iter().find(|known| *known as u8 == course);
        found.unwrap_or(Course::Stop)
    }

    pub(super) fn steer(&self, course: Course) {
        self.course.store(course as u8, Ordering::Relaxed);
        self.wake_sender();
    }

    pub(super) fn is_permitted(&self) -> bool {
        self.permitted.load(Ordering::Relaxed)
    }

    pub(super) fn permit(&self) {
        self.permitted.store(true, Ordering::Relaxed);
        self.wake_sender();
    }

    /// Wakes the task of `cx` when something changes for the body. To be called before looking at
    /// what may change.
    pub(super) fn listen(&self, cx: &mut Context<'_>) {
        let mut sender = lock(&self.sender);
        if !sender
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *sender = Some(cx.waker().clone());
        }
    }

    fn wake_sender(&self) {
        if let Some(waker) = lock(&self.sender).take() {
            waker.wake();
        }
    }

    /// How much time is left in this step.
    pub(crate) fn left(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    /// Until when something has to move.
    fn deadline(&self) -> Instant {
        let pause = self.pause_ends();
        match self.limits().total {
            Some(total) => pause.min(self.started + total),
            None => pause,
        }
    }

    fn pause_ends(&self) -> Instant {
        let touched = self.started + Duration::from_nanos(self.touched.load(Ordering::Relaxed));
        if self.held.load(Ordering::Relaxed) {
            return Instant::now() + self.limits().idle;
        }
        let meter = lock(&self.meter);
        let is_shared = self.shared.load(Ordering::Relaxed);
        let Some(meter) = meter.as_ref().filter(|_| !is_shared) else {
            return touched + self.step().limit(&self.limits());
        };
        match self.step() {
            Step::Connect => touched.max(meter.read()) + self.limits().idle,
            Step::Answer if !meter.is_blocked() => {
                touched.max(meter.written()) + self.limits().answer
            }
            Step::Send | Step::Answer => touched.max(meter.written()) + self.limits().idle,
            Step::Receive => touched.max(meter.read()) + self.limits().idle,
        }
    }

    /// What to say when `deadline` has passed.
    fn expired(&self) -> Trouble {
        if let Some(total) = self.limits().total
            && self.started.elapsed() >= total
        {
            return too_long(&self.place, total);
        }
        let is_shared = self.shared.load(Ordering::Relaxed);
        let blocked = lock(&self.meter)
            .as_ref()
            .is_some_and(|meter| meter.is_blocked() && !is_shared);
        let step = match self.step() {
            Step::Answer if blocked => Step::Send,
            step => step,
        };
        step.expired(&self.place, &self.limits())
    }

    pub(super) fn is_timed_out(&self) -> bool {
        self.timed_out.load(Ordering::Relaxed)
    }

    /// Notes why the exchange cannot go on; what was noted first counts. The error returned only
    /// carries the news upwards.
    pub(super) fn fail(&self, trouble: Trouble) -> io::Error {
        lock(&self.trouble).get_or_insert(trouble);
        io::Error::other("the exchange was given up")
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        lock(&self.trouble).take()
    }

    /// Waits for `exchange` for as long as the limits allow.
    ///
    /// The timer is set when the wait begins and when it has run out too early; what only moves
    /// the end of the wait further away costs nothing.
    pub(super) async fn limit<T>(
        &self,
        exchange: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let mut exchange = pin!(exchange);
        let mut timer = pin!(sleep_until(self.deadline()));
        let mut step = self.step();
        std::future::poll_fn(|cx| {
            if let Poll::Ready(result) = exchange.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            if self.step() != step {
                step = self.step();
                timer.as_mut().reset(self.deadline());
            }
            self.run_out(timer.as_mut(), cx).map(Err)
        })
        .await
    }

    fn run_out(&self, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<Trouble> {
        while timer.as_mut().poll(cx).is_ready() {
            let deadline = self.deadline();
            if deadline <= Instant::now() {
                self.timed_out.store(true, Ordering::Relaxed);
                return Poll::Ready(self.expired());
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

struct Held<'a>(&'a Watch);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.set_held(false);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
