//! Whether the file system is slow enough to be worth working ahead.

use std::time::{Duration, Instant};

/// How many of the latest calls of one kind were slow. All of the first ones are measured, and then one of
/// several: a look at the clock costs a few percent of a look at a file in memory.
pub(in crate::walk) struct Latency {
    calls: u64,
    measured: u32,
    slow: u32,
    patience: Duration,
    window: u32,
}

impl Latency {
    pub(in crate::walk) fn new() -> Self {
        Self::with(PATIENCE, WINDOW)
    }

    /// One that finds every call slow, and the first one enough to say so.
    #[cfg(test)]
    pub(in crate::walk) fn impatient() -> Self {
        Self::with(Duration::ZERO, 1)
    }

    fn with(patience: Duration, window: u32) -> Self {
        Self {
            calls: 0,
            measured: 0,
            slow: 0,
            patience,
            window,
        }
    }

    /// The time at which the next call starts, if it is to be measured.
    pub(in crate::walk) fn start(&mut self) -> Option<Instant> {
        self.calls += 1;
        let is_due = self.calls <= FIRST || self.calls.is_multiple_of(EVERY);
        is_due.then(Instant::now)
    }

    /// Takes in how long the system took for a call and for so many bytes of content. Whether calls
    /// have turned out to be slow.
    pub(in crate::walk) fn is_slow(&mut self, bytes: u64, waited: Duration) -> bool {
        let copied = Duration::from_nanos(bytes);
        self.measured += 1;
        self.slow += u32::from(waited.saturating_sub(copied) > self.patience);
        if self.measured < self.window {
            return false;
        }
        // Most of them, and not only those that had to wait for a processor.
        let is_slow = 4 * self.slow >= 3 * self.measured;
        (self.measured, self.slow) = (0, 0);
        is_slow
    }
}

/// How many calls are measured before it is decided whether they are slow.
const WINDOW: u32 = 32;

/// So many calls are all measured, so that a tree that is far away is known as such at once.
const FIRST: u64 = 64;

/// Of the others, one of so many.
const EVERY: u64 = 8;

/// How long a call may take beside its bytes, for which there is a nanosecond each. In memory it
/// takes less than ten microseconds; an answer from a disk or over a network takes a hundred at
/// least.
const PATIENCE: Duration = Duration::from_micros(40);
