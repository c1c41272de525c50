//! How the program ends: one exit code for each class of ending.

use std::process::ExitCode;

use longshore_protocol::PushErrorKind;

/// How a run ended. The numbers are part of the program's interface: scripts branch on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The image is in the registry.
    Done = 0,
    /// Something nobody foresaw, or the machine itself: a full disk, an unwritable file.
    Unexpected = 1,
    /// The command line, the environment or a reference makes no sense.
    Usage = 2,
    /// The image cannot be packed.
    Image = 3,
    /// No credentials, or credentials the registry does not take.
    Authentication = 4,
    /// The credentials are good but do not permit this push.
    Denied = 5,
    /// The registry refused what was sent.
    Rejected = 6,
    /// Nobody could be reached, or not long enough.
    Network = 7,
    /// The certificate is not trusted, or the TLS handshake failed otherwise.
    Tls = 8,
    /// The other side does not speak the registry protocol, or going on was unsafe.
    Protocol = 9,
    /// Interrupted by a person or by whoever supervises the program.
    Cancelled = 130,
}

impl Exit {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::Unexpected,
        Self::Usage,
        Self::Image,
        Self::Authentication,
        Self::Denied,
        Self::Rejected,
        Self::Network,
        Self::Tls,
        Self::Protocol,
        Self::Cancelled,
    ];

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The name of the class, as `--json` has it.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unexpected => "unexpected",
            Self::Usage => "usage",
            Self::Image => "image",
            Self::Authentication => "authentication",
            Self::Denied => "denied",
            Self::Rejected => "rejected",
            Self::Network => "network",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Cancelled => "cancelled",
        }
    }

    /// What it means, for the help text.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "the registry holds the image",
            Self::Unexpected => "something unexpected on this machine, such as a full disk",
            Self::Usage => "wrong option, environment variable or image reference",
            Self::Image => "not an image, or one that cannot be read or changed meanwhile",
            Self::Authentication => "no credentials, or wrong ones",
            Self::Denied => "good credentials that may not push there",
            Self::Rejected => "the registry refuses the image",
            Self::Network => "the registry cannot be reached, or not long enough",
            Self::Tls => "the registry's certificate is not trusted",
            Self::Protocol => "not a registry, or one that is not safe to go on with",
            Self::Cancelled => "cancelled with Ctrl-C, or a TERM or HUP signal",
        }
    }
}

impl From<PushErrorKind> for Exit {
    fn from(kind: PushErrorKind) -> Self {
        match kind {
            PushErrorKind::Cancelled => Self::Cancelled,
            PushErrorKind::Unauthenticated => Self::Authentication,
            PushErrorKind::Denied => Self::Denied,
            PushErrorKind::Rejected => Self::Rejected,
            PushErrorKind::Unreachable => Self::Network,
            PushErrorKind::Tls => Self::Tls,
            PushErrorKind::Source => Self::Image,
            PushErrorKind::Exhausted => Self::Unexpected,
            PushErrorKind::Unintelligible | PushErrorKind::Unsafe => Self::Protocol,
            // The protocol may learn classes that this table does not know yet.
            _ => Self::Unexpected,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests;
