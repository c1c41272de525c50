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
    tried: Option<Tried>,
}

/// Where the upload that led here began.
#[derive(Debug)]
pub(crate) struct Tried {
    pub(crate) offset: u64,
    pub(crate) basis: Basis,
    /// The registry answered, and refused.
    pub(crate) answered: bool,
}

/// Why an upload begins where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// We counted what was taken.
    Counted,
    /// The registry said that it has so much.
    Told,
    /// It said so once more, after a request that it did not answer.
    ToldAgain,
    /// It said one more, and took nothing there.
    OneBefore,
}

impl Probe {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            tried: None,
        }
    }

    pub(crate) fn after(session: Session, tried: Tried) -> Self {
        Self {
            session,
            tried: Some(tried),
        }
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

    /// Goes on where the registry is, if that can be.
    fn told(self, reply: &Reply, facts: &Facts) -> Turn {
        let size = facts.content.as_ref().map(|content| content.size);
        let place = match reply.claim {
            Some(Claim::Bytes(claimed)) => place(claimed, facts.reached, self.tried.as_ref()),
            _ => None,
        };
        let session = self.session.moved(reply);
        match (place, size) {
            (Some((offset, _)), Some(size)) if offset == size => {
                Turn::onward(State::Commit(Commit::new(session)))
            }
            (Some((offset, basis)), Some(size))
                if offset < size && facts.replay == Replay::Anywhere =>
            {
                Turn::onward(State::Upload(Upload::resumed(session, offset, basis)))
            }
            _ => Turn::restart(session),
        }
    }
}

/// Where to go on in a session that claims to have so much. It is never believed to have what was
/// not sent, and may say one too many, which shows when it takes nothing there. A request that was
/// not answered shows less: it may have broken before anything arrived.
fn place(claimed: u64, reached: u64, tried: Option<&Tried>) -> Option<(u64, Basis)> {
    if let Some(tried) = tried {
        let is_same = claimed == tried.offset;
        match tried.basis {
            Basis::Told if is_same && !tried.answered => return Some((claimed, Basis::ToldAgain)),
            Basis::Told | Basis::ToldAgain if is_same => {
                return Some((claimed.checked_sub(1)?, Basis::OneBefore));
            }
            // Neither there nor one before: it does not know.
            Basis::OneBefore if claimed == tried.offset + 1 => return None,
            _ => {}
        }
    }
    match claimed.checked_sub(reached) {
        None | Some(0) => Some((claimed, Basis::Told)),
        Some(1) => Some((reached, Basis::OneBefore)),
        Some(_) => None,
    }
}
