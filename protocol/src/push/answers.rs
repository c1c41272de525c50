//! What comes back, and what it leads to.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RANGE};
use http::{HeaderMap, Method, StatusCode};

use super::{OpeningState, Push};
use crate::auth::{Fetched, Generation};
use crate::blob::{Blob, Pace, Reply, Session, Standing, State};
use crate::classify::{Outcome, Verdict, classify};
use crate::credentials::CredentialsReason;
use crate::error::{PushErrorKind, RegistryAnswer};
use crate::event::{BlobOutcome, Event, Phase};
use crate::flights::{Flight, Work};
use crate::ids::{BlobId, RequestId};
use crate::manifest;
use crate::output::Output;
use crate::payload::{Failure, Payload, Receipt, Replay};
use crate::retry::{mean_pause, retry_after};
use crate::wire::digest::Digest;
use crate::wire::error_body::{self, ErrorAnswer};
use crate::wire::location::{Refusal, location};
use crate::wire::range::claim;
use crate::wire::warning::warnings;

/// An outcome, read once and for all.
pub(super) struct Landed {
    pub(super) flight: Flight,
    pub(super) verdict: Verdict,
    reply: Reply,
    headers: HeaderMap,
    body: Bytes,
    /// What the registry said, where it refused.
    pub(super) answer: Option<RegistryAnswer>,
    /// What happened, where there was no answer.
    pub(super) detail: Option<String>,
    /// The digests that a refusal mentions.
    digests: Vec<Digest>,
    retry_after: Option<Duration>,
}

impl Push {
    pub(super) fn answered(
        &mut self,
        id: RequestId,
        response: http::Response<Bytes>,
        receipt: Receipt,
    ) {
        let Some(flight) = self.flights.land(id) else {
            return;
        };
        let (head, body) = response.into_parts();
        let status = head.status;
        self.note_sent(&flight, &receipt);
        self.note_warnings(&head.headers);
        let refusal = (!status.is_success()).then(|| {
            let mut read = error_body::read(status, &head.headers, &body);
            read.answer.message = self.auth.scrubbed(&read.answer.message);
            read
        });
        let fresh = self
            .refused(flight.work)
            .is_some_and(|before| flight.used > before);
        let said = refusal.as_ref().map(|read| &read.answer);
        let code = said.and_then(|answer| answer.code.as_ref());
        let verdict = classify(
            flight.draft.step,
            Outcome::Answer {
                status,
                code: code.map_or("", |code| code.as_str()),
                message: said.map_or("", |answer| &answer.message),
                fresh,
            },
        );
        let (answer, digests) = match refusal {
            Some(ErrorAnswer { answer, digests }) => (Some(answer), digests),
            None => (None, Vec::new()),
        };
        self.landed(Landed {
            reply: self.reply(&flight, status, &head.headers, receipt),
            retry_after: retry_after(&head.headers),
            headers: head.headers,
            flight,
            verdict,
            body,
            answer,
            detail: None,
            digests,
        });
    }

    pub(super) fn unanswered(&mut self, id: RequestId, failure: Failure) {
        let Some(flight) = self.flights.land(id) else {
            return;
        };
        self.note_sent(&flight, &failure.receipt);
        let sent = failure.receipt.sent.max(flight.sent);
        let length = flight.draft.payload.length();
        let complete = failure.receipt.end.is_some() || length.is_some_and(|all| sent >= all);
        let kind = failure.kind;
        let verdict = classify(flight.draft.step, Outcome::Failure { kind, complete });
        let receipt = Receipt {
            sent,
            end: failure.receipt.end,
        };
        self.landed(Landed {
            reply: Reply {
                is_success: false,
                location: Err(Refusal::Missing),
                chunk_min: None,
                chunk_max: None,
                claim: None,
                echo: None,
                length: None,
                receipt,
            },
            flight,
            verdict,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            answer: None,
            detail: Some(self.auth.scrubbed(&failure.detail)),
            digests: Vec::new(),
            retry_after: None,
        });
    }

    fn landed(&mut self, landed: Landed) {
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
        match landed.verdict {
            Verdict::Redirect => return self.redirect(landed),
            Verdict::Reauthenticate => return self.reauthenticate(&landed),
            Verdict::Fail(PushErrorKind::Denied) if self.may_log_in(&landed) => return,
            _ => {}
        }
        self.set_refused(landed.flight.work, None);
        match landed.flight.work {
            Work::CleanUp => self.deleted(&landed),
            Work::Probe => self.probed(&landed),
            Work::Token => self.token_landed(&landed),
            Work::Preflight => self.preflighted(&landed),
            Work::Blob(id) => self.blob_landed(id, landed),
            Work::Manifest => self.manifest_landed(&landed),
        }
    }

    /// An answer after the end of the push is known: nothing counts but sessions.
    fn landed_late(&mut self, landed: &Landed) {
        match (landed.flight.work, landed.verdict) {
            (Work::CleanUp, _) => self.deleted(landed),
            (_, Verdict::Opened) => {
                if let Ok(url) = &landed.reply.location {
                    let session = Session::new(url.clone(), &landed.reply);
                    self.abandoned.push_back(session);
                }
            }
            _ => {}
        }
    }

    fn deleted(&mut self, landed: &Landed) {
        let status = landed.answer.as_ref().map(|answer| answer.status);
        let is_gone = landed.reply.is_success
            || matches!(status, Some(StatusCode::NOT_FOUND | StatusCode::GONE));
        if !is_gone {
            self.sessions_left += 1;
        }
    }

    fn probed(&mut self, landed: &Landed) {
        match landed.verdict {
            Verdict::Retry => return self.retry(landed),
            Verdict::Fail(kind) => return self.fail(self.failure(kind, landed)),
            _ => {}
        }
        self.opening = super::Opening {
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
            Ok(url) => self.spare = Some(Session::new(url.clone(), &landed.reply)),
            Err(refusal) => return self.fail(self.failure(refusal.kind(), landed)),
        }
        self.opening.state = OpeningState::Over;
        self.opening.standing = Standing::Ready;
        self.announce_authentication();
        self.event(Event::Ready);
    }

    fn blob_landed(&mut self, id: BlobId, landed: Landed) {
        let blob = &mut self.blobs[id.index()];
        let reached = blob.offset();
        let in_passing = State::Done(BlobOutcome::Existed);
        let state = std::mem::replace(&mut blob.state, in_passing);
        let turn = state.advance(landed.verdict, &landed.reply, &mut blob.facts);
        let is_on = turn.pace.is_onward();
        let pace = self.enter(id, turn);
        let blob = &mut self.blobs[id.index()];
        if is_on {
            blob.tries = 0;
        }
        if blob.offset() > reached {
            blob.setbacks = 0;
        }
        match pace {
            Pace::Onward => self.announce_blob(id),
            Pace::Retry => self.retry(&landed),
            Pace::Setback { pause } => self.setback(id, &landed, pause),
            Pace::NewSession => {
                blob.facts.sessions += 1;
                if blob.facts.sessions >= self.config.sessions.max(1) {
                    self.fail(self.gave_up(&landed));
                } else {
                    self.setback(id, &landed, true);
                }
            }
            Pace::Fail(kind, why) => {
                let error = self.failure(kind, &landed);
                self.fail(if why.is_empty() {
                    error
                } else {
                    self.other_failure(kind, why, &landed)
                });
            }
        }
    }

    fn setback(&mut self, id: BlobId, landed: &Landed, pause: bool) {
        let blob = &mut self.blobs[id.index()];
        blob.tries = 0;
        blob.setbacks += 1;
        let setbacks = blob.setbacks;
        if pause {
            self.pause_after(landed, setbacks);
        } else if setbacks >= self.config.attempts.max(1) {
            self.fail(self.gave_up(landed));
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

    /// The same request again, after a pause.
    fn retry(&mut self, landed: &Landed) {
        let tries = match landed.flight.work {
            Work::Blob(id) => &mut self.blobs[id.index()].tries,
            Work::Manifest => match &mut self.manifest {
                Some(manifest) => &mut manifest.tries,
                None => return,
            },
            Work::Probe | Work::Token | Work::Preflight | Work::CleanUp => &mut self.opening.tries,
        };
        *tries += 1;
        let tries = *tries;
        self.pause_after(landed, tries);
    }

    /// Pauses after `failures` failures in a row, or gives up: too many of them, too many in the
    /// whole push, or a registry that wants to be left alone for too long.
    fn pause_after(&mut self, landed: &Landed, failures: u32) {
        let asked = landed.retry_after.unwrap_or_default();
        if asked > self.config.retry_after_limit {
            return self.fail(self.asked_too_much(landed, asked));
        }
        if failures >= self.config.attempts.max(1) || self.retries_left == 0 {
            return self.fail(self.gave_up(landed));
        }
        self.retries_left -= 1;
        let mean = mean_pause(failures, self.config.backoff, self.config.backoff_limit);
        let own = self.jitter.around(mean);
        // Not on the second: everybody was told the same one.
        let pause = if asked.is_zero() {
            own
        } else {
            asked.saturating_add(own / 4)
        };
        let until = self.now + pause;
        let status = landed.answer.as_ref().map(|answer| answer.status);
        if let Some(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) = status
            && landed.flight.work != Work::Token
        {
            self.hold = self.hold.max(until);
        }
        self.pause(landed.flight.work, until);
        let blob = match landed.flight.work {
            Work::Blob(id) => Some(id),
            _ => None,
        };
        self.event(Event::Retrying {
            phase: landed.flight.draft.step.phase(),
            blob,
            after: pause,
            reason: landed.reason(),
        });
    }

    /// Asks the same of another place (RFC 9110, section 15.4). A write keeps its method or is not
    /// repeated at all: a `PUT` that became a `GET` would look like success.
    fn redirect(&mut self, landed: Landed) {
        let Landed { flight, .. } = &landed;
        let status = landed
            .answer
            .as_ref()
            .map_or(0, |answer| answer.status.as_u16());
        let is_read = matches!(flight.draft.method, Method::GET | Method::HEAD);
        let follows = matches!(status, 307 | 308) || (is_read && matches!(status, 301..=303));
        if !follows || flight.redirects >= MAX_REDIRECTS {
            let kind = PushErrorKind::Unintelligible;
            let why = if follows {
                "too many redirects"
            } else {
                "a redirect that cannot be followed"
            };
            return self.fail(self.other_failure(kind, why, &landed));
        }
        let url = match &landed.reply.location {
            Ok(url) => url.clone(),
            Err(refusal) => {
                let kind = refusal.kind();
                return self.fail(self.failure(kind, &landed));
            }
        };
        let has_credentials = flight.draft.headers.contains_key(AUTHORIZATION)
            || flight.draft.headers.contains_key(CONTENT_TYPE);
        let is_elsewhere = url.origin() != flight.draft.url.origin();
        if flight.work == Work::Token && has_credentials && is_elsewhere {
            let why = format!("the token server sends credentials on to {}", url.origin());
            return self.fail(self.other_failure(PushErrorKind::Unsafe, &why, &landed));
        }
        if let (Work::Blob(id), Payload::Blob(_)) = (flight.work, &flight.draft.payload) {
            let facts = &self.blobs[id.index()].facts;
            if facts.taken && facts.replay == Replay::Never {
                let why = "its source cannot be read again, and a redirect asks for that";
                return self.fail(self.other_failure(PushErrorKind::Source, why, &landed));
            }
        }
        let redirects = flight.redirects + 1;
        let mut draft = landed.flight.draft;
        if is_elsewhere {
            draft.headers.remove(AUTHORIZATION);
        }
        draft.url = url;
        if let Some(output) = self.send(landed.flight.work, draft, landed.flight.used) {
            if let Output::Send(exchange) = &output {
                self.flights.redirected(exchange.ticket.id(), redirects);
            }
            self.outbox.push_back(output);
        }
    }

    /// A 401 that a new token, or credentials, may help against.
    fn reauthenticate(&mut self, landed: &Landed) {
        let Flight {
            work, used, draft, ..
        } = &landed.flight;
        if draft.url.origin() != self.api.origin() {
            // It was not asked with our credentials, and will not be.
            return self.fail(self.failure(PushErrorKind::Rejected, landed));
        }
        if *work != Work::Probe {
            self.set_refused(*work, Some(*used));
            self.stand_by(*work);
        } else {
            self.opening.state = OpeningState::Preflight;
            self.opening.standing = Standing::Ready;
        }
        let scoped = *work != Work::Probe;
        let challenged = self
            .auth
            .challenged(self.now, &landed.headers, *used, scoped);
        if let Err(trouble) = challenged {
            self.fail_authentication(trouble);
        }
    }

    /// Without credentials the push is refused: perhaps somebody has some. Returns whether they
    /// are asked for.
    fn may_log_in(&mut self, landed: &Landed) -> bool {
        let is_unauthorized = landed
            .answer
            .as_ref()
            .is_some_and(|answer| answer.status == StatusCode::UNAUTHORIZED);
        if !is_unauthorized || !self.auth.is_anonymous() || landed.flight.work == Work::Token {
            return false;
        }
        self.set_refused(landed.flight.work, None);
        self.stand_by(landed.flight.work);
        let asked = self.auth.ask(CredentialsReason::AnonymousRefused);
        asked.is_ok()
    }

    fn stand_by(&mut self, work: Work) {
        match work {
            Work::Blob(id) => self.blobs[id.index()].standing = Standing::Ready,
            Work::Manifest => {
                if let Some(manifest) = &mut self.manifest {
                    manifest.standing = Standing::Ready;
                }
            }
            Work::Probe | Work::Preflight => self.opening.standing = Standing::Ready,
            Work::Token | Work::CleanUp => {}
        }
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

    fn announce_blob(&mut self, id: BlobId) {
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

    fn note_sent(&mut self, flight: &Flight, receipt: &Receipt) {
        if let Work::Blob(id) = flight.work {
            let sent = receipt.sent.max(flight.sent);
            let blob = &mut self.blobs[id.index()];
            blob.sent += sent;
            blob.facts.taken |= sent > 0;
        }
    }

    fn note_warnings(&mut self, headers: &HeaderMap) {
        for text in warnings(headers) {
            if self.warnings.len() < MAX_WARNINGS && self.warnings.insert(text.clone()) {
                self.event(Event::Warning(text));
            }
        }
    }

    fn refused(&self, work: Work) -> Option<Generation> {
        match work {
            Work::Blob(id) => self.blobs[id.index()].refused,
            Work::Manifest => self.manifest.as_ref()?.refused,
            Work::Probe | Work::Preflight => self.opening.refused,
            Work::Token | Work::CleanUp => None,
        }
    }

    fn set_refused(&mut self, work: Work, refused: Option<Generation>) {
        match work {
            Work::Blob(id) => self.blobs[id.index()].refused = refused,
            Work::Manifest => {
                if let Some(manifest) = &mut self.manifest {
                    manifest.refused = refused;
                }
            }
            Work::Probe | Work::Preflight => self.opening.refused = refused,
            Work::Token | Work::CleanUp => {}
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
            Work::Probe | Work::Preflight | Work::Token | Work::CleanUp => {}
        }
    }

    fn reply(
        &self,
        flight: &Flight,
        status: StatusCode,
        headers: &HeaderMap,
        receipt: Receipt,
    ) -> Reply {
        let text = |name: &HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
        let number = |name| text(name)?.parse::<u64>().ok();
        Reply {
            is_success: status.is_success(),
            location: location(self.api.origin(), &flight.draft.url, headers),
            chunk_min: number(&CHUNK_MIN),
            chunk_max: number(&CHUNK_MAX),
            claim: text(&RANGE).and_then(claim),
            echo: text(&CONTENT_DIGEST).and_then(|digest| digest.parse().ok()),
            length: number(&CONTENT_LENGTH),
            receipt,
        }
    }
}

impl Landed {
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// What went wrong, for a person.
    pub(super) fn reason(&self) -> String {
        match (&self.answer, &self.detail) {
            (Some(answer), _) => format!("the registry said {answer}"),
            (None, Some(detail)) => detail.clone(),
            (None, None) => "the registry's answer left it open".to_owned(),
        }
    }

    /// Why a place that the answer names is not gone to, if that is what is wrong.
    pub(super) fn refusal(&self) -> Option<String> {
        let needs_place = matches!(self.verdict, Verdict::Opened | Verdict::Redirect);
        match &self.reply.location {
            Err(refusal) if needs_place && self.detail.is_none() => Some(refusal.to_string()),
            _ => None,
        }
    }
}

impl Pace {
    fn is_onward(&self) -> bool {
        matches!(self, Self::Onward)
    }
}

static CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
static CHUNK_MIN: HeaderName = HeaderName::from_static("oci-chunk-min-length");
static CHUNK_MAX: HeaderName = HeaderName::from_static("oci-chunk-max-length");

const MAX_REDIRECTS: u32 = 5;
/// Once to look again, once to send without looking.
const MISSING_ROUNDS: u32 = 2;
const MAX_WARNINGS: usize = 32;
