//! What comes next.

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Method};

use super::{OpeningState, Push, Stage};
use crate::auth::{Generation, Need, Readiness};
use crate::blob::{Blob, Standing, State, Turn, Upload};
use crate::classify::Step;
use crate::error::{PushError, PushErrorKind};
use crate::event::{Event, Phase};
use crate::flights::{Draft, Flight, Work};
use crate::ids::{BlobId, RequestId, Ticket};
use crate::manifest;
use crate::output::{Exchange, Limits, Output};
use crate::payload::{Failure, FailureKind, Payload};
use crate::time::Timestamp;
use crate::wire::url::HttpUrl;

impl Push {
    /// The next output. What was said before goes first, then what is overdue, then what can be
    /// sent; a wait is what remains.
    pub(super) fn next_output(&mut self) -> Output {
        loop {
            if let Some(output) = self.outbox.pop_front() {
                return output;
            }
            if matches!(self.stage, Stage::Done(_)) {
                return Output::Done;
            }
            if let Some(id) = self.flights.overdue(self.now) {
                self.give_up(id);
                continue;
            }
            let was_running = self.is_running();
            if let Some(output) = self.next_work() {
                return output;
            }
            // Looking for work may have ended the push, found that a token has to be replaced
            // first, or left something to say.
            let is_settled = was_running == self.is_running()
                && !self.auth_has_need()
                && !self.close()
                && self.outbox.is_empty();
            if is_settled {
                return Output::Wait(self.wake_up());
            }
        }
    }

    /// A request whose driver neither answered nor gave up in time.
    fn give_up(&mut self, id: RequestId) {
        self.outbox.push_back(Output::Abort(id));
        // How much it took from its source is not known.
        if let Some(blob) = self.flights.blob(id) {
            self.blobs[blob.index()].facts.taken = true;
        }
        let detail = "no answer within the time allowed";
        self.unanswered(id, Failure::new(FailureKind::TimedOut, detail));
    }

    fn next_work(&mut self) -> Option<Output> {
        if let Some(output) = self.next_deletion() {
            return Some(output);
        }
        if !self.is_running() {
            return None;
        }
        if self.auth_has_need() {
            match self.auth.poll(self.now) {
                Need::Ask(request) => return Some(Output::Ask(request)),
                Need::Fetch(request) => {
                    let draft = Draft {
                        step: Step::Token,
                        method: request.method,
                        url: request.url,
                        headers: request.headers,
                        payload: request.payload,
                    };
                    return self.send(Work::Token, draft, Generation::default());
                }
                Need::Nothing => {}
            }
        }
        if self.hold > self.now {
            return None;
        }
        if self.flights.controls() < self.config.controls.max(1)
            && let Some(output) = self.next_opening()
        {
            return Some(output);
        }
        match (self.opening.state, self.opening.standing) {
            // Questions need no permission to write.
            (OpeningState::Preflight, Standing::Flying(_)) => self.next_question(),
            (OpeningState::Probe | OpeningState::Preflight, _) => None,
            (OpeningState::Over, _) => {
                self.hand_out_sessions();
                self.next_question()
                    .or_else(|| self.next_session())
                    .or_else(|| self.next_blob())
                    .or_else(|| self.next_manifest())
                    .or_else(|| self.next_spare_deletion())
            }
        }
    }

    /// Whether authentication has something to send or to ask. It begins after the probe.
    fn auth_has_need(&self) -> bool {
        self.is_running()
            && self.opening.state != OpeningState::Probe
            && self.auth.has_need(self.now)
    }

    fn next_opening(&mut self) -> Option<Output> {
        if !is_due(&mut self.opening.standing, self.now) {
            return None;
        }
        match self.opening.state {
            OpeningState::Probe => {
                let draft = Draft::new(Step::Probe, Method::GET, self.api.probe());
                self.send(Work::Probe, draft, Generation::default())
            }
            OpeningState::Preflight => {
                let (header, used) = self.authorized()?;
                if !self.config.preflight {
                    self.opening.state = OpeningState::Over;
                    return None;
                }
                let mut draft = Draft::new(Step::Preflight, Method::POST, self.api.uploads());
                draft
                    .headers
                    .extend(header.map(|header| (AUTHORIZATION, header)));
                self.send(Work::Preflight, draft, used)
            }
            OpeningState::Over => None,
        }
    }

    /// Asks for the next blob that may be there.
    fn next_question(&mut self) -> Option<Output> {
        self.next_of(|blob| matches!(blob.state, State::Check(_)), false)
    }

    /// Opens a session before it is known which blob needs it. That saves a round trip where blobs
    /// are not there, and costs a session where they are.
    fn next_session(&mut self) -> Option<Output> {
        let wanted = self
            .blobs
            .iter()
            .filter(|blob| blob.is_looked_for())
            .count();
        let at_hand = self.spares.len() + self.flights.ahead();
        let is_enough = at_hand >= wanted.min(self.config.uploads.max(1));
        let is_full = self.flights.controls() >= self.config.controls.max(1);
        if is_enough || is_full || !self.looks_ahead {
            return None;
        }
        let (header, used) = self.authorized()?;
        let mut draft = Draft::new(Step::Open, Method::POST, self.api.uploads());
        draft
            .headers
            .extend(header.map(|header| (AUTHORIZATION, header)));
        self.send(Work::Ahead, draft, used)
    }

    /// Gives the sessions that are open anyway to the first blobs that would open one.
    fn hand_out_sessions(&mut self) {
        for blob in self.blobs.iter_mut().filter(|blob| blob.needs_session()) {
            if is_due(&mut blob.standing, self.now)
                && let Some(session) = self.spares.pop_front()
            {
                blob.state = State::Upload(Upload::new(session));
            }
        }
    }

    /// The next request for a blob, short ones before long bodies.
    fn next_blob(&mut self) -> Option<Output> {
        let mut coming = self.flights.ahead();
        // A session that is on its way is waited for rather than asked for once more.
        let is_served = |blob: &Blob| {
            let is_served = blob.needs_session() && coming > 0;
            coming -= usize::from(is_served);
            is_served
        };
        self.next_of(not(is_served), false)
            .or_else(|| self.next_of(|_| true, true))
    }

    /// The first blob that is `wanted` and has something to send, with bytes of its own or without.
    fn next_of(
        &mut self,
        mut wanted: impl FnMut(&Blob) -> bool,
        uploading: bool,
    ) -> Option<Output> {
        let (used, lanes) = if uploading {
            (self.flights.uploads(), self.config.uploads)
        } else {
            (self.flights.controls(), self.config.controls)
        };
        if used >= lanes.max(1) {
            return None;
        }
        for index in 0..self.blobs.len() {
            let blob = &mut self.blobs[index];
            if blob.is_done() || blob.twin.is_some() || !is_due(&mut blob.standing, self.now) {
                continue;
            }
            if blob.state.is_upload(&blob.facts) == uploading && wanted(blob) {
                return self.send_blob(index);
            }
        }
        None
    }

    fn send_blob(&mut self, index: usize) -> Option<Output> {
        let (header, used) = self.authorized()?;
        let blob = &self.blobs[index];
        let id = blob.facts.id;
        let mut draft = match blob.state.draft(&blob.facts, &self.api) {
            Ok(draft) => draft,
            Err(why) => {
                let error = PushError::new(PushErrorKind::Source, Phase::Upload, why)
                    .at(self.blob_place(id))
                    .with_hint("use a source that can be read again, a file for instance");
                self.fail(error);
                return None;
            }
        };
        let is_first = blob.tries == 0 && blob.setbacks == 0;
        match draft.step {
            Step::Check if is_first => self.event(Event::BlobChecking(id)),
            step if step.is_upload() => {
                let offset = blob.offset();
                self.event(Event::BlobUploading { blob: id, offset });
            }
            _ => {}
        }
        if draft.url.origin() == self.api.origin() {
            draft
                .headers
                .extend(header.map(|header| (AUTHORIZATION, header)));
        }
        self.send(Work::Blob(id), draft, used)
    }

    fn next_manifest(&mut self) -> Option<Output> {
        if !self.is_every_blob_done() || self.flights.controls() >= self.config.controls.max(1) {
            return None;
        }
        let manifest = self.manifest.as_mut()?;
        if manifest.state == manifest::State::Done || !is_due(&mut manifest.standing, self.now) {
            return None;
        }
        let (header, used) = self.authorized()?;
        let manifest = self.manifest.as_mut()?;
        let name = self.config.reference.manifest_name();
        let mut draft = match manifest.draft(&self.api, &name) {
            Ok(draft) => draft,
            Err(why) => {
                self.fail(PushError::new(
                    PushErrorKind::Rejected,
                    Phase::Manifest,
                    why,
                ));
                return None;
            }
        };
        if !manifest.announced {
            manifest.announced = true;
            self.event(Event::ManifestUploading);
        }
        draft
            .headers
            .extend(header.map(|header| (AUTHORIZATION, header)));
        self.send(Work::Manifest, draft, used)
    }

    fn is_every_blob_done(&self) -> bool {
        self.blobs
            .iter()
            .all(|blob| blob.is_done() || blob.twin.is_some())
    }

    /// Deletes the sessions that no blob needs any more, once they are known.
    fn next_spare_deletion(&mut self) -> Option<Output> {
        if self.manifest.is_none() || !self.is_every_blob_done() {
            return None;
        }
        self.abandoned.append(&mut self.spares);
        self.next_deletion()
    }

    fn next_deletion(&mut self) -> Option<Output> {
        if self.flights.controls() >= self.config.controls.max(1) {
            return None;
        }
        if let Stage::Closing(_, until) = &self.stage
            && *until <= self.now
        {
            return None;
        }
        let session = self.abandoned.pop_front()?;
        let mut draft = Draft::new(Step::Delete, Method::DELETE, session.url);
        if draft.url.origin() == self.api.origin() {
            let header = self.auth.header();
            draft
                .headers
                .extend(header.map(|header| (AUTHORIZATION, header)));
        }
        self.send(Work::CleanUp, draft, Generation::default())
    }

    /// What a request to the registry may carry, if it may be sent now.
    fn authorized(&mut self) -> Option<(Option<HeaderValue>, Generation)> {
        match self.auth.readiness(self.now) {
            Readiness::Go(header, used) => Some((header, used)),
            Readiness::Blocked => None,
        }
    }

    /// Sends `draft` for `work`, now. What there is to say about it is said first.
    pub(super) fn send(&mut self, work: Work, draft: Draft, used: Generation) -> Option<Output> {
        let limits = self.limits(&draft);
        let request = match self.request(&draft) {
            Ok(request) => request,
            Err(url) => {
                let what = format!("{url} is not a URL that can be asked for");
                let phase = draft.step.phase();
                self.fail(PushError::new(PushErrorKind::Unintelligible, phase, what));
                return None;
            }
        };
        let id = self
            .flights
            .launch(Flight::new(self.now, work, draft, used, limits));
        match work {
            Work::Blob(blob) => self.blobs[blob.index()].standing = Standing::Flying(id),
            Work::Probe | Work::Preflight => self.opening.standing = Standing::Flying(id),
            Work::Manifest => {
                if let Some(manifest) = &mut self.manifest {
                    manifest.standing = Standing::Flying(id);
                }
            }
            Work::Token | Work::Ahead | Work::CleanUp => {}
        }
        self.outbox.push_back(Output::Send(Exchange {
            ticket: Ticket(id),
            request,
            limits,
        }));
        self.outbox.pop_front()
    }

    fn request(&self, draft: &Draft) -> Result<http::Request<Payload>, HttpUrl> {
        let mut request = http::Request::new(draft.payload.clone());
        *request.method_mut() = draft.method.clone();
        *request.uri_mut() = draft.url.to_uri().map_err(|_| draft.url.clone())?;
        *request.headers_mut() = draft.headers.clone();
        let agent = HeaderValue::from_str(&self.config.user_agent);
        if let Ok(agent) = agent {
            request.headers_mut().insert(USER_AGENT, agent);
        }
        Ok(request)
    }

    fn limits(&self, draft: &Draft) -> Limits {
        let idle = self.config.idle;
        let (answer, response_body) = match draft.step {
            Step::Put | Step::Stream | Step::Chunk | Step::Commit => {
                (self.config.commit.max(idle), ERROR_BODY)
            }
            Step::Confirm if draft.method == Method::GET => (idle, MANIFEST_BODY),
            Step::Token => (idle, TOKEN_BODY),
            _ => (idle, ERROR_BODY),
        };
        Limits {
            idle,
            answer,
            total: (draft.step == Step::Delete).then_some(self.config.clean_up),
            response_body,
        }
    }

    /// Comes to an end where there is one. Returns whether anything changed.
    fn close(&mut self) -> bool {
        if let Stage::Running = self.stage {
            let Some(manifest) = &self.manifest else {
                return false;
            };
            if manifest.state != manifest::State::Done {
                return false;
            }
            let report = self.report(manifest.descriptor.clone());
            self.end(Ok(report));
            return true;
        }
        let Stage::Closing(_, until) = &self.stage else {
            return false;
        };
        let is_late = *until <= self.now;
        let is_clean = self.flights.is_empty() && self.abandoned.is_empty();
        if !is_late && !is_clean {
            return false;
        }
        self.sessions_left += self.abandoned.len() + self.flights.iter().count();
        self.abandoned.clear();
        let late: Vec<RequestId> = self.flights.iter().map(|(id, _)| id).collect();
        for id in late {
            self.flights.land(id);
            self.outbox.push_back(Output::Abort(id));
        }
        let stage = std::mem::replace(&mut self.stage, Stage::Running);
        let Stage::Closing(mut result, _) = stage else {
            self.stage = stage;
            return false;
        };
        *result = match *result {
            Ok(mut report) => {
                report.sessions_left = self.sessions_left;
                report.requests = self.flights.count();
                Ok(report)
            }
            Err(error) => Err(error.leaving(self.sessions_left)),
        };
        self.stage = Stage::Done(result);
        true
    }

    /// When something happens by itself next.
    fn wake_up(&mut self) -> Option<Timestamp> {
        let pauses = self.blobs.iter().map(|blob| blob.standing);
        let manifest = self.manifest.as_ref().map(|manifest| manifest.standing);
        let standings = pauses.chain(manifest).chain([self.opening.standing]);
        let mut times: Vec<Timestamp> = standings
            .filter_map(|standing| match standing {
                Standing::Pausing(until) => Some(until),
                Standing::Ready | Standing::Flying(_) => None,
            })
            .chain([self.hold])
            .filter(|_| matches!(self.stage, Stage::Running))
            .collect();
        times.extend(self.flights.earliest_deadline());
        if let Stage::Closing(_, until) = &self.stage {
            times.push(*until);
        } else {
            times.extend(self.auth.wakes());
        }
        times.into_iter().filter(|time| *time > self.now).min()
    }

    /// Aborts everything in the air but what cleans up, and what may still open a session: such a
    /// session could not be deleted, since nobody would know its name.
    pub(super) fn abort_all_but_cleaning(&mut self) {
        let aborted: Vec<RequestId> = self
            .flights
            .iter()
            .filter(|(_, flight)| !is_kept_at_the_end(flight.draft.step))
            .map(|(id, _)| id)
            .collect();
        for id in aborted {
            self.flights.land(id);
            self.outbox.push_back(Output::Abort(id));
        }
    }

    /// Puts a blob, the manifest or the opening to sleep.
    pub(super) fn pause(&mut self, work: Work, until: Timestamp) {
        let standing = Standing::Pausing(until);
        match work {
            Work::Blob(id) => self.blobs[id.index()].standing = standing,
            Work::Probe | Work::Preflight => self.opening.standing = standing,
            Work::Manifest => {
                if let Some(manifest) = &mut self.manifest {
                    manifest.standing = standing;
                }
            }
            Work::Token => self.auth.fetch_again(until),
            Work::Ahead | Work::CleanUp => {}
        }
    }

    /// Takes a blob's turn: its new state, and how it goes on.
    pub(super) fn enter(&mut self, id: BlobId, turn: Turn) -> crate::blob::Pace {
        let blob = &mut self.blobs[id.index()];
        blob.state = turn.state;
        blob.standing = Standing::Ready;
        self.abandoned.extend(turn.abandoned);
        turn.pace
    }
}

fn not(mut question: impl FnMut(&Blob) -> bool) -> impl FnMut(&Blob) -> bool {
    move |blob| !question(blob)
}

/// Whether a pause is over; ends it if so.
fn is_due(standing: &mut Standing, now: Timestamp) -> bool {
    if let Standing::Pausing(until) = standing
        && *until <= now
    {
        *standing = Standing::Ready;
    }
    *standing == Standing::Ready
}

fn is_kept_at_the_end(step: Step) -> bool {
    matches!(
        step,
        Step::Delete | Step::Preflight | Step::Open | Step::Mount
    )
}

/// Enough for every error document that is worth reading.
const ERROR_BODY: usize = 64 << 10;
/// Tokens with many scopes are long.
const TOKEN_BODY: usize = 1 << 20;
/// The size that every registry must take is 4 MiB.
const MANIFEST_BODY: usize = 8 << 20;
