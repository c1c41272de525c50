//! What answers do: to the whole push first, then to the task that asked.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};

use super::{Phase, Push};
use crate::auth::Fetched;
use crate::blob::State as BlobState;
use crate::classify::{Step, Verdict, classify, classify_failure};
use crate::error::{Cause, ErrorKind, Failure, FailureKind, Problem, Stage};
use crate::event::Event;
use crate::exchange::{Answer, Turn};
use crate::flights::{Flight, Task};
use crate::ids::RequestId;
use crate::manifest::Next;
use crate::output::Output;
use crate::payload::Receipt;
use crate::report::How;
use crate::retry::retry_after;
use crate::time::Timestamp;
use crate::wire::digest::Digest;
use crate::wire::error_body::RegistryError;
use crate::wire::warning::warnings;

impl Push {
    /// An exchange has an answer.
    pub(super) fn landed(
        &mut self,
        now: Timestamp,
        flight: Flight,
        response: Response<Bytes>,
        receipt: Receipt,
    ) {
        let (parts, body) = response.into_parts();
        self.note_warnings(&parts.headers);
        let error = RegistryError::read(parts.status, &body, &|text| self.auth.scrub(text));
        let verdict = classify(flight.step, parts.status, &error);
        if flight.task == Task::Token {
            return self.token_landed(now, verdict, &parts.headers, &body, error);
        }
        if self.auth.is_satisfied()
            && !self.said_authenticated
            && flight.generation == self.auth.generation()
            && verdict != Verdict::Reauthenticate
        {
            self.said_authenticated = true;
            self.say(Event::Authenticated);
        }
        let pause = retry_after(&parts.headers);
        let answer = Answer {
            step: flight.step,
            verdict,
            url: flight.url.clone(),
            status: Some(parts.status),
            headers: parts.headers,
            receipt,
            cause: (verdict != Verdict::Success).then(|| error.clone().into()),
        };
        match verdict {
            Verdict::Reauthenticate => self.reauthenticate(now, &flight, answer, error),
            Verdict::Redirect => self.redirect(now, &flight, answer),
            _ => self.deliver(now, flight.task, answer, pause),
        }
    }

    /// An exchange has no answer.
    pub(super) fn crashed(
        &mut self,
        now: Timestamp,
        flight: Flight,
        failure: Failure,
        receipt: Receipt,
    ) {
        let verdict = classify_failure(flight.step, failure.kind, self.heard);
        let answer = Answer {
            step: flight.step,
            verdict,
            url: flight.url,
            status: None,
            headers: HeaderMap::new(),
            receipt,
            cause: Some(failure.into()),
        };
        if flight.task != Task::Token {
            return self.deliver(now, flight.task, answer, None);
        }
        self.auth.token_failed();
        let mut answer = answer;
        match answer.dead_end() {
            Some(problem) => self.fail(now, Stage::Authentication, problem),
            None => {
                let cause = answer.cause_or("nothing came back");
                self.pause(now, Task::Token, cause, None);
            }
        }
    }

    /// The driver never said what became of a request.
    pub(super) fn give_up_on(&mut self, now: Timestamp, request: RequestId) {
        let Some(flight) = self.flights.land(request) else {
            return;
        };
        self.outbox.push_back(Output::Abort(request));
        let receipt = Receipt { sent: flight.sent, end: None };
        let failure = Failure::new(FailureKind::TimedOut, "nothing was heard of the request");
        self.crashed(now, flight, failure, receipt);
    }

    fn note_warnings(&mut self, headers: &HeaderMap) {
        for warning in warnings(headers) {
            let warning = self.auth.scrub(warning);
            if self.warnings.len() < MOST_WARNINGS && self.warnings.insert(warning.clone()) {
                self.say(Event::Warning(warning));
            }
        }
    }

    fn token_landed(
        &mut self,
        now: Timestamp,
        verdict: Verdict,
        headers: &HeaderMap,
        body: &[u8],
        error: RegistryError,
    ) {
        match self.auth.token_answered(now, verdict, body, error) {
            Fetched::Token => self.token_tries = crate::retry::Tries::default(),
            Fetched::Again => {}
            Fetched::Later(cause) => self.pause(now, Task::Token, cause, retry_after(headers)),
            Fetched::Over(problem) => self.fail(now, Stage::Authentication, problem),
        }
    }

    /// A 401. Once that is nothing special; twice in a row it is an answer.
    fn reauthenticate(
        &mut self,
        now: Timestamp,
        flight: &Flight,
        mut answer: Answer,
        error: RegistryError,
    ) {
        let ours = flight.url.origin() == self.registry.endpoints.registry();
        let fresh = flight.generation == self.auth.generation();
        let again = self.tries(flight.task).is_none_or(|tries| tries.challenged);
        if !ours || (fresh && again) {
            answer.verdict = match flight.step {
                Step::Check | Step::Confirm | Step::ConfirmManifest | Step::Status => {
                    Verdict::Unsure
                }
                Step::Mount => Verdict::DropMount,
                _ => Verdict::Denied,
            };
            return self.deliver(now, flight.task, answer, None);
        }
        if let Some(tries) = self.tries_mut(flight.task) {
            tries.challenged |= fresh;
            tries.hop = None;
        }
        if let Err(problem) = self.auth.challenged(flight.generation, &answer.headers, error) {
            return self.fail(now, Stage::Authentication, problem);
        }
        match flight.task {
            Task::Opening => self.opening.challenged(),
            Task::Blob(index) => self.repeat_blob(now, index, &answer),
            _ => {}
        }
    }

    fn redirect(&mut self, now: Timestamp, flight: &Flight, mut answer: Answer) {
        let hops = self.tries(flight.task).and_then(|tries| tries.hop.as_ref());
        let hops = hops.map_or(0, |(_, hops)| *hops);
        let location = answer.headers.get(http::header::LOCATION).map(|it| it.as_bytes().to_vec());
        let next = match location {
            None => Err(answer.problem(ErrorKind::Unintelligible(
                "it redirects and does not say where to".to_owned(),
            ))),
            Some(_) if hops >= MOST_HOPS => Err(answer.problem(ErrorKind::Unintelligible(
                "it redirects in circles".to_owned(),
            ))),
            Some(location) => self.registry.follow(&flight.url, &location),
        };
        match next {
            Ok(url) => {
                if let Some(tries) = self.tries_mut(flight.task) {
                    tries.hop = Some((url, hops + 1));
                }
                if let Task::Blob(index) = flight.task {
                    self.repeat_blob(now, index, &answer);
                }
            }
            Err(problem) => self.fail(now, self.stage_of(flight.task), problem),
        }
    }

    /// The same request will be sent again, which not every source can bear.
    fn repeat_blob(&mut self, now: Timestamp, index: usize, answer: &Answer) {
        let Some(blob) = self.blobs.get_mut(index) else {
            return;
        };
        blob.read(answer.receipt.sent);
        if let Err(mut problem) = blob.check_repeatable() {
            problem.cause.clone_from(&answer.cause);
            self.fail(now, self.stage_of(Task::Blob(index)), problem);
        }
    }

    /// Hands an answer to its task.
    fn deliver(&mut self, now: Timestamp, task: Task, answer: Answer, pause: Option<Duration>) {
        if let Phase::Closing(..) | Phase::Done(_) = self.phase {
            return self.deliver_late(task, &answer);
        }
        let failed = answer.cause.clone();
        if let Some(tries) = self.tries_mut(task) {
            tries.hop = None;
            tries.challenged &= answer.verdict != Verdict::Success;
        }
        let next = match task {
            Task::Token => return,
            Task::CleanUp => return self.note_deletion(&answer),
            Task::Opening => self.opening.answered(answer, &mut self.registry),
            Task::Blob(index) => match self.blobs.get_mut(index) {
                Some(blob) => blob.answered(answer, &mut self.registry),
                None => return,
            },
            Task::Manifest => match self.manifest.as_mut().map(|it| it.answered(answer)) {
                Some(Ok(Next::Turn(turn))) => Ok(turn),
                Some(Ok(Next::Repair(named, cause))) => {
                    self.repair(&named).map(|()| Turn::Later(cause))
                }
                Some(Err(problem)) => Err(problem),
                None => return,
            },
        };
        match next {
            Ok(Turn::On) => self.announce_arrival(task),
            Ok(Turn::Later(cause)) => self.pause(now, task, cause, pause),
            Err(mut problem) => {
                problem.cause = problem.cause.or(failed);
                self.fail(now, self.stage_of(task), problem);
            }
        }
    }

    /// The push is over; all that matters is whether something was opened meanwhile.
    fn deliver_late(&mut self, task: Task, answer: &Answer) {
        let opens = matches!(answer.step, Step::Start | Step::Mount | Step::Preflight);
        if task == Task::CleanUp {
            self.note_deletion(answer);
        } else if opens && answer.status == Some(http::StatusCode::ACCEPTED) {
            self.registry.abandoned.extend(self.registry.session(answer).ok());
        }
    }

    fn note_deletion(&mut self, answer: &Answer) {
        if answer.verdict != Verdict::Success {
            self.undeleted += 1;
        }
    }

    /// Blobs that the registry lost: those it names, or all.
    fn repair(&mut self, named: &[Digest]) -> Result<(), Problem> {
        let ours = |digest: &Digest| {
            self.blobs.iter().any(|blob| blob.content().is_some_and(|it| it.digest == *digest))
        };
        let all = !named.iter().any(ours);
        for blob in &mut self.blobs {
            let lost = blob.content().is_some_and(|content| named.contains(&content.digest));
            if (all || lost) && blob.is_done() && !blob.is_twin {
                blob.start_over()?;
            }
        }
        Ok(())
    }

    /// Books a failure; the task goes on after a pause, or the push is over.
    fn pause(&mut self, now: Timestamp, task: Task, cause: Cause, asked: Option<Duration>) {
        // Where nothing was ever heard, the address may be wrong: a person should know soon.
        let most = if self.heard { u32::MAX } else { FIRST_KNOCKS };
        let mut tries = self.tries_mut(task).map(std::mem::take).unwrap_or_default();
        let paused = self.backoff.pause(now, &mut tries, most, asked);
        if let Some(place) = self.tries_mut(task) {
            *place = tries;
        }
        match paused {
            Ok(after) => {
                let blob = match task {
                    Task::Blob(index) => self.blobs.get(index).map(|blob| blob.source.id),
                    _ => None,
                };
                self.say(Event::Retrying { blob, after, reason: cause.to_string() });
            }
            Err(exhausted) => {
                let kind = ErrorKind::GaveUp { attempts: exhausted.attempts };
                self.fail(now, self.stage_of(task), Problem::new(kind, cause));
            }
        }
    }

    fn announce_arrival(&mut self, task: Task) {
        match task {
            Task::Manifest if self.manifest.as_ref().is_some_and(|it| it.is_done()) => {
                self.say(Event::ManifestDone);
            }
            Task::Blob(index) => {
                let Some(blob) = self.blobs.get(index) else {
                    return;
                };
                let BlobState::Done(how) = blob.state else {
                    return;
                };
                let (id, content) = (blob.source.id, blob.content().cloned());
                self.say(match (how, content) {
                    (How::Uploaded, Some(content)) => Event::BlobDone(id, content),
                    (How::Mounted, _) => Event::BlobMounted(id),
                    _ => Event::BlobExists(id),
                });
                self.wake_twins(index);
            }
            _ => {}
        }
    }

    /// Blobs of the same content arrive together.
    fn wake_twins(&mut self, first: usize) {
        for index in first + 1..self.blobs.len() {
            if matches!(self.blobs[index].state, BlobState::Twin(twin) if twin == first) {
                self.blobs[index].state = BlobState::Done(How::AlreadyPresent);
                self.say(Event::BlobExists(self.blobs[index].source.id));
            }
        }
    }
}

const MOST_HOPS: u8 = 5;
const MOST_WARNINGS: usize = 100;
const FIRST_KNOCKS: u32 = 3;
