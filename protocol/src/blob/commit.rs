//! Closing a session with the digest of what was sent to it.

use http::Method;

use super::{Check, Facts, Pace, Reply, Session, State, Turn};
use crate::classify::{Step, Verdict};
use crate::event::BlobOutcome;
use crate::flights::Draft;
use crate::wire::digest::Content;

#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) session: Session,
}

impl Commit {
    pub(crate) fn new(session: Session) -> Self {
        Self { session }
    }

    pub(crate) fn draft(&self, content: &Content) -> Draft {
        let pair = format!("digest={}", content.digest);
        Draft::new(
            Step::Commit,
            Method::PUT,
            self.session.url.with_query_pair(&pair),
        )
    }

    pub(crate) fn advance(self, verdict: Verdict, reply: &Reply, facts: &Facts) -> Turn {
        match verdict {
            Verdict::Accept if facts.is_contradicted_by(reply.echo.as_ref()) => {
                Turn::setback(State::Check(Check::dispute(self.session)), reply)
            }
            Verdict::Accept => Turn::onward(State::Done(BlobOutcome::Uploaded)),
            Verdict::Doubt => {
                let session = self.session.moved(reply);
                Turn::setback(State::Check(Check::doubt(session)), reply)
            }
            Verdict::Dispute => Turn::setback(State::Check(Check::dispute(self.session)), reply),
            Verdict::Restart => Turn::restart(self.session),
            Verdict::Retry => Turn::new(State::Commit(self), Pace::Retry),
            other => Turn::unexpected(State::Commit(self), other),
        }
    }
}
