//! One blob on its way into the repository.
//!
//! ```text
//! known:    check ── absent ─▶ start ─ session ─▶ upload ──────────▶ done
//!             └ there ▶ done     └ mounted ▶ done   └ lost ▶ probe ─▶ upload at an offset, commit
//! derived:  as known, or from start if something that it is made of was absent
//! unknown:  start ─ session ─▶ upload to the end of the source ─▶ commit ─▶ done
//! ```
//!
//! Each state is a small struct that knows which request it needs and, consuming itself, what comes
//! after each verdict. When a request is sent, and how long a pause lasts, is decided elsewhere.

pub(crate) mod check;
mod commit;
pub(crate) mod parts;
mod probe;
mod start;
mod upload;

use std::borrow::Cow;

use crate::auth::Refusals;
use crate::classify::Verdict;
use crate::error::{PushErrorKind, RegistryAnswer};
use crate::event::{BlobActivity, BlobOutcome, Phase};
use crate::flights::Draft;
use crate::ids::{BlobId, RequestId};
use crate::payload::{BlobContent, BlobSpec, Receipt, Replay};
use crate::time::Timestamp;
use crate::wire::descriptor::Descriptor;
use crate::wire::digest::{Content, Digest};
use crate::wire::location::Refusal;
use crate::wire::media_type::MediaType;
use crate::wire::range::Claim;
use crate::wire::reference::Repository;
use crate::wire::url::HttpUrl;
use crate::wire::urls::Api;

pub(crate) use check::Check;
pub(crate) use commit::Commit;
pub(crate) use parts::Parts;
pub(crate) use probe::Probe;
pub(crate) use start::Start;
pub(crate) use upload::Upload;

#[derive(Debug)]
pub(crate) struct Blob {
    pub(crate) facts: Facts,
    pub(crate) state: State,
    pub(crate) standing: Standing,
    /// An earlier blob with the same digest, which is sent for both.
    pub(crate) twin: Option<BlobId>,
    /// How often the present request failed in a row.
    pub(crate) tries: u32,
    /// How far it ever got.
    pub(crate) furthest: u64,
    /// How often this blob was thrown back since it last got further.
    pub(crate) setbacks: u32,
    /// Whether it paused when it was last thrown back.
    pub(crate) rested: bool,
    /// How often the present request was refused.
    pub(crate) refused: Option<Refusals>,
    /// A refusal that is being looked into.
    pub(crate) dispute: Option<(Phase, RegistryAnswer)>,
    /// How many bytes left the source, over all attempts.
    pub(crate) sent: u64,
    /// What it is was not known when it was added.
    pub(crate) is_streamed: bool,
    /// It is to be asked for while it is being sent.
    pub(crate) is_asked_for_meanwhile: bool,
    /// Somebody was told that it is done.
    pub(crate) announced: bool,
    /// Whether it is looked for depends on what becomes of the blobs before it.
    pub(crate) is_unsettled: bool,
}

/// Where a blob is.
#[derive(Debug)]
pub(crate) enum State {
    Check(Check),
    Start(Start),
    Upload(Upload),
    Probe(Probe),
    Commit(Commit),
    Done(BlobOutcome),
}

/// What a blob waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A lane and a token.
    Ready,
    /// This time.
    Pausing(Timestamp),
    /// An answer.
    Flying(RequestId),
}

/// What is known of a blob, whatever its state.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) id: BlobId,
    pub(crate) content: Option<Content>,
    pub(crate) media_type: MediaType,
    pub(crate) replay: Replay,
    pub(crate) mount_from: Option<Repository>,
    /// Something was taken from the source.
    pub(crate) taken: bool,
    /// How far a body ever reached.
    pub(crate) reached: u64,
    /// How much of it went in the last request, or goes in the next one.
    pub(crate) parts: Parts,
    /// The smallest part that is tried, in bytes.
    pub(crate) smallest_part: u64,
    /// How many sessions were used up.
    pub(crate) sessions: u32,
    /// The registry said that it has the blob and later that it has not: its word no longer counts.
    pub(crate) forced: bool,
}

/// An upload session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Where its next request goes.
    pub(crate) url: HttpUrl,
    /// The smallest and largest part it takes (`OCI-Chunk-Min-Length`, and the customary
    /// `OCI-Chunk-Max-Length`).
    pub(crate) chunk_min: Option<u64>,
    pub(crate) chunk_max: Option<u64>,
}

/// What came back, as far as a blob cares.
#[derive(Debug)]
pub(crate) struct Reply {
    /// It is not there that the registry wants to go on (RFC 9110, section 15.5.17).
    pub(crate) refuses_range: bool,
    pub(crate) is_success: bool,
    /// The session's next place, if the answer names one.
    pub(crate) location: Result<HttpUrl, Refusal>,
    pub(crate) chunk_min: Option<u64>,
    pub(crate) chunk_max: Option<u64>,
    pub(crate) claim: Option<Claim>,
    pub(crate) echo: Option<Digest>,
    pub(crate) length: Option<u64>,
    pub(crate) receipt: Receipt,
}

/// What comes next.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) state: State,
    pub(crate) pace: Pace,
    /// A session that is no longer needed.
    pub(crate) abandoned: Option<Session>,
}

#[derive(Debug)]
pub(crate) enum Pace {
    /// At once.
    Onward,
    /// The same request, after a pause.
    Retry,
    /// Thrown back; after a pause, unless the registry was pleased.
    Setback { pause: bool },
    /// Thrown back to the start, with a new session, after a pause: unless that is what an earlier
    /// setback has led to.
    NewSession { is_consequence: bool },
    /// Not at all, for this reason, or for the one that the answer gives where it is empty.
    Fail(PushErrorKind, Cow<'static, str>),
}

impl Blob {
    pub(crate) fn new(id: BlobId, spec: BlobSpec, smallest_part: u64) -> Self {
        let (content, media_type) = match spec.content {
            BlobContent::Known(descriptor) => (Some(descriptor.content()), descriptor.media_type),
            BlobContent::Unknown(media_type) => (None, media_type),
        };
        let is_unsettled = spec.derived && content.is_some();
        let state = match &content {
            Some(_) => State::Check(Check::first()),
            None => State::Start(Start::plain()),
        };
        Self {
            is_streamed: content.is_none(),
            facts: Facts {
                id,
                content,
                media_type,
                replay: spec.replay,
                mount_from: spec.mount_from,
                taken: false,
                reached: 0,
                parts: Parts::Whole,
                smallest_part,
                sessions: 0,
                forced: false,
            },
            state,
            standing: Standing::Ready,
            twin: None,
            tries: 0,
            furthest: 0,
            setbacks: 0,
            rested: false,
            refused: None,
            dispute: None,
            sent: 0,
            is_asked_for_meanwhile: false,
            announced: false,
            is_unsettled,
        }
    }

    pub(crate) fn descriptor(&self) -> Option<Descriptor> {
        let content = self.facts.content.clone()?;
        Some(Descriptor::new(self.facts.media_type.clone(), content))
    }

    pub(crate) fn outcome(&self) -> Option<&BlobOutcome> {
        match &self.state {
            State::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.outcome().is_some()
    }

    /// Whether it will need a session unless it turns out to be there.
    pub(crate) fn may_need_session(&self) -> bool {
        self.is_unsought() && self.twin.is_none() && self.facts.mount_from.is_none()
    }

    /// Whether it is not known yet if the registry has it, and nothing was sent.
    pub(crate) fn is_unsought(&self) -> bool {
        matches!(&self.state, State::Check(check) if check.session().is_none())
    }

    /// Whether any open session will do next.
    pub(crate) fn needs_session(&self) -> bool {
        let is_plain = matches!(&self.state, State::Start(start) if start.is_plain());
        is_plain && self.twin.is_none()
    }

    /// The session in use.
    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.state {
            State::Upload(state) => Some(&state.session),
            State::Probe(state) => Some(&state.session),
            State::Commit(state) => Some(&state.session),
            State::Check(state) => state.session(),
            State::Start(_) | State::Done(_) => None,
        }
    }

    pub(crate) fn activity(&self) -> BlobActivity {
        match (&self.state, self.standing) {
            (State::Done(_), _) => BlobActivity::Done,
            (_, Standing::Ready | Standing::Pausing(_)) => BlobActivity::Waiting,
            (State::Check(_), _) => BlobActivity::Checking,
            (State::Start(_), _) => BlobActivity::Starting,
            (State::Upload(_) | State::Probe(_), _) => BlobActivity::Uploading,
            (State::Commit(_), _) => BlobActivity::Committing,
        }
    }

    /// The first byte of the body that is being sent, or would be next.
    pub(crate) fn offset(&self) -> u64 {
        match &self.state {
            State::Upload(state) => state.offset,
            State::Commit(_) | State::Done(_) => self.size().unwrap_or(self.facts.reached),
            _ => 0,
        }
    }

    /// Whether the next request sends what follows on a part that was taken.
    pub(crate) fn is_next_part(&self) -> bool {
        matches!(&self.state, State::Upload(upload) if upload.is_next_part())
    }

    pub(crate) fn size(&self) -> Option<u64> {
        self.facts.content.as_ref().map(|content| content.size)
    }

    /// Sends the blob anew: the registry no longer has it, or never had.
    pub(crate) fn again(&mut self) {
        self.state = if self.facts.forced {
            State::Start(Start::plain())
        } else {
            State::Check(Check::first())
        };
        self.facts.forced = true;
        self.facts.mount_from = None;
        self.standing = Standing::Ready;
        self.tries = 0;
        self.refused = None;
    }
}

impl State {
    /// Whether the request that this state needs carries any of the blob's bytes.
    pub(crate) fn is_upload(&self, facts: &Facts) -> bool {
        matches!(self, Self::Upload(upload) if !upload.is_of_nothing(facts))
    }

    /// The request that this state needs.
    ///
    /// # Errors
    /// The source cannot give what would have to be sent.
    pub(crate) fn draft(&self, facts: &Facts, api: &Api) -> Result<Draft, &'static str> {
        match (self, &facts.content) {
            (Self::Check(_) | Self::Done(_), Some(content)) => Ok(check::draft(content, api)),
            (Self::Start(state), _) => Ok(state.draft(facts, api)),
            (Self::Upload(state), _) => state.draft(facts),
            (Self::Probe(state), _) => Ok(state.draft()),
            (Self::Commit(state), Some(content)) => Ok(state.draft(content)),
            (Self::Check(_) | Self::Commit(_) | Self::Done(_), None) => {
                Err("its digest is not known")
            }
        }
    }

    pub(crate) fn advance(self, verdict: Verdict, reply: &Reply, facts: &mut Facts) -> Turn {
        match self {
            Self::Check(state) => state.advance(verdict, reply, facts),
            Self::Start(state) => state.advance(verdict, reply, facts),
            Self::Upload(state) => state.advance(verdict, reply, facts),
            Self::Probe(state) => state.advance(verdict, reply, facts),
            Self::Commit(state) => state.advance(verdict, reply, facts),
            Self::Done(outcome) => Turn::onward(Self::Done(outcome)),
        }
    }
}

impl Facts {
    /// Whether a digest that the registry names is another than the blob's. One of another
    /// algorithm proves nothing.
    fn is_contradicted_by(&self, echo: Option<&Digest>) -> bool {
        match (&self.content, echo) {
            (Some(content), Some(echo)) => {
                echo.algorithm() == content.digest.algorithm() && *echo != content.digest
            }
            _ => false,
        }
    }
}

impl Session {
    pub(crate) fn new(url: HttpUrl, reply: &Reply) -> Self {
        Self {
            url,
            chunk_min: reply.chunk_min,
            chunk_max: reply.chunk_max,
        }
    }

    /// The same session after an answer: every answer may name a new place, and some registries
    /// take nothing at the old one any more.
    fn moved(self, reply: &Reply) -> Self {
        match &reply.location {
            Ok(url) => Self {
                url: url.clone(),
                ..self
            },
            Err(_) => self,
        }
    }
}

impl Turn {
    fn onward(state: State) -> Self {
        Self::new(state, Pace::Onward)
    }

    fn new(state: State, pace: Pace) -> Self {
        Self {
            state,
            pace,
            abandoned: None,
        }
    }

    fn setback(state: State, reply: &Reply) -> Self {
        let pause = !reply.is_success;
        Self::new(state, Pace::Setback { pause })
    }

    /// Another session from byte zero, in place of `session`.
    fn restart(session: Session) -> Self {
        Self {
            state: State::Start(Start::plain()),
            pace: Pace::NewSession {
                is_consequence: false,
            },
            abandoned: Some(session),
        }
    }

    /// The same, where the registry was asked first what has become of it.
    fn restart_asked(session: Session) -> Self {
        Self {
            pace: Pace::NewSession {
                is_consequence: true,
            },
            ..Self::restart(session)
        }
    }

    /// Another session from byte zero, after a pause that was no fault of `session`.
    fn later(session: Session) -> Self {
        Self {
            state: State::Start(Start::plain()),
            pace: Pace::Setback { pause: true },
            abandoned: Some(session),
        }
    }

    /// The same, where that pause is over.
    fn after_pause(session: Session) -> Self {
        Self {
            pace: Pace::Onward,
            ..Self::later(session)
        }
    }

    /// Another session at once, for a body of another form than `session` was refused with.
    fn anew(session: Session) -> Self {
        Self {
            state: State::Start(Start::plain()),
            pace: Pace::Setback { pause: false },
            abandoned: Some(session),
        }
    }

    /// Another session at once, since the body was too large for one request. To learn a size is no
    /// failure: there are only so many to learn.
    fn in_parts(session: Session) -> Self {
        Self {
            pace: Pace::Onward,
            ..Self::anew(session)
        }
    }

    fn fail(state: State, kind: PushErrorKind) -> Self {
        Self::fail_since(state, kind, "")
    }

    fn fail_since(state: State, kind: PushErrorKind, why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(state, Pace::Fail(kind, why.into()))
    }

    /// After a verdict that the state has no use for: the table and the state disagree, which a
    /// retry bounds and a test shows.
    fn unexpected(state: State, verdict: Verdict) -> Self {
        match verdict {
            Verdict::Fail(kind) => Self::fail(state, kind),
            _ => Self::new(state, Pace::Retry),
        }
    }
}

#[cfg(test)]
mod diagram;
