//! The drive loop: one future owns the machine.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use longshore_protocol::{
    BlobContent, BlobId, BlobSpec, Config, Content, CredentialsRequest, Descriptor, Event,
    Exchange, Failure, FailureKind, ManifestSpec, Misuse, Output, Payload, Push, PushError,
    Receipt, Report, RequestId, Ticket, Timestamp,
};
use longshore_transport::seeded;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::exchange::{Body, Gauge, Outcome};
use crate::handler::Handler;
use crate::source::Source;

/// One push, driven by the future that is awaited.
///
/// Between calls nothing new is started: what is in the air goes on, and its answers wait until the
/// next call of [`ready`](Self::ready), [`blob_done`](Self::blob_done),
/// [`drive_for`](Self::drive_for) or [`finish`](Self::finish). A caller that has work of its own
/// between two layers should call `drive_for` now and then.
///
/// The first error ends the push, and every later call that drives returns the same error again:
/// nothing is lost when only the last one is looked at.
///
/// The futures that drive may be dropped at any time, and another call goes on where they were.
/// Dropping the session itself aborts the requests in the air, ends their tasks, and leaves its
/// upload sessions open at the registry, which drops them in time; [`cancel`](Self::cancel) and
/// then `finish` delete them.
pub struct Session<H> {
    /// Until the push has ended.
    push: Option<Push>,
    /// Once the push has ended.
    result: Option<Result<Report, PushError>>,
    handler: H,
    epoch: Instant,
    preflight: bool,
    ready: bool,
    manifest_set: bool,
    cancelled: bool,
    cancel_flag: Option<Arc<AtomicBool>>,
    blobs: Vec<Blob>,
    live: BTreeMap<RequestId, Flight>,
    client: Client,
    /// The exchanges in the air, a task each.
    tasks: JoinSet<(RequestId, Outcome)>,
    /// What the handler is being asked.
    question: Option<CredentialsRequest>,
}

/// Pushes `blobs` and then `manifest`, in one call.
///
/// # Errors
/// Why the push failed. A manifest that is not the one whose digest the reference names ends it as
/// cancelled; [`Session::set_manifest`] tells the two apart.
pub async fn push<H: Handler>(
    client: &Client,
    config: Config,
    blobs: Vec<(BlobSpec, Box<dyn Source>)>,
    manifest: ManifestSpec,
    handler: H,
) -> Result<Report, PushError> {
    let mut session = Session::new(client, config, handler);
    for (spec, source) in blobs {
        session
            .add_blob(spec, source)
            .expect("no manifest is set yet, and nothing was driven that could have ended");
    }
    if session.set_manifest(manifest).is_err() {
        session.cancel();
    }
    session.finish().await
}

impl<H: Handler> Session<H> {
    /// A push that has not begun: nothing is sent before the first call that drives it. Without a
    /// [seed](Config::seed) it draws one.
    #[must_use]
    pub fn new(client: &Client, config: Config, handler: H) -> Self {
        Self {
            preflight: config.preflight,
            push: Some(Push::new(seeded(config), Timestamp::ZERO)),
            result: None,
            handler,
            epoch: Instant::now(),
            ready: false,
            manifest_set: false,
            cancelled: false,
            cancel_flag: None,
            blobs: Vec::new(),
            live: BTreeMap::new(),
            client: client.clone(),
            tasks: JoinSet::new(),
            question: None,
        }
    }

    /// Cancels the push when `flag` becomes true, which is looked at about ten times a second while
    /// the session is driven. The flag is only read: a signal handler may set it, and what a second
    /// signal means is the caller's matter.
    #[must_use]
    pub fn cancel_flag(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancel_flag = Some(flag);
        self
    }

    /// Drives until the registry has shown that one may push: somebody is authenticated and the
    /// first upload session is open. Returns at once when [`Config::preflight`] is off.
    ///
    /// # Errors
    /// Why the push ended instead.
    pub async fn ready(&mut self) -> Result<(), PushError> {
        if self.preflight {
            self.drive(None, |session| session.ready).await?;
        }
        Ok(())
    }

    /// Adds a blob. It is sent when a lane is free, from the next call that drives the session on.
    ///
    /// # Errors
    /// [`Misuse::ManifestSet`] after the manifest was set, and [`Misuse::Ended`] after the push has
    /// ended: the next call that drives says why it did.
    pub fn add_blob(
        &mut self,
        spec: BlobSpec,
        source: impl Source + 'static,
    ) -> Result<BlobId, Misuse> {
        let push = self.push.as_mut().ok_or(Misuse::Ended)?;
        let size = match &spec.content {
            BlobContent::Known(descriptor) => Some(descriptor.size),
            BlobContent::Unknown(_) => None,
        };
        let id = push.add_blob(spec)?;
        self.blobs.push(Blob {
            source: Arc::new(source),
            size,
            done: None,
        });
        Ok(id)
    }

    /// Says what a blob of unknown content is before it is sent to its end, so that the registry can
    /// be asked for it and a broken upload can be resumed: see [`Push::learn`]. `blob` is one of this
    /// session's.
    pub fn learn(&mut self, blob: BlobId, content: Content) {
        let now = self.now();
        if let (Some(push), Some(known)) = (&mut self.push, self.blobs.get_mut(blob.index())) {
            known.size = Some(content.size);
            push.learn(now, blob, content);
        }
    }

    /// Drives until the registry holds that blob, and says what it is: the digest of a blob of
    /// unknown content, for instance, which the image's config has to name.
    ///
    /// # Errors
    /// Why the push ended instead.
    ///
    /// # Panics
    /// When `blob` is none of this session's.
    pub async fn blob_done(&mut self, blob: BlobId) -> Result<Descriptor, PushError> {
        let index = blob.index();
        assert!(index < self.blobs.len(), "{blob:?} is of another session");
        self.drive(None, |session| session.blobs[index].done.is_some())
            .await?;
        let done = self.blobs[index].done.clone();
        Ok(done.expect("without a time limit, the drive ends with the blob or with an error"))
    }

    /// Sets the manifest, once. It is sent when the registry holds every blob.
    ///
    /// # Errors
    /// [`Misuse::OtherDigest`] when the reference names another digest, [`Misuse::ManifestSet`] the
    /// second time, and [`Misuse::Ended`] after the push has ended.
    pub fn set_manifest(&mut self, manifest: ManifestSpec) -> Result<(), Misuse> {
        let push = self.push.as_mut().ok_or(Misuse::Ended)?;
        push.set_manifest(manifest)?;
        self.manifest_set = true;
        Ok(())
    }

    /// Drives for `time` or until the push ends: for a caller with work of its own between two
    /// blobs. Zero takes in the answers that have arrived and starts what can be started.
    ///
    /// # Errors
    /// Why the push ended.
    pub async fn drive_for(&mut self, time: Duration) -> Result<(), PushError> {
        self.drive(Some(Instant::now() + time), |_| false).await
    }

    /// Stops the push: what is in the air is aborted and its upload sessions are deleted. A second
    /// call gives up waiting for that. Nothing is sent before the next call that drives.
    pub fn cancel(&mut self) {
        let now = self.now();
        self.cancelled = true;
        if let Some(push) = &mut self.push {
            push.cancel(now);
        }
    }

    /// Drives to the end. Without a manifest this is [`cancel`](Self::cancel), as there is nothing
    /// to end with.
    ///
    /// # Errors
    /// Why the push failed.
    pub async fn finish(mut self) -> Result<Report, PushError> {
        // One that has failed is cleaning up: to cancel it would cut that short.
        let is_open = self.push.as_ref().is_some_and(|push| !push.is_ending());
        if is_open && !self.manifest_set && !self.cancelled {
            self.cancel();
        }
        self.drive(None, |_| false).await?;
        self.result
            .take()
            .expect("without a time limit, the drive goes on to the result")
    }

    /// Drives until there is `enough`, the push has ended, or `until`.
    async fn drive(
        &mut self,
        until: Option<Instant>,
        enough: impl Fn(&Self) -> bool + Send,
    ) -> Result<(), PushError> {
        loop {
            if let Some(result) = &self.result {
                return result.as_ref().map(|_| ()).map_err(Clone::clone);
            }
            if enough(self) {
                return Ok(());
            }
            let wake = self.turn().await;
            let now = Instant::now();
            let nap = wake.map_or(TICK, |wake| wake.saturating_since(self.now()).min(TICK));
            let nap = until.map_or(nap, |until| until.saturating_duration_since(now).min(nap));
            if self.push.is_some() && !enough(self) {
                tokio::select! {
                    biased;
                    Some(joined) = self.tasks.join_next() => self.take_in(joined),
                    () = sleep(nap) => {}
                }
                if until.is_some_and(|until| until <= now) {
                    return Ok(());
                }
            }
        }
    }

    /// Takes in what has happened and does what the machine wants, down to its next wait.
    async fn turn(&mut self) -> Option<Timestamp> {
        self.catch_up();
        loop {
            if self.question.is_some() {
                self.ask().await;
            }
            let now = self.now();
            let push = self.push.as_mut()?;
            if let Some(flag) = &self.cancel_flag
                && flag.load(Ordering::Relaxed)
            {
                self.cancel_flag = None;
                // Who has cancelled already is not in more of a hurry for it.
                if !std::mem::replace(&mut self.cancelled, true) {
                    push.cancel(now);
                }
            }
            match push.poll(now) {
                Output::Send(exchange) => self.send(exchange),
                Output::Abort(id) => {
                    if let Some(flight) = self.live.remove(&id) {
                        flight.task.abort();
                    }
                }
                Output::CutShort(id) => {
                    if let Some(flight) = self.live.get(&id) {
                        flight.gauge.cut_short();
                    }
                }
                Output::Event(event) => self.news(&event),
                Output::Ask(request) => self.question = Some(request),
                Output::Wait(until) => {
                    self.handler.progress(&mut push.progress());
                    return until;
                }
                Output::Done => {
                    self.handler.progress(&mut push.progress());
                    self.end().await;
                }
            }
        }
    }

    /// Asks the handler for credentials. When this future is dropped, the question stays.
    async fn ask(&mut self) {
        let Some(request) = &self.question else {
            return;
        };
        let credentials = self.handler.credentials(request).await;
        let now = self.now();
        if let (Some(push), Some(request)) = (&mut self.push, self.question.take()) {
            push.handle_credentials(now, request.ticket, credentials);
        }
        self.catch_up();
    }

    fn send(&mut self, exchange: Exchange) {
        let Exchange {
            ticket,
            request,
            limits,
        } = exchange;
        let id = ticket.id();
        let gauge = Arc::new(Gauge::default());
        let request = request.map(|payload| self.body(payload));
        let (client, counted) = (self.client.clone(), Arc::clone(&gauge));
        let task = self.tasks.spawn(async move {
            let outcome = client.perform(request, &limits, &counted).await;
            (id, outcome)
        });
        let flight = Flight {
            ticket,
            gauge,
            sampled: 0,
            task,
        };
        self.live.insert(id, flight);
    }

    fn body(&self, payload: Payload) -> Body {
        match payload {
            Payload::Empty => Body::Empty,
            Payload::Bytes(bytes) => Body::Bytes(bytes),
            Payload::Blob(slice) => {
                let blob = &self.blobs[slice.blob.index()];
                Body::Source {
                    source: Arc::clone(&blob.source),
                    offset: slice.offset,
                    extent: slice.extent,
                    size: blob.size,
                }
            }
        }
    }

    fn news(&mut self, event: &Event) {
        match event {
            Event::Ready => self.ready = true,
            Event::BlobDone(id, descriptor) => {
                self.blobs[id.index()].done = Some(descriptor.clone());
            }
            _ => {}
        }
        self.handler.event(event);
    }

    fn take_in(&mut self, joined: Result<(RequestId, Outcome), JoinError>) {
        let now = self.now();
        let (id, outcome) = match joined {
            Ok((id, outcome)) => (id, Some(outcome)),
            Err(error) => {
                let is_its = |flight: &&Flight| flight.task.id() == error.id();
                let flight = self.live.values().find(is_its);
                // What was aborted is not in the air any more.
                let Some(flight) = flight else { return };
                (flight.ticket.id(), None)
            }
        };
        let (Some(flight), Some(push)) = (self.live.remove(&id), &mut self.push) else {
            return;
        };
        // A source is foreign code: its panic must not take the push down with it.
        let outcome = outcome.unwrap_or_else(|| {
            let receipt = Receipt {
                sent: flight.gauge.sent(),
                end: None,
            };
            Err(Failure::new(FailureKind::Source, "reading it panicked").with_receipt(receipt))
        });
        match outcome {
            Ok((response, receipt)) => push.handle_response(now, flight.ticket, response, receipt),
            Err(failure) => push.handle_failure(now, flight.ticket, failure),
        }
    }

    /// Tells the machine what has happened while nobody looked.
    ///
    /// That comes before the next poll. The caller, or a person who was asked for a password, may
    /// have taken long, and a machine that sees the time before the answers takes them for late.
    fn catch_up(&mut self) {
        while let Some(joined) = self.tasks.try_join_next() {
            self.take_in(joined);
        }
        let now = self.now();
        let Some(push) = &mut self.push else { return };
        for (id, flight) in &mut self.live {
            let sent = flight.gauge.sent();
            if sent != flight.sampled {
                flight.sampled = sent;
                push.handle_progress(now, *id, sent);
            }
        }
    }

    /// Ends what is left in the air, waits until it is gone, and takes the result.
    async fn end(&mut self) {
        self.live.clear();
        self.tasks.shutdown().await;
        self.result = self.push.take().map(Push::finish);
    }

    fn now(&self) -> Timestamp {
        Timestamp::since_epoch(self.epoch.elapsed())
    }
}

impl<H> fmt::Debug for Session<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("push", &self.push)
            .field("result", &self.result)
            .field("in_the_air", &self.live.keys())
            .finish_non_exhaustive()
    }
}

struct Blob {
    source: Arc<dyn Source>,
    /// Its size, where the caller knew it.
    size: Option<u64>,
    /// Once the registry holds it.
    done: Option<Descriptor>,
}

struct Flight {
    ticket: Ticket,
    gauge: Arc<Gauge>,
    /// What the machine was last told.
    sampled: u64,
    task: AbortHandle,
}

/// How often progress is sampled and the cancel flag read: often enough for a bar that moves and
/// for a person who pressed Ctrl-C, seldom enough to cost nothing.
const TICK: Duration = Duration::from_millis(100);
