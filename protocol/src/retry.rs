//! Pauses: how long before the next attempt.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// Jitter, from a seed (xorshift64*, Vigna 2016). Good enough to keep pushes out of step; not for
/// secrets.
#[derive(Clone, Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        // The generator stays at zero for ever once it is there.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// `mean`, more or less: between half and one and a half times as long.
    pub(crate) fn around(&mut self, mean: Duration) -> Duration {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let thousandths = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 54;
        mean / 2 + mean.saturating_mul(u32::try_from(thousandths).unwrap_or(0)) / 1024
    }
}

/// The mean pause after `failures` failures in a row, doubling from `first` up to `limit`.
pub(crate) fn mean_pause(failures: u32, first: Duration, limit: Duration) -> Duration {
    let doublings = failures.saturating_sub(1).min(MAX_DOUBLINGS);
    first.saturating_mul(1 << doublings).min(limit)
}

/// How long the server asks to be left alone (RFC 9110, section 10.2.3): a number of seconds, or a
/// date, which is measured against the answer's own `Date`, since clocks differ. Dates in the past
/// and what has neither form say nothing.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let date = headers.get(DATE)?.to_str().ok()?;
    let date = httpdate::parse_http_date(date).ok()?;
    until.duration_since(date).ok()
}

const MAX_DOUBLINGS: u32 = 16;

#[cfg(test)]
mod tests;
