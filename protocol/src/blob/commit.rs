//! Naming what was sent by `PATCH`.

use http::Method;

use super::probe::Probe;
use super::{Moved, State};
use crate::classify::{Step, Verdict};
use crate::exchange::{Answer, Draft, Session, Turn, unintelligible};
use crate::payload::Payload;
use crate::report::How;
use crate::wire::digest::Content;
use crate::wire::media_type::MediaType;

#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) session: Session,
    pub(crate) content: Content,
}

impl Commit {
    pub(crate) fn new(session: Session, content: Content) -> Self {
        Self { session, content }
    }

    pub(crate) fn draft(&self) -> Draft {
        Draft::new(Step::Commit, Method::PUT, self.session.commit(&self.content.digest))
            .with_payload(Payload::Empty, MediaType::OCTET_STREAM.as_str())
    }

    pub(crate) fn answered(self, mut answer: Answer) -> Moved {
        let other = answer.digest().filter(|got| {
            got.algorithm() == self.content.digest.algorithm() && *got != self.content.digest
        });
        match (answer.verdict, other) {
            (Verdict::Success, None) => Ok((State::Done(How::Uploaded), Turn::On)),
            (Verdict::Success, Some(other)) => {
                let wanted = &self.content.digest;
                let reason = format!("it was sent {wanted} and says that it stored {other}");
                Err(unintelligible(&reason))
            }
            (Verdict::Doubt, _) => {
                let probe = Probe::stored(Some(self.session), self.content);
                Ok((State::Probe(probe), Turn::On))
            }
            _ => {
                let cause = answer.cause_or("the upload was not confirmed");
                let probe = Probe::stored(Some(self.session), self.content).after_failure();
                Ok((State::Probe(probe), Turn::Later(cause)))
            }
        }
    }
}
