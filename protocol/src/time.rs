//! Time as the machine sees it.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

/// An instant: how long after the driver's epoch it lies.
///
/// The driver picks the epoch (its start, say) and may use any clock that does not run backwards.
/// The machine never reads a clock, so a test may choose every instant it sees.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(Duration);

impl Timestamp {
    /// The epoch itself.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The instant `elapsed` after the epoch.
    #[must_use]
    pub const fn since_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the epoch this instant lies.
    #[must_use]
    pub const fn elapsed(self) -> Duration {
        self.0
    }

    /// How long after `earlier` this instant lies; zero if it does not.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t={:?}", self.0)
    }
}
