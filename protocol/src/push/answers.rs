//! What an outcome leads to.

use http::StatusCode;

use super::landing::Landed;
use super::leftovers::Leftover;
use super::{Opening, OpeningState, Push};
use crate::auth::Fetched;
use crate::blob::{Blob, Pace, Session, Standing, State, parts};
use crate::classify::{Step, Verdict};
use crate::error::{PushErrorKind, RegistryAnswer};
use crate::event::{BlobOutcome, Event, Phase};
use crate::flights::Work;
use crate::ids::BlobId;
use crate::manifest;
use crate::payload::Replay;

impl Push {
    pub(super) fn landed(&mut self, landed: Landed) {
        match landed.flight.work {
            Work::CutShort => return self.was_cut_short(&landed),
            Work::CleanUp { past, errand } => return self.deleted(&landed, past, errand),
            _ => {}
        }
        if !self.is_running() {
            return self.landed_late(&landed);
        }
        if let Some(answer) = &landed.answer {
            self.last = Some(answer.clone());
            if landed.verdict == Verdict::Dispute {
                let dispute = (landed.flight.draft.step.phase(), answer.clone());
                self.set_dispute(landed.flight.work, dispute);
            }
        }
        match landed.flight.work {
            _ if landed.verdict == Verdict::Redirect => {}
            Work::Ahead => return self.opened_ahead(&landed),
            Work::Glance(id) => return self.glanced(id, &landed),
            _ => {}
        }
        match landed.verdict {
            Verdict::Redirect => return self.redirect(landed),
            Verdict::Reauthenticate => return self.reauthenticate(landed),
            Verdict::Fail(PushErrorKind::Denied) if self.may_log_in(&landed) => return,
            _ => {}
        }
        self.set_refused(landed.flight.work, None);
        match landed.flight.work {
            // Taken in above, whatever the verdict.
            Work::CutShort | Work::CleanUp { .. } => {}
            Work::Probe => self.probed(&landed),
            Work::Token => self.token_landed(&landed),
            Work::Preflight => self.preflighted(&landed),
            Work::Ahead => self.opened_ahead(&landed),
            Work::Glance(id) => self.glanced(id, &landed),
            Work::Blob(id) => self.blob_landed(id, landed),
            Work::Manifest => self.manifest_landed(&landed),
        }
    }

    /// An answer after the end of the push is known: nothing counts but sessions.
    fn landed_late(&mut self, landed: &Landed) {
        if landed.verdict == Verdict::Opened
            && let Ok(url) = &landed.reply.location
        {
            let session = Session::new(url.clone(), &landed.reply);
            self.leftovers.push_back(Leftover::quiet(session));
        }
    }

    fn probed(&mut self, landed: &Landed) {
        match landed.verdict {
            Verdict::Retry => return self.retry(landed),
            Verdict::Fail(kind) => return self.fail(self.failure(kind, landed)),
            _ => {}
        }
        self.opening = Opening {
            state: OpeningState::Preflight,
            standing: Standing::Ready,
            tries: 0,
            refused: None,
        };
        if let Err(trouble) = self.auth.invited(&landed.headers) {
            return self.fail_authentication(trouble);
        }
        self.announce_authentication();
    }

    fn token_landed(&mut self, landed: &Landed) {
        match (landed.verdict, &landed.answer) {
            (Verdict::Retry, _) => return self.retry(landed),
            (Verdict::Fail(kind), None) => return self.fail(self.failure(kind, landed)),
            _ => {}
        }
        let status = landed
            .answer
            .as_ref()
            .map_or(StatusCode::OK, |answer| answer.status);
        match self.auth.token_answered(self.now, status, &landed.body) {
            Fetched::Settled => {
                self.opening.tries = 0;
                self.announce_authentication();
            }
            Fetched::NoToken => {
                self.fail(self.failure(PushErrorKind::Unintelligible, landed));
            }
            Fetched::Refused => {
                let kind = match landed.verdict {
                    Verdict::Fail(kind) => kind,
                    _ => PushErrorKind::Denied,
                };
                self.fail(self.failure(kind, landed));
            }
        }
    }

    fn preflighted(&mut self, landed: &Landed) {
        match landed.verdict {
            Verdict::Opened => {}
            Verdict::Fail(kind) => return self.fail(self.failure(kind, landed)),
            _ => return self.retry(landed),
        }
        match &landed.reply.location {
            Ok(url) => self
                .spares
                .push_back(Session::new(url.clone(), &landed.reply)),
            Err(refusal) => return self.fail(self.failure(refusal.kind(), landed)),
        }
        self.opening.state = OpeningState::Over;
        self.opening.standing = Standing::Ready;
        self.announce_authentication();
        self.event(Event::Ready);
    }

    /// A session for whoever needs one. Where that fails, whoever needs one asks again.
    fn opened_ahead(&mut self, landed: &Landed) {
        match (landed.verdict, &landed.reply.location) {
            (Verdict::Opened, Ok(url)) => {
                let session = Session::new(url.clone(), &landed.reply);
                self.spares.push_back(session);
            }
            _ => self.looks_ahead = false,
        }
    }

    pub(super) fn blob_landed(&mut self, id: BlobId, mut landed: Landed) {
        if self.is_unanswerable(id, &landed) {
            landed.verdict = Verdict::Unclear;
        }
        let blob = &mut self.blobs[id.index()];
        let in_passing = State::Done(BlobOutcome::Existed);
        let state = std::mem::replace(&mut blob.state, in_passing);
        let parts = blob.facts.parts;
        let turn = state.advance(landed.verdict, &landed.reply, &mut blob.facts);
        if blob.facts.parts != parts {
            let sent = landed.flight.draft.payload.length().unwrap_or(u64::MAX);
            self.parts = self.parts.learning(blob.facts.parts, sent);
        }
        let is_on = turn.pace.is_onward();
        let was_answered = landed.reply.is_success || landed.answer.is_some();
        let pace = self.enter(id, turn, was_answered);
        let blob = &mut self.blobs[id.index()];
        if is_on {
            blob.tries = 0;
        }
        if blob.offset() > blob.furthest {
            blob.furthest = blob.offset();
            blob.setbacks = 0;
        }
        match pace {
            Pace::Onward => self.announce_blob(id),
            Pace::Retry => self.retry(&landed),
            Pace::Setback { pause } => {
                self.setback(id, &landed, pause);
                self.suspect_size(id, &landed);
            }
            Pace::NewSession { is_consequence } => {
                blob.facts.sessions += 1;
                if blob.facts.sessions >= self.config.sessions.max(1) {
                    self.fail(self.gave_up(&landed));
                } else if is_consequence && blob.rested {
                    // One failure is one setback and one pause.
                    blob.tries = 0;
                } else {
                    self.setback(id, &landed, true);
                }
            }
            Pace::Fail(kind, why) => {
                let error = self.failure(kind, &landed);
                self.fail(if why.is_empty() {
                    error
                } else {
                    self.other_failure(kind, &why, &landed)
                });
            }
        }
    }

    /// Whether a registry that answers 500 to a question for a blob says nothing with that: because
    /// the 500 lasts, or lasted for another blob. What is asked for is uploaded then.
    fn is_unanswerable(&mut self, id: BlobId, landed: &Landed) -> bool {
        let status = landed.answer.as_ref().map(|answer| answer.status);
        let is_question = landed.flight.draft.step == Step::Check;
        if !is_question || status != Some(StatusCode::INTERNAL_SERVER_ERROR) {
            return false;
        }
        let most = LASTING.min(self.config.attempts.max(1));
        self.answers_questions &= self.blobs[id.index()].tries + 1 < most;
        !self.answers_questions
    }

    /// After bodies that broke in one place: perhaps they were too large, and the refusal was lost.
    fn suspect_size(&mut self, id: BlobId, landed: &Landed) {
        let blob = &mut self.blobs[id.index()];
        let is_break = landed.verdict == Verdict::Resume && landed.answer.is_none();
        if is_break
            && blob.facts.replay == Replay::Anywhere
            && let Some(most) = parts::after_breaks(blob.setbacks)
            && landed.flight.draft.payload.length() > Some(most)
        {
            self.parts = self.parts.at_most(most);
            if let State::Probe(probe) = &mut blob.state {
                probe.blame_size();
            }
        }
    }

    fn manifest_landed(&mut self, landed: &Landed) {
        let name = self.config.reference.manifest_name();
        let Some(manifest) = &mut self.manifest else {
            return;
        };
        manifest.standing = Standing::Ready;
        let pace = manifest.advance(landed.verdict, &landed.reply, &name, &landed.body);
        match pace {
            manifest::Pace::Onward => {
                manifest.tries = 0;
                if manifest.state == manifest::State::Done {
                    let descriptor = manifest.descriptor.clone();
                    if manifest.existed {
                        self.event(Event::ManifestExists);
                    }
                    self.event(Event::ManifestDone(descriptor));
                }
            }
            manifest::Pace::Retry => self.retry(landed),
            manifest::Pace::Setback => {
                manifest.setbacks += 1;
                let setbacks = manifest.setbacks;
                self.pause_after(landed, setbacks);
            }
            manifest::Pace::Missing => self.send_missing(landed),
            manifest::Pace::Refused => self.fail(self.refused_manifest(landed)),
            manifest::Pace::Fail(kind, "") => self.fail(self.failure(kind, landed)),
            manifest::Pace::Fail(kind, why) => self.fail(self.other_failure(kind, why, landed)),
        }
    }

    /// The manifest names blobs that the registry does not have, whatever it said before. The
    /// named ones, or all where none is named, are looked for once more; if that does not help,
    /// they are sent without asking.
    fn send_missing(&mut self, landed: &Landed) {
        let Some(manifest) = &mut self.manifest else {
            return;
        };
        manifest.rounds += 1;
        let rounds = manifest.rounds;
        if rounds > MISSING_ROUNDS {
            return self.fail(self.failure(PushErrorKind::Rejected, landed));
        }
        let is_named = |blob: &Blob| {
            let content = blob.facts.content.as_ref();
            content.is_some_and(|content| landed.digests.contains(&content.digest))
        };
        let is_any_named = self.blobs.iter().any(is_named);
        for blob in self.blobs.iter_mut().filter(|blob| blob.twin.is_none()) {
            if !is_any_named || is_named(blob) {
                blob.again();
            }
        }
        self.pause_after(landed, rounds);
    }

    fn announce_authentication(&mut self) {
        let kind = self.auth.kind();
        if let Some(kind) = kind
            && self.announced != Some(kind)
        {
            self.announced = Some(kind);
            self.event(Event::Authenticated(kind));
        }
    }

    pub(super) fn announce_blob(&mut self, id: BlobId) {
        let blob = &mut self.blobs[id.index()];
        let Some(outcome) = blob.outcome().cloned() else {
            return;
        };
        if std::mem::replace(&mut blob.announced, true) {
            return;
        }
        match outcome {
            BlobOutcome::Existed => self.event(Event::BlobExists(id)),
            BlobOutcome::Mounted(from) => self.event(Event::BlobMounted(id, from)),
            BlobOutcome::Uploaded => {}
        }
        let twins: Vec<BlobId> = self
            .blobs
            .iter()
            .filter(|blob| blob.twin == Some(id))
            .map(|blob| blob.facts.id)
            .collect();
        for id in [vec![id], twins].concat() {
            if let Some(descriptor) = self.descriptor(id) {
                self.event(Event::BlobDone(id, descriptor));
            }
        }
    }

    /// Keeps a refusal that is looked into: if it stands, it is what ends the push.
    fn set_dispute(&mut self, work: Work, dispute: (Phase, RegistryAnswer)) {
        match work {
            Work::Blob(id) => self.blobs[id.index()].dispute = Some(dispute),
            Work::Manifest => {
                if let Some(manifest) = &mut self.manifest {
                    manifest.dispute = Some(dispute);
                }
            }
            Work::Probe
            | Work::Preflight
            | Work::Ahead
            | Work::Glance(_)
            | Work::Token
            | Work::CutShort
            | Work::CleanUp { .. } => {}
        }
    }
}

impl Pace {
    fn is_onward(&self) -> bool {
        matches!(self, Self::Onward)
    }
}

/// How often a question for a blob is answered with 500 until that lasts.
const LASTING: u32 = 3;
/// Once to look again, once to send without looking.
const MISSING_ROUNDS: u32 = 2;
