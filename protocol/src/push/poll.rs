//! What comes next.

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method};

use super::leftovers::Leftover;
use super::{OpeningState, Push, Stage};
use crate::auth::{Generation, Need, Readiness};
use crate::blob::{Blob, Standing, Turn};
use crate::classify::Step;
use crate::error::{PushError, PushErrorKind};
use crate::event::{Authentication, BlobOutcome, Event, Phase};
use crate::flights::{Draft, Flight, Work};
use crate::ids::{BlobId, RequestId};
use crate::manifest;
use crate::output::Output;
use crate::payload::{Failure, FailureKind};
use crate::time::Timestamp;

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
            return self.next_authentication();
        }
        if self.hold > self.now {
            return None;
        }
        // Its place is kept: questions go beside it, and none while it waits.
        if let Some(output) = self.next_opening() {
            return Some(output);
        }
        self.settle_derived();
        match (self.opening.state, self.opening.standing) {
            // Questions need no permission to write, and whoever may open one session may open two.
            (OpeningState::Preflight, Standing::Flying(_)) if !self.is_password_untried() => {
                self.next_question().or_else(|| self.next_session())
            }
            (OpeningState::Probe | OpeningState::Preflight, _) => None,
            (OpeningState::Over, _) => {
                self.hand_out_sessions();
                self.next_question()
                    .or_else(|| self.next_glance())
                    .or_else(|| self.next_session())
                    .or_else(|| self.next_blob())
                    .or_else(|| self.next_manifest())
                    .or_else(|| self.next_spare_deletion())
            }
        }
    }

    fn next_authentication(&mut self) -> Option<Output> {
        match self.auth.poll(self.now)? {
            Need::Ask(request) => Some(Output::Ask(request)),
            Need::Fetch(request) => {
                let draft = Draft {
                    step: Step::Token,
                    method: request.method,
                    url: request.url,
                    headers: request.headers,
                    payload: request.payload,
                    redirects: 0,
                };
                self.send(Work::Token, draft, Generation::default())
            }
        }
    }

    /// Whether authentication has something to send or to ask. It begins after the probe.
    fn auth_has_need(&self) -> bool {
        self.is_running()
            && self.opening.state != OpeningState::Probe
            && self.auth.has_need(self.now)
    }

    /// Whether a password goes with the first request that tells if it is right. It is tried no more
    /// often than need be: some registries lock out who is wrong too often.
    fn is_password_untried(&self) -> bool {
        self.opening.state == OpeningState::Preflight
            && self.auth.kind() == Some(Authentication::Basic)
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

    fn next_manifest(&mut self) -> Option<Output> {
        let is_full = self.flights.controls() >= self.config.controls.max(1);
        if is_full || self.manifest.is_none() || !self.is_every_blob_done() {
            return None;
        }
        let manifest = self.manifest.as_mut()?;
        if manifest.state == manifest::State::Done || !is_due(&mut manifest.standing, self.now) {
            return None;
        }
        if let Some(error) = self.unnamed() {
            self.fail(error);
            return None;
        }
        let (header, used) = self.authorized()?;
        let name = self.config.reference.manifest_name();
        let is_nothing_new = self.is_every_blob_old();
        let manifest = self.manifest.as_mut()?;
        if is_nothing_new {
            manifest.look_first(&name);
        }
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
        if manifest.is_sent_next() && !manifest.announced {
            manifest.announced = true;
            self.event(Event::ManifestUploading);
        }
        draft
            .headers
            .extend(header.map(|header| (AUTHORIZATION, header)));
        self.send(Work::Manifest, draft, used)
    }

    pub(super) fn is_every_blob_done(&self) -> bool {
        // The last one is mostly done last, so that it alone is looked at until the end.
        self.blobs
            .iter()
            .rev()
            .all(|blob| blob.is_done() || blob.twin.is_some())
    }

    /// Whether the registry had everything so far, so that it may have the manifest as well.
    fn is_every_blob_old(&self) -> bool {
        let mut outcomes = self.blobs.iter().filter_map(Blob::outcome).peekable();
        outcomes.peek().is_some() && outcomes.all(|outcome| *outcome == BlobOutcome::Existed)
    }

    /// What a request to the registry may carry, if it may be sent now.
    pub(super) fn authorized(&mut self) -> Option<(Option<HeaderValue>, Generation)> {
        match self.auth.readiness(self.now) {
            Readiness::Go(header, used) => Some((header, used)),
            Readiness::Blocked => None,
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
        let to_delete = self.leftovers.len();
        let is_clean = self.flights.is_empty() && to_delete == 0;
        if !is_late && !is_clean {
            return false;
        }
        self.sessions_left += to_delete + self.flights.iter().count();
        self.leftovers.clear();
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

    /// Aborts everything in the air but what cleans up, what is cut short, and what may still open a
    /// session: such a session could not be deleted, since its name would not be known.
    pub(super) fn abort_all_but_cleaning(&mut self) {
        let aborted: Vec<RequestId> = self
            .flights
            .iter()
            .filter(|(_, flight)| !is_kept_at_the_end(flight))
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
            Work::Ahead | Work::Glance(_) | Work::CutShort | Work::CleanUp { .. } => {}
        }
    }

    /// Takes a blob's turn: its new state, and how it goes on. `was_answered` says that the registry
    /// answered the request before: then no body of it was cut.
    pub(super) fn enter(
        &mut self,
        id: BlobId,
        turn: Turn,
        was_answered: bool,
    ) -> crate::blob::Pace {
        let blob = &mut self.blobs[id.index()];
        blob.state = turn.state;
        blob.standing = Standing::Ready;
        let abandoned = turn.abandoned.map(|session| match was_answered {
            true => Leftover::quiet(session),
            false => Leftover::of(blob, session),
        });
        self.leftovers.extend(abandoned);
        turn.pace
    }
}

/// Whether a pause is over; ends it if so.
pub(super) fn is_due(standing: &mut Standing, now: Timestamp) -> bool {
    if let Standing::Pausing(until) = standing
        && *until <= now
    {
        *standing = Standing::Ready;
    }
    *standing == Standing::Ready
}

fn is_kept_at_the_end(flight: &Flight) -> bool {
    flight.work == Work::CutShort
        || matches!(
            flight.draft.step,
            Step::Delete | Step::Preflight | Step::Open | Step::Mount
        )
}
