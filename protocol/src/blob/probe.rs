//! After something broke: is the blob there, and if not, how much of it is?

use http::Method;

use super::check::describes;
use super::commit::Commit;
use super::upload::Upload;
use super::{Moved, Source, State};
use crate::classify::{Step, Verdict};
use crate::exchange::{Answer, Draft, Registry, Session, Turn};
use crate::payload::Replay;
use crate::report::How;
use crate::wire::digest::Content;
use crate::wire::range::bytes_held;

#[derive(Debug)]
pub(crate) struct Probe {
    /// The session to go on with, unless it is gone.
    pub(crate) session: Option<Session>,
    /// What the blob is, if that is known by now.
    content: Option<Content>,
    question: Question,
    /// Whether the failure that led here was booked and paused for.
    paused: bool,
    /// The offset at which the registry would not go on.
    misaligned_at: Option<u64>,
}

#[derive(Debug)]
enum Question {
    /// Is the whole blob stored?
    Stored(Content),
    /// How much does the session hold, of at most this many bytes that were sent?
    Held { session: Session, sent: u64 },
}

impl Probe {
    /// Asks whether the blob is stored.
    pub(crate) fn stored(session: Option<Session>, content: Content) -> Self {
        Self {
            session,
            content: Some(content.clone()),
            question: Question::Stored(content),
            paused: false,
            misaligned_at: None,
        }
    }

    /// Asks how much of it the session holds. Comes after a failure.
    pub(crate) fn held(session: Session, content: Option<Content>, sent: u64) -> Self {
        Self {
            session: Some(session.clone()),
            content,
            question: Question::Held { session, sent },
            paused: true,
            misaligned_at: None,
        }
    }

    pub(crate) fn after_failure(mut self) -> Self {
        self.paused = true;
        self
    }

    pub(crate) fn misaligned_at(mut self, offset: u64) -> Self {
        self.misaligned_at = Some(offset);
        self
    }

    pub(crate) fn draft(&self, registry: &Registry) -> Draft {
        match &self.question {
            Question::Stored(content) => {
                let url = registry.endpoints.blob(&content.digest);
                Draft::new(Step::Confirm, Method::HEAD, url)
            }
            Question::Held { session, .. } => {
                Draft::new(Step::Status, Method::GET, session.0.clone())
            }
        }
    }

    pub(crate) fn answered(
        self,
        answer: Answer,
        source: &Source,
        registry: &mut Registry,
    ) -> Moved {
        match &self.question {
            Question::Stored(content) => {
                let there = answer.verdict == Verdict::Success && describes(&answer, content);
                if there {
                    return Ok((State::Done(How::Uploaded), Turn::On));
                }
                match self.session.clone() {
                    Some(session) => {
                        let sent = content.size;
                        let held = Self { question: Question::Held { session, sent }, ..self };
                        Ok((State::Probe(held), Turn::On))
                    }
                    None => self.onward(source.restart(None, registry)?, answer),
                }
            }
            Question::Held { sent, .. } => {
                let sent = *sent;
                self.held_answered(sent, answer, source, registry)
            }
        }
    }

    fn held_answered(
        self,
        sent: u64,
        answer: Answer,
        source: &Source,
        registry: &mut Registry,
    ) -> Moved {
        let next = match answer.verdict {
            Verdict::Success => {
                let session = registry.session(&answer)?;
                let held = bytes_held(&answer.headers).filter(|held| *held <= sent);
                match (held, &self.content) {
                    (Some(held), Some(content))
                        if held == content.size =>
                    {
                        State::Commit(Commit::new(session, content.clone()))
                    }
                    (Some(held), _) if self.can_resume(held, source) => {
                        State::Upload(Upload::resumed(session, held))
                    }
                    _ => source.restart(Some(session), registry)?,
                }
            }
            Verdict::SessionLost => source.restart(None, registry)?,
            _ => source.restart(self.session.clone(), registry)?,
        };
        self.onward(next, answer)
    }

    /// Whether an upload can go on at `held`.
    fn can_resume(&self, held: u64, source: &Source) -> bool {
        let known = source.spec.content.as_ref().is_some_and(|content| held < content.size);
        let from_there = held == 0 || source.spec.replay == Replay::Anywhere;
        let from_nothing = held > 0 || source.check_replayable().is_ok();
        known && from_there && from_nothing && self.misaligned_at != Some(held)
    }

    /// The way back into the upload. It is a failure like any other unless one was booked already.
    fn onward(self, state: State, mut answer: Answer) -> Moved {
        let turn = match self.paused {
            true => Turn::On,
            false => Turn::Later(answer.cause_or("the registry did not keep the blob")),
        };
        Ok((state, turn))
    }
}
