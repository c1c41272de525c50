//! Time as the machine sees it: a duration since an instant that the driver chose.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

/// A point in time, counted from the driver's epoch.
///
/// The machine has no clock. A driver notes one instant when it starts and hands in how long ago
/// that was; a simulator counts for itself. Timestamps of different epochs must not be mixed.
///
/// ```
/// use std::time::{Duration, Instant};
/// use longshore_protocol::Timestamp;
///
/// let epoch = Instant::now();
/// let now = Timestamp::since_epoch(epoch.elapsed());
/// assert!(now + Duration::from_secs(1) > now);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(Duration);

impl Timestamp {
    /// The epoch itself.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The point `elapsed` after the epoch.
    #[must_use]
    pub const fn since_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the epoch this is.
    #[must_use]
    pub const fn elapsed(self) -> Duration {
        self.0
    }

    /// How long after `earlier` this is; zero where it is not after it.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// The later point; the last representable one where the sum would be beyond it.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t={}.{:03}s", self.0.as_secs(), self.0.subsec_millis())
    }
}
