//! Asking whether the registry has the blob: before anything is sent, and when nobody knows what
//! became of what was sent.

use http::Method;

use super::{Facts, Pace, Probe, Reply, Session, Start, State, Turn};
use crate::classify::{Step, Verdict};
use crate::event::BlobOutcome;
use crate::flights::Draft;
use crate::wire::digest::Content;
use crate::wire::urls::Api;

#[derive(Debug)]
pub(crate) struct Check {
    absent: Absent,
}

/// What to do when the blob is not there.
#[derive(Debug)]
enum Absent {
    /// Nothing was sent yet: begin.
    Begin,
    /// The session may have it, in part or whole: ask.
    Resume(Session),
    /// The session was refused or is gone: begin again.
    Restart(Session),
}

impl Check {
    pub(crate) fn first() -> Self {
        Self {
            absent: Absent::Begin,
        }
    }

    pub(crate) fn doubt(session: Session) -> Self {
        Self {
            absent: Absent::Resume(session),
        }
    }

    pub(crate) fn dispute(session: Session) -> Self {
        Self {
            absent: Absent::Restart(session),
        }
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.absent {
            Absent::Begin => None,
            Absent::Resume(session) | Absent::Restart(session) => Some(session),
        }
    }

    pub(crate) fn advance(self, verdict: Verdict, reply: &Reply, facts: &Facts) -> Turn {
        match verdict {
            Verdict::Accept if is_ours(reply, facts) => match self.absent {
                Absent::Begin => Turn::onward(State::Done(BlobOutcome::Existed)),
                Absent::Resume(session) | Absent::Restart(session) => Turn {
                    // It may be there by other means, and the session as open as it was.
                    abandoned: Some(session),
                    ..Turn::onward(State::Done(BlobOutcome::Uploaded))
                },
            },
            Verdict::Accept | Verdict::Absent | Verdict::Unclear => match self.absent {
                Absent::Begin => Turn::onward(State::Start(Start::first(facts))),
                Absent::Resume(session) => Turn::onward(State::Probe(Probe::new(session))),
                Absent::Restart(session) => Turn::restart_asked(session),
            },
            Verdict::Retry => Turn::new(State::Check(self), Pace::Retry),
            other => Turn::unexpected(State::Check(self), other),
        }
    }
}

pub(crate) fn draft(content: &Content, api: &Api) -> Draft {
    Draft::new(Step::Check, Method::HEAD, api.blob(&content.digest))
}

/// Whether what is there is what we have. A registry that does not say how long it is, or says it
/// in another algorithm, is believed.
pub(crate) fn is_ours(reply: &Reply, facts: &Facts) -> bool {
    let size = facts.content.as_ref().map(|content| content.size);
    let is_size = reply.length.is_none() || reply.length == size;
    is_size && !facts.is_contradicted_by(reply.echo.as_ref())
}
