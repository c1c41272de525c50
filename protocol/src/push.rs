//! The machine: what there is to do, in which order, and how it ends.
//!
//! `push/poll.rs` decides what is sent next; `push/landing.rs` reads what comes back, and
//! `push/answers.rs` what it leads to, with `push/again.rs` for what has to be asked once more.
//! `push/explain.rs` puts failures into words, with `push/causes.rs` for what is known beyond a status, and `push/learn.rs` takes in what a blob turns out to
//! be. States and verdicts are elsewhere: nothing here looks at a status.

mod again;
mod answers;
mod causes;
mod debug;
mod derived;
mod explain;
mod landing;
mod lanes;
mod launch;
mod learn;
mod leftovers;
mod poll;

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;

use crate::auth::scope::Scope;
use crate::auth::{Auth, Refusals};
use crate::blob::{Blob, Parts, Session, Standing};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Misuse, PushError, PushErrorKind, RegistryAnswer};
use crate::event::{Authentication, BlobProgress, BlobReport, Event, Phase, Report};
use crate::flights::Flights;
use crate::ids::{BlobId, CredentialsTicket, RequestId, Ticket};
use crate::manifest::{Manifest, ManifestSpec};
use crate::output::Output;
use crate::payload::{BlobContent, BlobSpec, Failure, Receipt};
use crate::retry::Jitter;
use crate::time::Timestamp;
use crate::wire::descriptor::Descriptor;
use crate::wire::urls::Api;
use leftovers::Leftover;

/// One push: the blobs of one image and its manifest, into one repository.
///
/// See the [crate documentation](crate) for the contract. `now` is never taken to run backwards: an
/// earlier time than was seen before counts as that one.
pub struct Push {
    config: Config,
    api: Api,
    auth: Auth,
    blobs: Vec<Blob>,
    /// Whether there is a blob of which it is open if it is looked for.
    has_unsettled: bool,
    /// How much of a blob goes in one request, as far as any of them has found out.
    parts: Parts,
    manifest: Option<Manifest>,
    flights: Flights,
    opening: Opening,
    /// Sessions that were opened before a blob needed one: by the preflight, and while blobs are
    /// looked for, so that those that are not there need not wait for another answer.
    spares: VecDeque<Session>,
    /// Whether sessions are opened ahead of need. Not where that has failed.
    looks_ahead: bool,
    /// Whether questions for blobs are thought to have answers. Not where they got 500 every time.
    answers_questions: bool,
    /// Sessions to delete.
    leftovers: VecDeque<Leftover>,
    /// How many could not be deleted.
    sessions_left: usize,
    /// What the driver has not been told yet.
    outbox: VecDeque<Output>,
    warnings: BTreeSet<String>,
    jitter: Jitter,
    /// The registry wants to be left alone until then.
    hold: Timestamp,
    retries_left: u32,
    /// The last refusal, for when the push is given up.
    last: Option<RegistryAnswer>,
    announced: Option<Authentication>,
    stage: Stage,
    now: Timestamp,
}

/// How far the beginning is: who are we, may we?
#[derive(Debug)]
struct Opening {
    state: OpeningState,
    standing: Standing,
    tries: u32,
    refused: Option<Refusals>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OpeningState {
    Probe,
    Preflight,
    Over,
}

#[derive(Debug)]
enum Stage {
    Running,
    /// The result is known; sessions are deleted until this time.
    Closing(Box<Result<Report, PushError>>, Timestamp),
    Done(Box<Result<Report, PushError>>),
}

impl Push {
    /// A push that has not begun. Nothing is sent before the first [`poll`](Self::poll).
    #[must_use]
    pub fn new(config: Config, now: Timestamp) -> Self {
        let origin = config.origin();
        let repository = config.reference.repository().clone();
        let auth = Auth::new(
            origin.clone(),
            config.reference.registry().to_string(),
            client_name(&config.user_agent),
            Scope::push(&repository),
        );
        Self {
            api: Api::new(origin, repository),
            auth,
            blobs: Vec::new(),
            has_unsettled: false,
            parts: config.chunk.map_or(Parts::Whole, Parts::Wanted),
            manifest: None,
            flights: Flights::default(),
            opening: Opening {
                state: OpeningState::Probe,
                standing: Standing::Ready,
                tries: 0,
                refused: None,
            },
            spares: VecDeque::new(),
            looks_ahead: config.look_ahead,
            answers_questions: true,
            leftovers: VecDeque::new(),
            sessions_left: 0,
            outbox: VecDeque::new(),
            warnings: BTreeSet::new(),
            jitter: Jitter::new(config.seed.unwrap_or_default()),
            hold: Timestamp::ZERO,
            retries_left: config.retries,
            last: None,
            announced: None,
            stage: Stage::Running,
            now,
            config,
        }
    }

    /// Adds a blob. It may be sent at once, if the push is that far; the manifest waits for all.
    ///
    /// Two blobs with the same digest are sent once.
    ///
    /// # Errors
    /// The manifest is set already, or the push has ended: [`finish`](Self::finish) says why.
    pub fn add_blob(&mut self, spec: BlobSpec) -> Result<BlobId, Misuse> {
        if !self.is_running() {
            return Err(Misuse::Ended);
        }
        if self.manifest.is_some() {
            return Err(Misuse::ManifestSet);
        }
        let number = u32::try_from(self.blobs.len()).expect("a manifest cannot name that many");
        let id = BlobId(number);
        if let Some(from) = &spec.mount_from {
            self.auth.want(self.now, Scope::pull(from));
        }
        let twin = match &spec.content {
            BlobContent::Known(own) => self.blobs.iter().find(|other| {
                let digest = other.facts.content.as_ref().map(|content| &content.digest);
                other.twin.is_none() && digest == Some(&own.digest)
            }),
            BlobContent::Unknown(_) => None,
        };
        let twin = twin.map(|blob| blob.facts.id);
        let mut blob = Blob::new(id, spec, self.config.smallest_chunk);
        blob.twin = twin;
        self.has_unsettled |= blob.is_unsettled;
        self.blobs.push(blob);
        Ok(id)
    }

    /// Sets the manifest, once. It is sent when the registry has confirmed every blob. If it does
    /// not name what a blob of unknown content turned out to be, the push fails then.
    ///
    /// # Errors
    /// It is set already, the push has ended, or the reference has a digest and it is not this
    /// manifest's.
    pub fn set_manifest(&mut self, manifest: ManifestSpec) -> Result<(), Misuse> {
        if !self.is_running() {
            return Err(Misuse::Ended);
        }
        if self.manifest.is_some() {
            return Err(Misuse::ManifestSet);
        }
        let manifest = Manifest::new(manifest);
        if let Some(digest) = self.config.reference.digest()
            && *digest != manifest.descriptor.digest
        {
            return Err(Misuse::OtherDigest);
        }
        self.manifest = Some(manifest);
        Ok(())
    }

    /// What to do next. Call it until it says [`Output::Wait`].
    pub fn poll(&mut self, now: Timestamp) -> Output {
        self.now = self.now.max(now);
        self.next_output()
    }

    /// `sent` bytes of that request's body have left the source so far. Pushes the deadline back
    /// and makes [`progress`](Self::progress) true; leaving it out makes long uploads time out.
    pub fn handle_progress(&mut self, now: Timestamp, id: RequestId, sent: u64) {
        self.now = self.now.max(now);
        self.flights.moved(self.now, id, sent);
    }

    /// The answer to [`Output::Ask`]. What `None` means is said at
    /// [`CredentialsReason`](crate::CredentialsReason).
    pub fn handle_credentials(
        &mut self,
        now: Timestamp,
        ticket: CredentialsTicket,
        credentials: Option<Credentials>,
    ) {
        self.now = self.now.max(now);
        if !self.is_running() {
            return;
        }
        if let Err(trouble) = self.auth.answered(self.now, &ticket, credentials) {
            self.fail_authentication(trouble);
        }
    }

    /// The answer to an exchange, its body cut at the limit. Answers to requests that were aborted
    /// or given up are ignored.
    pub fn handle_response(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        response: http::Response<Bytes>,
        receipt: Receipt,
    ) {
        self.now = self.now.max(now);
        self.answered(ticket.id(), response, receipt);
    }

    /// No answer to an exchange.
    pub fn handle_failure(&mut self, now: Timestamp, ticket: Ticket, failure: Failure) {
        self.now = self.now.max(now);
        self.unanswered(ticket.id(), failure);
    }

    /// Ends the push: aborts what is in the air and deletes the upload sessions that are open, for
    /// as long as [`Config::clean_up`] allows. Called again, it ends at once.
    pub fn cancel(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        match self.stage {
            Stage::Running => {
                let error = PushError::new(
                    PushErrorKind::Cancelled,
                    self.phase(),
                    "the push was cancelled",
                );
                self.end(Err(error.at(self.place())));
            }
            Stage::Closing(_, ref mut until) => *until = self.now,
            Stage::Done(_) => {}
        }
    }

    /// How far each blob is, in the order they were added.
    pub fn progress(&self) -> impl Iterator<Item = BlobProgress> + '_ {
        self.blobs.iter().map(|blob| {
            let source = match blob.twin {
                Some(twin) => &self.blobs[twin.index()],
                None => blob,
            };
            let in_air = match source.standing {
                Standing::Flying(id) => self.flights.sent(id),
                Standing::Ready | Standing::Pausing(_) => 0,
            };
            let size = blob.size();
            let sent = source.offset().saturating_add(in_air);
            BlobProgress {
                blob: blob.facts.id,
                size,
                sent: size.map_or(sent, |size| sent.min(size)),
                activity: source.activity(),
            }
        })
    }

    /// A blob's descriptor, once its digest is known.
    #[must_use]
    pub fn descriptor(&self, blob: BlobId) -> Option<Descriptor> {
        self.blobs.get(blob.index())?.descriptor()
    }

    /// Whether the push has ended: [`poll`](Self::poll) says [`Output::Done`] from now on.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done(_))
    }

    /// Whether the result is settled. All that is left is to clean up, if that, and
    /// [`cancel`](Self::cancel) would cut it short.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        !self.is_running()
    }

    /// The result.
    ///
    /// # Errors
    /// Why the push failed. A push that is finished before it is [done](Output::Done) counts as
    /// cancelled.
    pub fn finish(self) -> Result<Report, PushError> {
        let place = self.place();
        let phase = self.phase();
        match self.stage {
            Stage::Done(result) => *result,
            Stage::Running | Stage::Closing(..) => Err(PushError::new(
                PushErrorKind::Cancelled,
                phase,
                "the push was dropped before its end",
            )
            .at(place)),
        }
    }

    fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running)
    }

    /// Ends the push with `result`, after cleaning up.
    fn end(&mut self, result: Result<Report, PushError>) {
        if !self.is_running() {
            return;
        }
        let until = self.now + self.config.clean_up;
        self.stage = Stage::Closing(Box::new(result), until);
        // What was to be sent is no longer wanted; what was to be aborted still is in the air.
        self.take_back();
        self.leave_sessions();
        self.abort_all_but_cleaning();
    }

    fn fail(&mut self, error: PushError) {
        let error = error.at(self.place());
        self.end(Err(error));
    }

    fn report(&self, manifest: Descriptor) -> Report {
        let blobs = self.blobs.iter().filter_map(|blob| {
            let source = match blob.twin {
                Some(twin) => &self.blobs[twin.index()],
                None => blob,
            };
            Some(BlobReport {
                descriptor: blob.descriptor()?,
                outcome: source.outcome()?.clone(),
                sent: blob.sent,
            })
        });
        Report {
            manifest,
            manifest_existed: self
                .manifest
                .as_ref()
                .is_some_and(|manifest| manifest.existed),
            blobs: blobs.collect(),
            warnings: self.warnings.iter().cloned().collect(),
            largest_chunk: match self.parts {
                Parts::Learnt(most) => Some(most),
                Parts::Whole | Parts::Wanted(_) => None,
            },
            requests: self.flights.count(),
            retries: u64::from(self.config.retries - self.retries_left),
            sessions_left: self.sessions_left,
        }
    }

    fn event(&mut self, event: Event) {
        self.outbox.push_back(Output::Event(event));
    }

    /// What is being done, as far as one thing can be named.
    fn phase(&self) -> Phase {
        let flying = self
            .flights
            .iter()
            .map(|(_, flight)| flight.draft.step.phase());
        let phase = match (self.opening.state, &self.manifest) {
            (OpeningState::Probe, _) => Phase::Probe,
            (OpeningState::Preflight, _) => Phase::Preflight,
            (OpeningState::Over, Some(manifest)) if manifest.announced => Phase::Manifest,
            (OpeningState::Over, _) => Phase::Upload,
        };
        flying.max().unwrap_or(phase)
    }

    /// Where the push goes, for messages.
    fn place(&self) -> String {
        self.config.reference.to_string()
    }
}

/// The product's name without its version: what a token server is told as `client_id`.
fn client_name(user_agent: &str) -> String {
    let name = user_agent.split(['/', ' ']).next().unwrap_or_default();
    if name.is_empty() { "longshore" } else { name }.to_owned()
}

#[cfg(test)]
mod tests;
