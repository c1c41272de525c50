//! Sending the bytes: whole with their length, whole to an end that nobody knows, or in parts.

use http::header::{CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderValue, Method};

use super::parts::{self, Parts};
use super::probe::{Basis, Fate, Tried};
use super::{Check, Commit, Facts, Pace, Probe, Reply, Session, State, Turn};
use crate::classify::{Step, Verdict};
use crate::error::PushErrorKind;
use crate::event::BlobOutcome;
use crate::flights::Draft;
use crate::payload::{BlobSlice, Extent, Payload, Replay};
use crate::wire::range::Claim;

#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) session: Session,
    /// What the registry has already.
    pub(crate) offset: u64,
    basis: Basis,
    /// What the blob is was learnt while it was sent as one of unknown content.
    streams: bool,
}

impl Upload {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            offset: 0,
            basis: Basis::Counted,
            streams: false,
        }
    }

    pub(crate) fn resumed(session: Session, offset: u64, basis: Basis) -> Self {
        Self {
            session,
            offset,
            basis,
            streams: false,
        }
    }

    /// The request in the air stays what it is, although the blob's content has become known.
    pub(crate) fn keep_streaming(&mut self) {
        self.streams = true;
    }

    /// Whether it is of nothing, and known to be.
    pub(crate) fn is_of_nothing(&self, facts: &Facts) -> bool {
        let content = facts.content.as_ref();
        !self.streams && content.is_some_and(|content| content.size == 0)
    }

    /// Whether it follows on a part that was taken.
    pub(crate) fn is_next_part(&self) -> bool {
        self.offset > 0 && self.basis == Basis::Counted
    }

    pub(crate) fn step(&self, facts: &Facts) -> Step {
        match &facts.content {
            None => Step::Stream,
            Some(_) if self.streams => Step::Stream,
            Some(content) if self.offset > 0 => {
                debug_assert!(self.offset < content.size, "else it would be committed");
                Step::Chunk
            }
            Some(content) if self.chunk(facts).is_some_and(|most| content.size > most) => {
                Step::Chunk
            }
            Some(_) => Step::Put,
        }
    }

    pub(crate) fn draft(&self, facts: &Facts) -> Result<Draft, &'static str> {
        debug_assert!(
            self.offset == 0 || facts.replay == Replay::Anywhere,
            "only who can be read anywhere is sent in parts, or resumed"
        );
        if facts.replay == Replay::Never && facts.taken {
            return Err("its source cannot be read again");
        }
        let step = self.step(facts);
        let mut url = self.session.url.clone();
        let length = match (step, &facts.content) {
            (Step::Put, Some(content)) => {
                url = url.with_query_pair(&format!("digest={}", content.digest));
                Some(content.size)
            }
            (Step::Chunk, Some(content)) => {
                let rest = content.size - self.offset;
                Some(self.chunk(facts).map_or(rest, |most| most.min(rest)))
            }
            _ => None,
        };
        let method = if step == Step::Put {
            Method::PUT
        } else {
            Method::PATCH
        };
        let mut draft = Draft::new(step, method, url);
        let octets = HeaderValue::from_static("application/octet-stream");
        draft.headers.insert(CONTENT_TYPE, octets);
        if let (Step::Chunk, Some(length)) = (step, length) {
            let range = format!("{}-{}", self.offset, self.offset + length - 1);
            let range = HeaderValue::from_str(&range).map_err(|_| "its range is no header")?;
            draft.headers.insert(CONTENT_RANGE, range);
        }
        draft.payload = match length {
            Some(0) => Payload::Empty,
            Some(length) => self.slice(facts, Extent::Exact(length)),
            None => self.slice(facts, Extent::ToEnd),
        };
        Ok(draft)
    }

    pub(crate) fn advance(self, verdict: Verdict, reply: &Reply, facts: &mut Facts) -> Turn {
        let step = self.step(facts);
        facts.reached = facts.reached.max(self.offset + reply.receipt.sent);
        if let Some(end) = &reply.receipt.end {
            match &facts.content {
                Some(content) if content != end => {
                    let why = "it changed while it was read";
                    return Turn::fail_since(State::Upload(self), PushErrorKind::Source, why);
                }
                _ => facts.content = Some(end.clone()),
            }
        }
        match (verdict, step) {
            (Verdict::Accept, Step::Chunk) => self.accepted(reply, facts),
            (Verdict::Accept, Step::Stream) if facts.content.is_some() => {
                let session = self.session.moved(reply);
                Turn::onward(State::Commit(Commit::new(session)))
            }
            (Verdict::Accept, Step::Stream) => {
                let why = "nobody said where it ends";
                Turn::fail_since(State::Upload(self), PushErrorKind::Source, why)
            }
            (Verdict::Accept, _) if facts.is_contradicted_by(reply.echo.as_ref()) => {
                Turn::setback(State::Check(Check::dispute(self.session)), reply)
            }
            (Verdict::Accept, _) => Turn::onward(State::Done(BlobOutcome::Uploaded)),
            (Verdict::Doubt, _) => {
                let session = self.session.moved(reply);
                Turn::setback(State::Check(Check::doubt(session)), reply)
            }
            (Verdict::Dispute, _) => {
                Turn::setback(State::Check(Check::dispute(self.session)), reply)
            }
            (Verdict::Resume | Verdict::Later, _) if facts.replay == Replay::Anywhere => {
                let tried = self.tried(verdict, reply);
                let is_answer = tried.tells_how_it_counts();
                let session = self.session.moved(reply);
                let state = State::Probe(Probe::after(session, tried));
                if is_answer {
                    Turn::onward(state)
                } else {
                    Turn::setback(state, reply)
                }
            }
            (Verdict::Later, _) => Turn::later(self.session),
            (Verdict::Resume | Verdict::Restart, _) => Turn::restart(self.session),
            (Verdict::Smaller, _) => self.smaller(verdict, reply, facts),
            (Verdict::Whole(kind), _) if matches!(facts.parts, Parts::Learnt(_)) => {
                Turn::fail(State::Upload(self), kind)
            }
            (Verdict::Whole(_), _) => {
                // What the registry does not do is no failed session.
                facts.parts = Parts::Whole;
                Turn::anew(self.session)
            }
            (Verdict::Retry, _) => {
                // The next request can say what is known by now.
                let anew = Self {
                    streams: false,
                    ..self
                };
                Turn::new(State::Upload(anew), Pace::Retry)
            }
            (other, _) => {
                // Where a source failed, the answer to what it gave may say where the session is.
                let session = self.session.moved(reply);
                Turn::unexpected(State::Upload(Self { session, ..self }), other)
            }
        }
    }

    fn tried(&self, verdict: Verdict, reply: &Reply) -> Tried {
        let fate = match verdict {
            Verdict::Later => Fate::Later,
            Verdict::Smaller => Fate::TooLarge,
            _ if reply.refuses_range => Fate::Refused,
            _ => Fate::Broken,
        };
        Tried {
            offset: self.offset,
            basis: self.basis,
            fate,
        }
    }

    /// A part was taken. What the registry says of how much it has is believed only where it is
    /// more than before and less than was sent: some registries are stuck at the first part, count
    /// one too many, or count the last part alone, and have everything all the same.
    fn accepted(self, reply: &Reply, facts: &Facts) -> Turn {
        let counted = self.offset + reply.receipt.sent;
        let offset = match reply.claim {
            Some(Claim::Bytes(claimed)) if self.offset < claimed && claimed < counted => claimed,
            _ => counted,
        };
        let session = self.session.moved(reply);
        let is_whole = facts
            .content
            .as_ref()
            .is_some_and(|content| offset >= content.size);
        Turn::onward(if is_whole {
            State::Commit(Commit::new(session))
        } else {
            State::Upload(Self {
                session,
                offset,
                basis: Basis::Counted,
                streams: false,
            })
        })
    }

    /// Too large for one request: a smaller part, in a new session, or where the session is, if it
    /// took something before.
    fn smaller(self, verdict: Verdict, reply: &Reply, facts: &mut Facts) -> Turn {
        let size = facts.content.as_ref().map_or(0, |content| content.size);
        let rest = size - self.offset;
        let sent = self.chunk(facts).map_or(rest, |most| most.min(rest));
        let least = self.session.chunk_min.unwrap_or(0);
        let next = parts::below(sent, facts.smallest_part);
        let why = match next {
            _ if facts.replay != Replay::Anywhere => format!(
                "{sent} bytes are too many for one request, and its source can only be read from the \
                 start to the end"
            ),
            None => format!("{sent} bytes are too many for one request, and less is not tried"),
            Some(next) if next.max(least) >= sent => format!(
                "{sent} bytes are too many for one request, and the registry takes no parts of less \
                 than {least} (OCI-Chunk-Min-Length)"
            ),
            Some(next) => {
                facts.parts = Parts::Learnt(next);
                if self.offset == 0 {
                    return Turn::in_parts(self.session);
                }
                let tried = self.tried(verdict, reply);
                let session = self.session.moved(reply);
                return Turn::onward(State::Probe(Probe::after(session, tried)));
            }
        };
        Turn::fail_since(State::Upload(self), PushErrorKind::Rejected, why)
    }

    /// The largest part to send at once: what the session takes at most, or what was found out;
    /// but not less than it takes at least.
    fn chunk(&self, facts: &Facts) -> Option<u64> {
        let most = match (facts.parts.most(), self.session.chunk_max) {
            (Some(found), Some(told)) if told > 0 => found.min(told),
            (Some(found), _) => found,
            // A registry that names a largest part means it, if the blob can be read in parts.
            (None, Some(told)) if facts.replay == Replay::Anywhere && told > 0 => told,
            (None, _) => return None,
        };
        Some(most.max(self.session.chunk_min.unwrap_or(0)).max(1))
    }

    fn slice(&self, facts: &Facts, extent: Extent) -> Payload {
        Payload::Blob(BlobSlice {
            blob: facts.id,
            offset: self.offset,
            extent,
        })
    }
}
