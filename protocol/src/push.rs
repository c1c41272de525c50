//! The push: what a driver talks to.

mod closing;
mod dispatch;
mod landing;

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;

use crate::auth::{Auth, Credentials};
use crate::blob::{Blob, State as BlobState};
use crate::config::Config;
use crate::error::{ErrorKind, Failure, Misuse, Problem, PushError, Stage};
use crate::event::{BlobProgress, BlobStage, Event};
use crate::exchange::Registry;
use crate::flights::{Flights, Task};
use crate::ids::{BlobId, CredentialsTicket, RequestId, Ticket};
use crate::manifest::{Manifest, ManifestSpec};
use crate::opening::Opening;
use crate::output::Output;
use crate::payload::{BlobSpec, Receipt};
use crate::report::{BlobReport, How, Report};
use crate::retry::{Backoff, Tries};
use crate::time::Timestamp;
use crate::wire::digest::Content;
use crate::wire::location::Border;
use crate::wire::reference::Target;
use crate::wire::urls::Endpoints;

/// One push of one image: the state machine.
///
/// See the [crate's page](crate) for how it is driven. It does nothing by itself: every call takes
/// the present instant, and what it wants done comes out of [`poll`](Self::poll).
#[derive(Debug)]
pub struct Push {
    config: Config,
    phase: Phase,
    registry: Registry,
    auth: Auth,
    opening: Opening,
    blobs: Vec<Blob>,
    manifest: Option<Manifest>,
    flights: Flights,
    backoff: Backoff,
    token_tries: Tries,
    outbox: VecDeque<Output>,
    warnings: BTreeSet<String>,
    /// The latest instant anybody named: a driver's clock may be read in several threads.
    now: Timestamp,
    /// Whether the registry ever answered anything.
    heard: bool,
    said_authenticated: bool,
    /// Sessions whose deletion was tried and did not succeed.
    undeleted: usize,
}

#[derive(Debug)]
enum Phase {
    /// The auth probe.
    Opening,
    /// Blobs, then the manifest.
    Open,
    /// It is decided how the push ends; open upload sessions are deleted until the instant given.
    Closing(Timestamp, Ending),
    Done(Ending),
}

type Ending = Result<(), Box<PushError>>;

impl Push {
    /// A push that begins at `now`.
    #[must_use]
    pub fn new(config: Config, now: Timestamp) -> Self {
        let origin = config.registry();
        let border = Border::new(origin.clone(), config.trusted_hosts.clone());
        let repository = config.destination.repository.clone();
        let auth = Auth::new(origin.authority(), border.clone(), &repository);
        Self {
            phase: Phase::Opening,
            registry: Registry {
                endpoints: Endpoints::new(origin, repository),
                border,
                spare: None,
                abandoned: Vec::new(),
            },
            auth,
            opening: Opening::new(config.preflight),
            blobs: Vec::new(),
            manifest: None,
            flights: Flights::new(config.lanes),
            backoff: Backoff::new(config.retry, config.seed),
            token_tries: Tries::default(),
            outbox: VecDeque::new(),
            warnings: BTreeSet::new(),
            now,
            heard: false,
            said_authenticated: false,
            undeleted: 0,
            config,
        }
    }

    /// Adds a blob: a layer or the config. Any time until the manifest is set, so that layers may
    /// be uploaded while others are still being packed.
    ///
    /// # Errors
    /// [`Misuse`] if the manifest is set already, or if a blob of unknown digest is to be mounted.
    pub fn add_blob(&mut self, spec: BlobSpec) -> Result<BlobId, Misuse> {
        if self.manifest.is_some() {
            return Err(Misuse::ManifestSet);
        }
        if spec.content.is_none() && spec.mount_from.is_some() {
            return Err(Misuse::UnknownMount);
        }
        let index = self.blobs.len();
        let id = BlobId(u32::try_from(index).map_err(|_| Misuse::TooManyBlobs)?);
        if let Some(source) = &spec.mount_from {
            self.auth.also_pull(source);
        }
        let digest = spec.content.as_ref().map(|content| &content.digest);
        let same = |blob: &Blob| digest.is_some() && blob.content().map(|it| &it.digest) == digest;
        let twin = self.blobs.iter().position(same);
        let mut blob = Blob::new(id, spec, twin);
        if let Some(first) = twin
            && self.blobs[first].is_done()
        {
            blob.state = BlobState::Done(How::AlreadyPresent);
        }
        self.blobs.push(blob);
        Ok(id)
    }

    /// Says what the manifest is. It is sent when every blob is confirmed.
    ///
    /// # Errors
    /// [`Misuse`] if it was set before, or if the destination names another digest.
    pub fn set_manifest(&mut self, spec: ManifestSpec) -> Result<(), Misuse> {
        if self.manifest.is_some() {
            return Err(Misuse::ManifestSet);
        }
        let target = self.config.destination.target.clone();
        if let Target::Digest(digest) = &target
            && *digest != spec.descriptor().digest
        {
            return Err(Misuse::OtherDigest);
        }
        self.manifest = Some(Manifest::new(spec, target));
        Ok(())
    }

    /// What the driver must do next.
    pub fn poll(&mut self, now: Timestamp) -> Output {
        let now = self.advance(now);
        loop {
            if let Some(output) = self.outbox.pop_front() {
                return output;
            }
            if let Phase::Done(_) = self.phase {
                return Output::Done;
            }
            if let Some(request) = self.flights.overdue(now) {
                self.give_up_on(now, request);
                continue;
            }
            if self.is_phase_over(now) {
                self.enter_next_phase(now);
                continue;
            }
            if let Some(question) = self.question() {
                return Output::Ask(question);
            }
            if let Some(exchange) = self.next_exchange(now) {
                return Output::Send(exchange);
            }
            if self.outbox.is_empty() {
                return Output::Wait(self.next_instant(now));
            }
        }
    }

    /// Says how many bytes of a request's body have left the source so far. It keeps a slow but
    /// living upload from being given up; reporting about once a second is enough.
    pub fn handle_progress(&mut self, now: Timestamp, request: RequestId, sent: u64) {
        let now = self.advance(now);
        self.flights.progressed(now, request, sent);
    }

    /// Answers a question for credentials. `None` means that there are none.
    pub fn handle_credentials(
        &mut self,
        now: Timestamp,
        ticket: CredentialsTicket,
        credentials: Option<Credentials>,
    ) {
        let now = self.advance(now);
        if let Err(problem) = self.auth.answered(&ticket, credentials) {
            self.fail(now, Stage::Authentication, problem);
        }
    }

    /// Answers an exchange with the registry's response, whatever its status. The body may be cut
    /// to [`Limits::response_body`](crate::Limits).
    pub fn handle_response(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        response: http::Response<Bytes>,
        receipt: Receipt,
    ) {
        let now = self.advance(now);
        if let Some(flight) = self.flights.land(ticket.request) {
            self.heard = true;
            self.landed(now, flight, response, receipt);
        }
    }

    /// Answers an exchange that has no response.
    ///
    /// `receipt` says how much of the body was read from its source before that.
    pub fn handle_failure(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        failure: Failure,
        receipt: Receipt,
    ) {
        let now = self.advance(now);
        if let Some(flight) = self.flights.land(ticket.request) {
            self.crashed(now, flight, failure, receipt);
        }
    }

    /// Ends the push: stops what is in the air, deletes the upload sessions it opened, and comes to
    /// [`Output::Done`]. A second call skips the deleting. After the push has succeeded, it still
    /// has.
    pub fn cancel(&mut self, now: Timestamp) {
        let now = self.advance(now);
        match self.phase {
            Phase::Opening | Phase::Open => {
                let stage = self.present_stage();
                self.fail(now, stage, Problem::bare(ErrorKind::Cancelled));
            }
            Phase::Closing(..) => self.close_at_once(),
            Phase::Done(_) => {}
        }
    }

    /// Whether the auth probe has passed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Digest and size of a blob, once they are known.
    #[must_use]
    pub fn content(&self, blob: BlobId) -> Option<&Content> {
        self.blobs.get(blob.index())?.content()
    }

    /// Where every blob stands.
    pub fn progress(&self) -> impl Iterator<Item = BlobProgress> + '_ {
        self.blobs.iter().enumerate().map(|(index, blob)| self.progress_of(index, blob))
    }

    /// How the push ended. Before [`Output::Done`] that is: cancelled.
    ///
    /// # Errors
    /// [`PushError`] says at which stage the push failed, why, and what may help.
    pub fn finish(self) -> Result<Report, PushError> {
        let sessions_left = self.undeleted + self.open_sessions().len();
        let problem = match (&self.phase, &self.manifest) {
            (Phase::Done(Ok(())), Some(manifest)) => {
                return Ok(self.report(manifest, sessions_left));
            }
            (Phase::Done(Err(error)), _) => return Err(PushError::clone(error)),
            _ => Problem::bare(ErrorKind::Cancelled),
        };
        let (destination, anonymous) = (self.config.destination.clone(), self.auth.is_anonymous());
        Err(PushError::new(destination, self.present_stage(), problem, anonymous))
    }

    fn report(&self, manifest: &Manifest, sessions_left: usize) -> Report {
        let blobs = self.blobs.iter().filter_map(|blob| match (&blob.state, blob.content()) {
            (BlobState::Done(how), Some(content)) => {
                Some(BlobReport { blob: blob.source.id, content: content.clone(), how: *how })
            }
            _ => None,
        });
        Report {
            destination: self.config.destination.clone(),
            manifest: manifest.descriptor(),
            blobs: blobs.collect(),
            warnings: self.warnings.iter().cloned().collect(),
            requests: self.flights.departed(),
            retries: self.backoff.retries(),
            sessions_left,
        }
    }

    fn progress_of(&self, index: usize, blob: &Blob) -> BlobProgress {
        let (mut stage, held) = blob.stage();
        let flight = self.flights.of(Task::Blob(index));
        let flying = flight.map_or(0, |flight| flight.sent);
        let total = blob.content().map(|content| content.size);
        let sent = held + flying;
        if stage == BlobStage::Uploading && flight.is_some() && total == Some(sent) {
            stage = BlobStage::Committing;
        }
        BlobProgress { blob: blob.source.id, stage, sent, total }
    }

    /// Time does not run backwards here, whoever reads the clock.
    fn advance(&mut self, now: Timestamp) -> Timestamp {
        self.now = self.now.max(now);
        self.now
    }

    fn say(&mut self, event: Event) {
        self.outbox.push_back(Output::Event(event));
    }

    fn stage_of(&self, task: Task) -> Stage {
        match task {
            Task::Opening | Task::CleanUp => Stage::Probe,
            Task::Token => Stage::Authentication,
            Task::Blob(index) => {
                let content = self.blobs.get(index).and_then(Blob::content);
                Stage::Blob(content.map(|content| content.digest.clone()))
            }
            Task::Manifest => Stage::Manifest,
        }
    }

    fn present_stage(&self) -> Stage {
        match self.phase {
            Phase::Opening => Stage::Probe,
            _ => match self.blobs.iter().position(|blob| !blob.is_done()) {
                Some(index) => self.stage_of(Task::Blob(index)),
                None => Stage::Manifest,
            },
        }
    }
}
