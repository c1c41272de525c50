//! The threads that wait for sockets.

use std::fmt;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use longshore_protocol::{Failure, FailureKind, Limits, Receipt, Ticket};
use longshore_transport::failure::no_thread;

use crate::client::Client;
use crate::exchange::{Body, Gauge, Outcome};

/// Worker threads, started when there is work for them and none is free: as many as the machine
/// has requests in the air at once, its lanes, and one more for each worker that an abort has not
/// reached yet.
pub(crate) struct Pool {
    client: Client,
    /// Until the pool is closed.
    jobs: Option<Sender<Job>>,
    queue: Arc<Mutex<Receiver<Job>>>,
    answers: Sender<Answer>,
    inbox: Receiver<Answer>,
    workers: Vec<Worker>,
    /// Jobs without an answer, aborted ones included.
    outstanding: usize,
}

/// One exchange to perform.
pub(crate) struct Job {
    pub(crate) ticket: Ticket,
    pub(crate) request: http::Request<Body>,
    pub(crate) limits: Limits,
    pub(crate) gauge: Arc<Gauge>,
}

/// What became of it.
pub(crate) struct Answer {
    pub(crate) ticket: Ticket,
    pub(crate) outcome: Outcome,
}

impl Pool {
    pub(crate) fn new(client: Client) -> Self {
        let (jobs, queue) = mpsc::channel();
        let (answers, inbox) = mpsc::channel();
        Self {
            client,
            jobs: Some(jobs),
            queue: Arc::new(Mutex::new(queue)),
            answers,
            inbox,
            workers: Vec::new(),
            outstanding: 0,
        }
    }

    /// Has `job` performed. Never waits.
    pub(crate) fn submit(&mut self, job: Job) {
        let Some(jobs) = &self.jobs else { return };
        if jobs.send(job).is_err() {
            return;
        }
        self.outstanding += 1;
        if self.outstanding > self.workers.len() {
            self.spawn();
        }
    }

    /// The next answer, waited for no longer than `patience`.
    pub(crate) fn wait(&mut self, patience: Duration) -> Option<Answer> {
        let answer = self.inbox.recv_timeout(patience).ok()?;
        self.outstanding = self.outstanding.saturating_sub(1);
        Some(answer)
    }

    /// Ends the workers, whose jobs have all been aborted, and joins them.
    ///
    /// An abort reaches a worker within a tenth of a second while it waits for the network. It does
    /// not reach one that waits for a name server, for a connection to be made, or for a source to
    /// yield bytes: such a worker is given a moment and then left to itself. It holds only its
    /// connection and its source, and ends when what it waits for happens.
    pub(crate) fn close(&mut self) {
        self.jobs = None;
        while self.outstanding > 0 && self.wait(PATIENCE).is_some() {}
        self.outstanding = 0;
        for worker in self.workers.drain(..) {
            if !worker.busy.load(Ordering::Acquire) {
                // A panic in a source was caught and reported; there is nothing else in it.
                let _ = worker.thread.join();
            }
        }
    }

    fn spawn(&mut self) {
        let client = self.client.clone();
        let queue = Arc::clone(&self.queue);
        let answers = self.answers.clone();
        let busy = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&busy);
        let thread = thread::Builder::new()
            .name(format!("longshore-{}", self.workers.len()))
            .spawn(move || work(&client, &queue, &answers, &flag));
        match thread {
            Ok(thread) => self.workers.push(Worker { busy, thread }),
            // The job waits for a worker that becomes free.
            Err(_) if !self.workers.is_empty() => {}
            Err(error) => self.refuse(&error),
        }
    }

    /// Answers the job that no thread can be had for.
    fn refuse(&self, error: &io::Error) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(Job { ticket, .. }) = queue.try_recv() {
            let failure = Failure::from(no_thread(error));
            let _ = self.answers.send(Answer {
                ticket,
                outcome: Err(failure),
            });
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("workers", &self.workers.len())
            .field("outstanding", &self.outstanding)
            .finish_non_exhaustive()
    }
}

struct Worker {
    /// From the moment a job is taken until its answer is sent.
    busy: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

fn work(
    client: &Client,
    queue: &Mutex<Receiver<Job>>,
    answers: &Sender<Answer>,
    busy: &AtomicBool,
) {
    loop {
        let next = {
            let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            let next = queue.recv();
            busy.store(next.is_ok(), Ordering::Release);
            next
        };
        let Ok(job) = next else { return };
        let Job {
            ticket,
            request,
            limits,
            gauge,
        } = job;
        // A source is foreign code: its panic must not take the lane down with it.
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
            client.perform(request, &limits, &gauge)
        }))
        .unwrap_or_else(|_| {
            let receipt = Receipt {
                sent: gauge.sent(),
                end: None,
            };
            Err(Failure::new(FailureKind::Source, "reading it panicked").with_receipt(receipt))
        });
        let sent = answers.send(Answer { ticket, outcome });
        busy.store(false, Ordering::Release);
        if sent.is_err() {
            return;
        }
    }
}

/// How long an aborted worker may take to notice before it is left to itself. Sockets are looked
/// at every tenth of a second.
const PATIENCE: Duration = Duration::from_millis(300);
