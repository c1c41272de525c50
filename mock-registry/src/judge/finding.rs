//! What a check comes to.

use serde::Serialize;

/// How much a check matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Optional, but if it is done, it is done right.
    May,
    /// Good clients do it.
    Should,
    /// A client that does not do it is broken.
    Must,
}

impl Severity {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::May => "MAY",
            Self::Should => "SHOULD",
            Self::Must => "MUST",
        }
    }
}

/// The outcome of a check, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing happened that would show it.
    NotExercised,
    /// As it should be.
    Pass,
    /// Not wrong, but not as it should be either.
    Warn,
    /// Wrong.
    Fail,
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotExercised => "not exercised",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// An outcome, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The outcome.
    pub verdict: Verdict,
    /// Why; empty where nothing needs to be said.
    pub why: String,
    /// The numbers of the exchanges that show it.
    pub exchanges: Vec<u64>,
}

impl Finding {
    pub(super) fn skip() -> Self {
        Self {
            verdict: Verdict::NotExercised,
            why: String::new(),
            exchanges: Vec::new(),
        }
    }

    pub(super) fn pass(exchanges: Vec<u64>) -> Self {
        Self {
            verdict: Verdict::Pass,
            why: String::new(),
            exchanges,
        }
    }

    pub(super) fn warn(why: impl Into<String>, exchanges: Vec<u64>) -> Self {
        Self {
            verdict: Verdict::Warn,
            why: why.into(),
            exchanges,
        }
    }

    pub(super) fn fail(why: impl Into<String>, exchanges: Vec<u64>) -> Self {
        Self {
            verdict: Verdict::Fail,
            why: why.into(),
            exchanges,
        }
    }

    /// A pass if there is something to show it and nothing against it.
    pub(super) fn of(shown: Vec<u64>, against: Vec<(u64, String)>) -> Self {
        match against.first() {
            Some((_, why)) => {
                let why = if against.len() == 1 {
                    why.clone()
                } else {
                    format!("{why} (and {} more)", against.len() - 1)
                };
                Self::fail(why, against.into_iter().map(|(id, _)| id).collect())
            }
            None if shown.is_empty() => Self::skip(),
            None => Self::pass(shown),
        }
    }

    /// The worse of two.
    pub(super) fn worst(self, other: Self) -> Self {
        if other.verdict > self.verdict {
            other
        } else {
            self
        }
    }
}
