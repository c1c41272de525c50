//! How a push ends when it does not succeed, and what a driver reports.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::wire::digest::Digest;
use crate::wire::error_body::RegistryError;
use crate::wire::reference::Destination;

/// A push that did not succeed.
///
/// Its text names the destination, the stage and what is wrong; [`source`](Error::source) is what
/// the registry said or how the connection failed; [`hint`](Self::hint) says what to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PushError {
    /// Where the push went.
    pub destination: Destination,
    /// What was being done.
    pub stage: Stage,
    /// What is wrong.
    pub kind: ErrorKind,
    /// Whether the push went without credentials.
    pub anonymous: bool,
    cause: Option<Cause>,
}

/// The stages of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Before anything is uploaded: is this a registry, and may we push?
    Probe,
    /// Getting a token.
    Authentication,
    /// A blob, named by its digest if that was known.
    Blob(Option<Digest>),
    /// The manifest.
    Manifest,
}

/// What is wrong, by what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// [`Push::cancel`](crate::Push::cancel) was called.
    Cancelled,
    /// The registry knows who asks, or that nobody does, and says no.
    Denied,
    /// The registry asks for credentials and there are none.
    NoCredentials,
    /// The registry will not take this, however often it is sent.
    Rejected,
    /// It may work later: every try that was allowed failed.
    GaveUp {
        /// How many tries that were.
        attempts: u32,
    },
    /// A blob's source failed, or yielded other bytes than it should.
    Source,
    /// An upload broke and its source cannot be read again.
    NotReplayable,
    /// What the registry said makes no sense; the text says why.
    Unintelligible(String),
    /// The registry sent us somewhere we do not go; the text says why.
    Untrusted(String),
    /// The registry's host name has no address.
    UnknownHost,
    /// No trusted connection: the certificate, most of the time.
    Tls,
}

/// Why an exchange has no answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// What class of failure it is.
    pub kind: FailureKind,
    /// What happened, in words.
    pub message: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// The classes of failures, by what the machine does about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must sort its failures into these")]
pub enum FailureKind {
    /// The host name has no address.
    UnknownHost,
    /// No connection was made, so nothing was sent.
    Connect,
    /// The TLS handshake was refused: trying again changes nothing.
    Tls,
    /// The connection broke.
    Interrupted,
    /// A limit of [`Limits`](crate::Limits) was reached.
    TimedOut,
    /// What came is not HTTP.
    Unintelligible,
    /// The blob's source failed, or did not yield the bytes it should.
    Source,
    /// The driver stopped it, as it was told to.
    Aborted,
}

/// A call that makes no sense at this point; the machine is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The manifest was set before, and with it the set of blobs.
    #[error("the manifest is set already")]
    ManifestSet,
    /// A blob whose digest is known only at the end needs a source of known kind, and cannot be
    /// mounted.
    #[error("a blob of unknown digest cannot be mounted")]
    UnknownMount,
    /// There are more blobs than any manifest names.
    #[error("more blobs than a manifest can name")]
    TooManyBlobs,
}

/// The registry's words or the connection's end.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    Registry(RegistryError),
    Failure(Failure),
}

/// A [`PushError`] in the making: whoever finds it does not know the stage.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) kind: ErrorKind,
    pub(crate) cause: Option<Cause>,
}

impl PushError {
    pub(crate) fn new(
        destination: Destination,
        stage: Stage,
        problem: Problem,
        anonymous: bool,
    ) -> Self {
        Self { destination, stage, kind: problem.kind, anonymous, cause: problem.cause }
    }

    /// What the registry said last, if it said anything.
    #[must_use]
    pub fn registry_error(&self) -> Option<&RegistryError> {
        match &self.cause {
            Some(Cause::Registry(error)) => Some(error),
            _ => None,
        }
    }

    /// How the connection failed last, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match &self.cause {
            Some(Cause::Failure(failure)) => Some(failure),
            _ => None,
        }
    }

    /// What a person could do about it, if there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let status = self.registry_error().map(|error| error.status.as_u16());
        match &self.kind {
            ErrorKind::Denied if self.anonymous => Some("give credentials that may push there"),
            ErrorKind::Denied if status == Some(401) || self.stage == Stage::Authentication => {
                Some("check the user name and the password")
            }
            ErrorKind::Denied => {
                Some("check the repository's name and that this account may push to it")
            }
            ErrorKind::NoCredentials => Some("give a user name and a password"),
            ErrorKind::Rejected if self.stage == Stage::Probe => {
                Some("check the host and the port: is it a registry?")
            }
            ErrorKind::Rejected if status == Some(413) => {
                Some("the registry, or a proxy in front of it, limits the size of uploads")
            }
            ErrorKind::GaveUp { .. } if self.stage == Stage::Probe => {
                Some("check the host and the port, and that the registry is up")
            }
            ErrorKind::GaveUp { .. } => Some("try again later: what is uploaded stays uploaded"),
            ErrorKind::UnknownHost => Some("check the spelling of the host"),
            ErrorKind::Tls => Some(
                "if the registry's certificate is of your own authority, name its file; \
                 if the registry speaks no TLS, say so",
            ),
            ErrorKind::NotReplayable => Some("push from a file instead of a pipe"),
            ErrorKind::Untrusted(_) => Some("if that place is yours, name its host as trusted"),
            ErrorKind::Cancelled
            | ErrorKind::Rejected
            | ErrorKind::Source
            | ErrorKind::Unintelligible(_) => None,
        }
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot push {}: {}: ", self.destination, self.stage)?;
        match &self.kind {
            ErrorKind::Cancelled => f.write_str("cancelled"),
            ErrorKind::Denied if self.anonymous => f.write_str("access denied without credentials"),
            ErrorKind::Denied => f.write_str("access denied"),
            ErrorKind::NoCredentials => f.write_str("the registry asks for credentials"),
            ErrorKind::Rejected if self.stage == Stage::Probe => {
                f.write_str("this does not look like a registry")
            }
            ErrorKind::Rejected => f.write_str("the registry refuses it"),
            ErrorKind::GaveUp { attempts: 1 } => f.write_str("gave up after one attempt"),
            ErrorKind::GaveUp { attempts } => write!(f, "gave up after {attempts} attempts"),
            ErrorKind::Source => f.write_str("cannot read what to upload"),
            ErrorKind::NotReplayable => {
                f.write_str("the upload broke, and its source cannot be read again")
            }
            ErrorKind::Unintelligible(reason) => {
                write!(f, "the registry cannot be understood: {reason}")
            }
            ErrorKind::Untrusted(reason) => {
                write!(f, "the registry sends us where we do not go: {reason}")
            }
            ErrorKind::UnknownHost => {
                write!(f, "no address is known for the host {}", self.destination.host)
            }
            ErrorKind::Tls => f.write_str("no trusted connection"),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe => f.write_str("asking the registry whether we may"),
            Self::Authentication => f.write_str("getting a token"),
            Self::Blob(Some(digest)) => write!(f, "blob {}", digest.short()),
            Self::Blob(None) => f.write_str("blob"),
            Self::Manifest => f.write_str("manifest"),
        }
    }
}

impl Error for PushError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Some(Cause::Registry(error)) => Some(error),
            Some(Cause::Failure(failure)) => Some(failure),
            None => None,
        }
    }
}

impl Failure {
    /// A failure of `kind`, in words.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same, with what it came from.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

impl Problem {
    pub(crate) fn new(kind: ErrorKind, cause: impl Into<Cause>) -> Self {
        Self { kind, cause: Some(cause.into()) }
    }

    pub(crate) fn bare(kind: ErrorKind) -> Self {
        Self { kind, cause: None }
    }
}

impl From<RegistryError> for Cause {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

impl From<Failure> for Cause {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(error) => fmt::Display::fmt(error, f),
            Self::Failure(failure) => fmt::Display::fmt(failure, f),
        }
    }
}
