//! The auth probe: is this a registry, and may we push there? Asked before anything is packed.

use http::Method;

use crate::classify::{Step, Verdict};
use crate::error::Problem;
use crate::exchange::{Answer, Draft, Registry, Turn};
use crate::retry::Tries;

/// The probe and where it stands.
#[derive(Debug)]
pub(crate) struct Opening {
    state: State,
    preflight: bool,
    pub(crate) tries: Tries,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// `GET /v2/`: finds out how to authenticate.
    Ping,
    /// `POST` of an upload session: proves the right to push. The first blob uses it.
    Preflight,
    Done,
}

impl Opening {
    pub(crate) fn new(preflight: bool) -> Self {
        Self { state: State::Ping, preflight, tries: Tries::default() }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    pub(crate) fn draft(&self, registry: &Registry) -> Option<Draft> {
        let endpoints = &registry.endpoints;
        match self.state {
            State::Ping => Some(Draft::new(Step::Ping, Method::GET, endpoints.ping())),
            State::Preflight => {
                Some(Draft::new(Step::Preflight, Method::POST, endpoints.uploads()))
            }
            State::Done => None,
        }
    }

    /// A challenge was seen. The next request answers it, and the preflight says more than another
    /// ping would.
    pub(crate) fn challenged(&mut self) {
        if self.state == State::Ping && self.preflight {
            self.state = State::Preflight;
        }
    }

    pub(crate) fn answered(
        &mut self,
        mut answer: Answer,
        registry: &mut Registry,
    ) -> Result<Turn, Problem> {
        if let Some(problem) = answer.dead_end() {
            return Err(problem);
        }
        match (self.state, answer.verdict) {
            (_, Verdict::Retry | Verdict::Interrupted) => {
                return Ok(Turn::Later(answer.cause_or("nothing came back")));
            }
            (State::Ping, _) => {
                self.tries.got_farther();
                self.state = if self.preflight { State::Preflight } else { State::Done };
            }
            (State::Preflight, _) => {
                registry.spare = Some(registry.session(&answer)?);
                self.state = State::Done;
            }
            (State::Done, _) => {}
        }
        Ok(Turn::On)
    }
}
