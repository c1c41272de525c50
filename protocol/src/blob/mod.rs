//! One blob on its way: a small state per file, each with the request it sends and the one place
//! where the answer moves it on.
//!
//! ```text
//! check -> start -> upload -> commit -> done
//!            ^        |  ^       |
//!            |        v  |       |
//!            +------- probe <----+
//! ```

mod check;
mod commit;
mod probe;
mod start;
mod upload;

use self::check::Check;
use self::commit::Commit;
use self::probe::Probe;
use self::start::Start;
use self::upload::Upload;
use crate::classify::Verdict;
use crate::error::{ErrorKind, Problem};
use crate::event::BlobStage;
use crate::exchange::{Answer, Draft, Registry, Session, Turn};
use crate::ids::BlobId;
use crate::payload::{BlobSpec, Replay};
use crate::report::How;
use crate::retry::Tries;
use crate::wire::digest::Content;

/// A blob and where it stands.
#[derive(Debug)]
pub(crate) struct Blob {
    pub(crate) source: Source,
    pub(crate) state: State,
    pub(crate) tries: Tries,
    /// The farthest it ever got.
    farthest: Rank,
}

/// What is known of a blob's bytes.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) id: BlobId,
    pub(crate) spec: BlobSpec,
    /// Whether any of it was ever read: the end of a source that cannot be read twice.
    consumed: bool,
}

#[derive(Debug)]
pub(crate) enum State {
    /// The same content as an earlier blob of this push: it shares that one's fate.
    Twin(usize),
    Check(Check),
    Start(Start),
    Upload(Upload),
    Probe(Probe),
    Commit(Commit),
    Done(How),
}

/// How far a blob is, and how many bytes the registry holds of it.
type Rank = (u8, u64);

/// What a state makes of an answer.
type Moved = Result<(State, Turn), Problem>;

impl Blob {
    pub(crate) fn new(id: BlobId, spec: BlobSpec, twin: Option<usize>) -> Self {
        let state = match (twin, &spec.content) {
            (Some(twin), _) => State::Twin(twin),
            (None, Some(_)) => State::Check(Check),
            (None, None) => State::Start(Start::plain()),
        };
        let source = Source { id, spec, consumed: false };
        Self { source, state, tries: Tries::default(), farthest: (0, 0) }
    }

    /// Whether there is something to send.
    pub(crate) fn is_pending(&self) -> bool {
        !matches!(self.state, State::Twin(_) | State::Done(_))
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    /// The next request. A session that waits for a blob is taken here.
    pub(crate) fn draft(&mut self, registry: &mut Registry) -> Option<Draft> {
        if let State::Start(start) = &self.state
            && !start.wants_mount(&self.source)
            && let Some(session) = registry.spare.take()
        {
            self.state = State::Upload(Upload::from_start(session));
        }
        let source = &self.source;
        match &self.state {
            State::Twin(_) | State::Done(_) => None,
            State::Check(check) => check.draft(source, registry),
            State::Start(start) => Some(start.draft(source, registry)),
            State::Upload(upload) => Some(upload.draft(source)),
            State::Probe(probe) => Some(probe.draft(registry)),
            State::Commit(commit) => Some(commit.draft()),
        }
    }

    /// Moves on, as an answer says. After an error, its session is among the abandoned ones.
    pub(crate) fn answered(
        &mut self,
        mut answer: Answer,
        registry: &mut Registry,
    ) -> Result<Turn, Problem> {
        self.read(answer.receipt.sent);
        if let Some(problem) = answer.dead_end() {
            return Err(problem);
        }
        if answer.verdict == Verdict::Retry {
            self.check_repeatable()?;
            return Ok(Turn::Later(answer.cause_or("nothing came back")));
        }
        let state = std::mem::replace(&mut self.state, State::Check(Check));
        let held = state.session();
        let source = &self.source;
        let moved = match state {
            State::Check(check) => check.answered(answer, source),
            State::Start(start) => start.answered(answer, source, registry),
            State::Upload(upload) => upload.answered(answer, source, registry),
            State::Probe(probe) => probe.answered(answer, source, registry),
            State::Commit(commit) => commit.answered(answer),
            settled @ (State::Twin(_) | State::Done(_)) => Ok((settled, Turn::On)),
        };
        let (state, turn) = moved.inspect_err(|_| registry.abandoned.extend(held))?;
        self.state = state;
        if let State::Commit(commit) = &self.state {
            // From here on even a streamed blob has a name.
            self.source.spec.content.get_or_insert_with(|| commit.content.clone());
        }
        let rank = self.rank();
        if rank > self.farthest {
            self.farthest = rank;
            self.tries.got_farther();
        }
        Ok(turn)
    }

    /// Notes that this much of a request's body was read.
    pub(crate) fn read(&mut self, sent: u64) {
        self.source.consumed |= sent > 0;
    }

    /// Whether the request in hand could be sent again.
    pub(crate) fn check_repeatable(&self) -> Result<(), Problem> {
        match &self.state {
            State::Upload(_) => self.source.check_replayable(),
            _ => Ok(()),
        }
    }

    /// The registry has lost it: upload it, whatever a `HEAD` may say.
    pub(crate) fn start_over(&mut self) -> Result<(), Problem> {
        self.source.check_replayable()?;
        self.state = State::Start(Start::plain());
        self.farthest = self.rank();
        Ok(())
    }

    /// The upload session this blob keeps open.
    pub(crate) fn session(&self) -> Option<Session> {
        self.state.session()
    }

    pub(crate) fn content(&self) -> Option<&Content> {
        self.source.spec.content.as_ref()
    }

    /// Where it stands, and how many bytes the registry is known to hold.
    pub(crate) fn stage(&self) -> (BlobStage, u64) {
        match &self.state {
            State::Twin(_) | State::Start(_) => (BlobStage::Waiting, 0),
            State::Check(_) => (BlobStage::Checking, 0),
            State::Upload(upload) => (BlobStage::Uploading, upload.offset),
            State::Probe(_) => (BlobStage::Committing, self.farthest.1),
            State::Commit(commit) => (BlobStage::Committing, commit.content.size),
            State::Done(_) => (BlobStage::Done, self.content().map_or(0, |it| it.size)),
        }
    }

    fn rank(&self) -> Rank {
        match &self.state {
            State::Twin(_) | State::Check(_) => (0, 0),
            State::Start(_) => (1, 0),
            State::Upload(upload) => (2, upload.offset),
            // Asking is no progress.
            State::Probe(_) => (0, 0),
            State::Commit(_) => (3, 0),
            State::Done(_) => (4, 0),
        }
    }
}

impl State {
    fn session(&self) -> Option<Session> {
        match self {
            State::Upload(upload) => Some(upload.session.clone()),
            State::Probe(probe) => probe.session.clone(),
            State::Commit(commit) => Some(commit.session.clone()),
            State::Twin(_) | State::Check(_) | State::Start(_) | State::Done(_) => None,
        }
    }
}

impl Source {
    /// Whether the bytes can be had from their beginning, again if need be.
    fn check_replayable(&self) -> Result<(), Problem> {
        match self.spec.replay {
            Replay::Never if self.consumed => Err(Problem::bare(ErrorKind::NotReplayable)),
            _ => Ok(()),
        }
    }

    /// A new upload, its old session left behind.
    fn restart(&self, session: Option<Session>, registry: &mut Registry) -> Result<State, Problem> {
        self.check_replayable()?;
        registry.abandoned.extend(session);
        Ok(State::Start(Start::plain()))
    }
}
