//! Why a push failed, and what a caller did wrong.

use std::fmt;

use http::StatusCode;

use crate::event::Phase;
use crate::wire::error_code::ErrorCode;

/// Why a push failed.
///
/// `Display` is one sentence that names what was being done, where, and what the other side said.
/// [`hint`](Self::hint) says what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushError(Box<Details>);

/// The class of a [`PushError`]: what a program decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PushErrorKind {
    /// [`Push::cancel`](crate::Push::cancel) was called.
    Cancelled,
    /// The registry or its token server wants credentials that it was not given, or does not take
    /// the ones it was given.
    Unauthenticated,
    /// The credentials are good but do not permit this push.
    Denied,
    /// The registry refuses what was sent, and would refuse it again: an invalid manifest, an
    /// immutable tag, a full quota.
    Rejected,
    /// Nobody could be reached, or not long enough, or the registry was too busy: trying again
    /// later may help.
    Unreachable,
    /// The certificate is not trusted, or the handshake failed otherwise.
    Tls,
    /// A blob's source could not be read, changed while it was read, or could not be read again.
    Source,
    /// The other side does not speak the protocol.
    Unintelligible,
    /// Going on would have sent credentials or content where they must not go.
    Unsafe,
    /// This machine lacks what sending takes: a thread, for instance.
    Exhausted,
}

/// What a registry said when it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistryAnswer {
    /// The status.
    pub status: StatusCode,
    /// The first error code, where the body has one.
    pub code: Option<ErrorCode>,
    /// What it said in words: one line, printable, at most a few hundred characters. Empty where
    /// it said nothing that a person can read.
    pub message: String,
    /// Whether that is from a page for people (HTML). A registry's own answers are none: they are
    /// written by what is in front of it, a proxy or a firewall.
    pub is_page: bool,
}

/// Something the caller did that makes no sense. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// A blob was added, or a manifest set, after the manifest was set.
    #[error("the manifest is set already; blobs are added before it, and it is set once")]
    ManifestSet,
    /// The push has ended.
    #[error("the push has ended")]
    Ended,
    /// The manifest's digest is not the one in the reference.
    #[error("the reference names another digest than the manifest's")]
    OtherDigest,
}

impl PushError {
    /// The class.
    #[must_use]
    pub fn kind(&self) -> PushErrorKind {
        self.0.kind
    }

    /// What was being done.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// What the registry said, where it was the registry that ended the push.
    #[must_use]
    pub fn answer(&self) -> Option<&RegistryAnswer> {
        self.0.answer.as_ref()
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// How many upload sessions were left open at the registry, which drops them in time.
    #[must_use]
    pub fn sessions_left(&self) -> usize {
        self.0.sessions_left
    }

    pub(crate) fn new(kind: PushErrorKind, phase: Phase, what: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            phase,
            what: what.into(),
            place: String::new(),
            answer: None,
            hint: None,
            sessions_left: 0,
        }))
    }

    pub(crate) fn with_answer(mut self, answer: RegistryAnswer) -> Self {
        self.0.answer = Some(answer);
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same error at `place`, the reference or a blob of it.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        if self.0.place.is_empty() {
            self.0.place = place.into();
        }
        self
    }

    pub(crate) fn leaving(mut self, sessions: usize) -> Self {
        self.0.sessions_left = sessions;
        self
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details {
            phase,
            what,
            place,
            answer,
            ..
        } = &*self.0;
        write!(f, "{phase}")?;
        if !place.is_empty() {
            write!(f, " ({place})")?;
        }
        write!(f, ": {what}")?;
        if let Some(answer) = answer {
            write!(f, ": {answer}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PushError {}

impl fmt::Display for RegistryAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.as_u16())?;
        match (&self.code, self.status.canonical_reason()) {
            (Some(code), _) => write!(f, " {code}")?,
            (None, Some(reason)) => write!(f, " {reason}")?,
            (None, None) => {}
        }
        let is_news = !self.message.is_empty() && self.message != self.status.to_string();
        if is_news {
            write!(f, ", \"{}\"", self.message)?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    kind: PushErrorKind,
    phase: Phase,
    what: String,
    place: String,
    answer: Option<RegistryAnswer>,
    hint: Option<String>,
    sessions_left: usize,
}
