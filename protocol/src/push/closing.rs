//! From one phase to the next, and the end: nothing is left in the registry that is of no use.

use super::{Ending, Phase, Push};
use crate::classify::Step;
use crate::error::{Problem, PushError, Stage};
use crate::event::Event;
use crate::exchange::Session;
use crate::flights::Task;
use crate::manifest::Manifest;
use crate::output::Output;
use crate::time::Timestamp;

impl Push {
    /// Whether the present phase has nothing left to do.
    pub(super) fn is_phase_over(&self, now: Timestamp) -> bool {
        match &self.phase {
            Phase::Opening => self.opening.is_done(),
            Phase::Open => self.manifest.as_ref().is_some_and(Manifest::is_done),
            Phase::Closing(until, _) => {
                *until <= now || (self.flights.is_empty() && self.registry.abandoned.is_empty())
            }
            Phase::Done(_) => false,
        }
    }

    pub(super) fn enter_next_phase(&mut self, now: Timestamp) {
        match self.phase {
            Phase::Opening => {
                self.phase = Phase::Open;
                self.say(Event::Ready);
            }
            Phase::Open => self.close(now, Ok(())),
            Phase::Closing(..) => self.close_at_once(),
            Phase::Done(_) => {}
        }
    }

    /// Ends the push with a problem. Only the first one counts.
    pub(super) fn fail(&mut self, now: Timestamp, stage: Stage, problem: Problem) {
        if matches!(self.phase, Phase::Opening | Phase::Open) {
            let destination = self.config.destination.clone();
            let error = PushError::new(destination, stage, problem, self.auth.is_anonymous());
            self.close(now, Err(Box::new(error)));
        }
    }

    /// Every upload session that is open and known.
    pub(super) fn open_sessions(&self) -> Vec<Session> {
        let of_blobs = self.blobs.iter().filter_map(|blob| blob.session());
        let others = self.registry.spare.iter().chain(&self.registry.abandoned).cloned();
        of_blobs.chain(others).collect()
    }

    /// Stops waiting, whatever is still in the air.
    pub(super) fn close_at_once(&mut self) {
        for request in self.flights.ids() {
            self.abort(request);
        }
        let phase = std::mem::replace(&mut self.phase, Phase::Opening);
        self.phase = match phase {
            Phase::Closing(_, ending) => Phase::Done(ending),
            other => other,
        };
    }

    fn close(&mut self, now: Timestamp, ending: Ending) {
        for request in self.flights.ids() {
            // A session that is just being opened can be deleted only when its name is known.
            let opens = self.flights.get(request).is_some_and(|flight| {
                matches!(flight.step, Step::Start | Step::Mount | Step::Preflight)
            });
            if !opens {
                self.abort(request);
            }
        }
        self.registry.abandoned = self.open_sessions();
        self.registry.spare = None;
        for blob in &mut self.blobs {
            blob.let_go();
        }
        self.phase = Phase::Closing(now + self.config.patience.closing, ending);
    }

    fn abort(&mut self, request: crate::ids::RequestId) {
        if let Some(flight) = self.flights.land(request) {
            if flight.task == Task::CleanUp {
                self.undeleted += 1;
            }
            self.outbox.push_back(Output::Abort(request));
        }
    }
}
