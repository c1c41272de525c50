//! Asking a session how much it has.

use http::Method;

use super::{Commit, Facts, Pace, Reply, Session, State, Turn, Upload};
use crate::classify::{Step, Verdict};
use crate::flights::Draft;
use crate::payload::Replay;
use crate::wire::range::Claim;

#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) session: Session,
    /// The registry told this offset before, and then took nothing there.
    refused: Option<u64>,
}

impl Probe {
    pub(crate) fn new(session: Session) -> Self {
        Self::after(session, None)
    }

    pub(crate) fn after(session: Session, refused: Option<u64>) -> Self {
        Self { session, refused }
    }

    pub(crate) fn draft(&self) -> Draft {
        Draft::new(Step::Status, Method::GET, self.session.url.clone())
    }

    pub(crate) fn advance(self, verdict: Verdict, reply: &Reply, facts: &Facts) -> Turn {
        match verdict {
            Verdict::Accept => self.told(reply, facts),
            Verdict::Retry => Turn::new(State::Probe(self), Pace::Retry),
            Verdict::Fail(kind) => Turn::fail(State::Probe(self), kind),
            _ => Turn::restart(self.session),
        }
    }

    /// Goes on where the registry is, if that can be. It is never believed to have what was not
    /// sent; what it says may be one too many, which shows when it takes nothing there.
    fn told(self, reply: &Reply, facts: &Facts) -> Turn {
        let size = facts.content.as_ref().map(|content| content.size);
        let offset = match reply.claim {
            Some(Claim::Bytes(claimed)) if self.refused == Some(claimed) => claimed.checked_sub(1),
            // Neither there nor one before: it does not know.
            Some(Claim::Bytes(claimed)) if self.refused.is_some_and(|at| at + 1 == claimed) => None,
            Some(Claim::Bytes(claimed)) if claimed <= facts.reached => Some(claimed),
            Some(Claim::Bytes(claimed)) if claimed == facts.reached + 1 => Some(facts.reached),
            _ => None,
        };
        let session = self.session.moved(reply);
        match (offset, size) {
            (Some(offset), Some(size)) if offset == size => {
                Turn::onward(State::Commit(Commit::new(session)))
            }
            (Some(offset), Some(size)) if offset < size && facts.replay == Replay::Anywhere => {
                Turn::onward(State::Upload(Upload::resumed(session, offset)))
            }
            _ => Turn::restart(session),
        }
    }
}
