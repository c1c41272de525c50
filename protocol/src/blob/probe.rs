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
    pub(crate) fate: Fate,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The registry refused the place where it began.
    Refused,
    /// It was not looked at.
    Later,
    /// It was too large for one request, which is no fault of the session's.
    TooLarge,
    /// It broke, on the way or over there: some of it may have arrived, or a refusal be lost.
    Broken,
}

/// Why an upload begins where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// We counted what was taken.
    Counted,
    /// The registry said that it has so much.
    Told,
    /// It said so once more, after a request that broke.
    ToldAgain,
    /// It said one more, and took nothing there. It may still be right, where it never refused that
    /// place.
    OneBefore { may_be_right: bool },
    /// It refused the place before, and so it is right.
    Right,
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

    /// What broke may have been too large for one request: that is no fault of the session's.
    pub(crate) fn blame_size(&mut self) {
        if let Some(tried) = &mut self.tried {
            tried.fate = Fate::TooLarge;
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
            _ => replaced(self.session, self.tried.as_ref()),
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
            (Some((offset, basis)), Some(_)) if facts.replay == Replay::Anywhere => {
                Turn::onward(State::Upload(Upload::resumed(session, offset, basis)))
            }
            _ => replaced(session, self.tried.as_ref()),
        }
    }
}

/// Another session. This one used itself up, unless it was the registry that had no time.
fn replaced(session: Session, tried: Option<&Tried>) -> Turn {
    match tried.map(|tried| tried.fate) {
        Some(Fate::Later) => Turn::after_pause(session),
        Some(Fate::TooLarge) => Turn::in_parts(session),
        Some(Fate::Refused | Fate::Broken) | None => Turn::restart_asked(session),
    }
}

/// Where to go on in a session that claims to have so much. It is never believed to have what was
/// not sent, and may say one too many, which shows when it takes nothing there. A request that was
/// not answered shows less: it may have broken before anything arrived.
fn place(claimed: u64, reached: u64, tried: Option<&Tried>) -> Option<(u64, Basis)> {
    match claimed.checked_sub(reached) {
        None | Some(0) => {}
        Some(1) => {
            let basis = Basis::OneBefore {
                may_be_right: false,
            };
            let is_refused = |tried: &Tried| tried.basis == basis && tried.fate == Fate::Refused;
            return (!tried.is_some_and(is_refused)).then_some((reached, basis));
        }
        Some(_) => return None,
    }
    match tried {
        Some(tried) if claimed == tried.offset => tried.same(),
        Some(tried) if claimed == tried.offset + 1 => tried.one_more(),
        _ => Some((claimed, Basis::Told)),
    }
}

impl Tried {
    /// Whether the registry was taken at its word, or tried, and the answer is no: that tells how
    /// it counts, and is no failure.
    pub(crate) fn tells_how_it_counts(&self) -> bool {
        let is_question = match self.basis {
            Basis::Told | Basis::ToldAgain => true,
            Basis::OneBefore { may_be_right } => may_be_right,
            Basis::Counted | Basis::Right => false,
        };
        is_question && self.fate == Fate::Refused
    }

    /// The session is where this began.
    fn same(&self) -> Option<(u64, Basis)> {
        let one_before = |may_be_right| {
            let basis = Basis::OneBefore { may_be_right };
            Some((self.offset.checked_sub(1)?, basis))
        };
        match (self.basis, self.fate) {
            (Basis::Counted | Basis::OneBefore { .. }, _) => Some((self.offset, Basis::Told)),
            (Basis::Right, Fate::Refused) => None,
            (Basis::Told, Fate::Broken) => Some((self.offset, Basis::ToldAgain)),
            (Basis::ToldAgain, Fate::Broken) if self.offset > 0 => one_before(true),
            (_, Fate::Refused) => one_before(false),
            (basis, _) => Some((self.offset, basis)),
        }
    }

    /// The session says one more than where this began.
    fn one_more(&self) -> Option<(u64, Basis)> {
        match (self.basis, self.fate) {
            (Basis::OneBefore { may_be_right }, Fate::Refused) => {
                may_be_right.then_some((self.offset + 1, Basis::Right))
            }
            (basis @ Basis::OneBefore { .. }, _) => Some((self.offset, basis)),
            _ => Some((self.offset + 1, Basis::Told)),
        }
    }
}
