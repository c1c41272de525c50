//! Sending bytes: in one `PUT` that also names them, or by `PATCH` where that cannot be.

use http::header::CONTENT_RANGE;
use http::{HeaderValue, Method};

use super::commit::Commit;
use super::probe::Probe;
use super::{Moved, Source, State};
use crate::classify::{Step, Verdict};
use crate::exchange::{Answer, Draft, Registry, Session, Turn, unintelligible};
use crate::payload::{BlobSlice, Extent, Payload};
use crate::report::How;
use crate::wire::digest::Content;
use crate::wire::media_type::MediaType;

#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) session: Session,
    /// How many bytes the session holds.
    pub(crate) offset: u64,
}

impl Upload {
    pub(crate) fn from_start(session: Session) -> Self {
        Self { session, offset: 0 }
    }

    pub(crate) fn resumed(session: Session, offset: u64) -> Self {
        Self { session, offset }
    }

    pub(crate) fn draft(&self, source: &Source) -> Draft {
        let slice = |offset, extent| {
            Payload::Blob(BlobSlice { blob: source.id, offset, extent })
        };
        let octets = MediaType::OCTET_STREAM;
        match &source.spec.content {
            Some(content) if self.offset == 0 => {
                let body = slice(0, Extent::Exact(content.size));
                Draft::new(Step::Put, Method::PUT, self.session.commit(&content.digest))
                    .with_payload(body, octets.as_str())
            }
            Some(content) => {
                let body = slice(self.offset, Extent::Exact(content.size - self.offset));
                let range = format!("{}-{}", self.offset, content.size - 1);
                let range = HeaderValue::from_str(&range).expect("digits and a dash");
                Draft::new(Step::Patch, Method::PATCH, self.session.0.clone())
                    .with_payload(body, octets.as_str())
                    .with_header(CONTENT_RANGE, range)
            }
            None => Draft::new(Step::Patch, Method::PATCH, self.session.0.clone())
                .with_payload(slice(0, Extent::ToEnd), octets.as_str()),
        }
    }

    pub(crate) fn answered(
        self,
        mut answer: Answer,
        source: &Source,
        registry: &mut Registry,
    ) -> Moved {
        let sent = self.offset + answer.receipt.sent;
        let known = source.spec.content.clone();
        let content = known.or_else(|| answer.receipt.end.clone());
        match answer.verdict {
            Verdict::Success if answer.step == Step::Put => self.stored(&mut answer, source, sent),
            Verdict::Success => {
                let session = registry.session(&answer)?;
                match content {
                    Some(content) if sent == content.size => {
                        Ok((State::Commit(Commit::new(session, content)), Turn::On))
                    }
                    // It was happy before it had everything.
                    _ => {
                        let cause = answer.cause_or("the registry stopped reading too early");
                        Ok((source.restart(Some(session), registry)?, Turn::Later(cause)))
                    }
                }
            }
            Verdict::SessionLost => {
                let cause = answer.cause_or("the upload session is gone");
                Ok((source.restart(None, registry)?, Turn::Later(cause)))
            }
            Verdict::Restart => {
                let cause = answer.cause_or("the upload went wrong");
                match content {
                    // Another client may have stored it meanwhile; then there is nothing to repair.
                    Some(content) => {
                        registry.abandon(self.session);
                        let probe = Probe::stored(None, content).after_failure();
                        Ok((State::Probe(probe), Turn::Later(cause)))
                    }
                    None => Ok((source.restart(Some(self.session), registry)?, Turn::Later(cause))),
                }
            }
            Verdict::Misaligned => {
                let cause = answer.cause_or("the upload session holds other bytes than we think");
                let probe = Probe::held(self.session, content, sent).misaligned_at(self.offset);
                Ok((State::Probe(probe), Turn::Later(cause)))
            }
            Verdict::Doubt => match content {
                Some(content) => {
                    Ok((State::Probe(Probe::stored(Some(self.session), content)), Turn::On))
                }
                None => {
                    let cause = answer.cause_or("the upload came to no clear end");
                    Ok((source.restart(Some(self.session), registry)?, Turn::Later(cause)))
                }
            },
            _ => {
                let cause = answer.cause_or("the upload broke");
                // All of it may have arrived although the answer did not.
                let whole = content.filter(|content| content.size == sent);
                let probe = match whole {
                    Some(content) if answer.step == Step::Put => {
                        Probe::stored(Some(self.session), content).after_failure()
                    }
                    whole => Probe::held(self.session, whole.or(source.spec.content.clone()), sent),
                };
                Ok((State::Probe(probe), Turn::Later(cause)))
            }
        }
    }

    /// The registry says that it stored the blob.
    fn stored(self, answer: &mut Answer, source: &Source, sent: u64) -> Moved {
        let Some(Content { digest, size }) = source.spec.content.clone() else {
            return Err(unintelligible("it stored a blob whose name it does not know"));
        };
        let other = answer.digest().filter(|got| {
            got.algorithm() == digest.algorithm() && *got != digest
        });
        if let Some(other) = other {
            let reason = format!("it was sent {digest} and says that it stored {other}");
            return Err(unintelligible(&reason));
        }
        if sent < size {
            // It answered before it had everything: it may have had the blob already.
            let content = Content { digest, size };
            return Ok((State::Probe(Probe::stored(Some(self.session), content)), Turn::On));
        }
        Ok((State::Done(How::Uploaded), Turn::On))
    }
}
