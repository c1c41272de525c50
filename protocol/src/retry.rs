//! When to try again, and when to stop.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

use crate::config::RetryPolicy;
use crate::time::Timestamp;
use crate::wire::urls::Url;

/// How one task fares: a blob, the manifest, the probe, the token.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    /// How often it failed since it last got farther than ever before.
    failures: u32,
    /// Until when it pauses.
    not_before: Option<Timestamp>,
    /// Whether its last exchange ended in a 401 although it carried the newest header.
    pub(crate) challenged: bool,
    /// Where its next request goes instead, and the how-manieth redirect that is.
    pub(crate) hop: Option<(Url, u8)>,
}

/// What all tasks share: the randomness of pauses, the budget, and the registry's wish for quiet.
#[derive(Debug)]
pub(crate) struct Backoff {
    policy: RetryPolicy,
    random: Random,
    spent: u32,
    /// Until when the registry wants to hear nothing.
    hold: Option<Timestamp>,
}

/// Why there is no further try.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(crate) attempts: u32,
}

impl Tries {
    /// The task got farther than ever: what failed on the way there is forgotten.
    pub(crate) fn got_farther(&mut self) {
        self.failures = 0;
    }

    /// Until when the task pauses, if it does.
    pub(crate) fn pauses_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.not_before.filter(|until| *until > now)
    }
}

impl Backoff {
    pub(crate) fn new(policy: RetryPolicy, seed: u64) -> Self {
        Self { policy, random: Random::new(seed), spent: 0, hold: None }
    }

    /// Books a failure of a task and says how long it pauses, or that it is over. `most` lowers the
    /// number of attempts for this failure; `asked` is what the registry asked for.
    pub(crate) fn pause(
        &mut self,
        now: Timestamp,
        tries: &mut Tries,
        most: u32,
        asked: Option<Duration>,
    ) -> Result<Duration, Exhausted> {
        tries.failures += 1;
        let attempts = tries.failures;
        let too_long = asked.is_some_and(|pause| pause > self.policy.retry_after_cap);
        let limit = self.policy.attempts.min(most).max(1);
        if too_long || attempts >= limit || self.spent >= self.policy.budget {
            return Err(Exhausted { attempts });
        }
        self.spent += 1;
        let doubled = self.policy.base.saturating_mul(1 << (attempts - 1).min(16));
        let whole = doubled.min(self.policy.cap);
        let own = whole / 2 + self.random.up_to(whole - whole / 2);
        let pause = own.max(asked.unwrap_or_default()).max(SHORTEST);
        tries.not_before = Some(now + pause);
        if asked.is_some() {
            self.hold = self.hold.max(Some(now + pause));
        }
        Ok(pause)
    }

    /// Until when nothing is sent to the registry.
    pub(crate) fn holds_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.hold.filter(|until| *until > now)
    }

    /// How many retries there were.
    pub(crate) fn retries(&self) -> u32 {
        self.spent
    }
}

/// How long an answer asks to be left alone (RFC 9110 §10.2.3): seconds, or a date, which is read
/// against the answer's own `Date` so that no clock needs to be right.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let date = httpdate::parse_http_date(text(DATE)?).ok()?;
    Some(until.duration_since(date).unwrap_or_default())
}

/// SplitMix64: not for secrets; only to keep many clients from knocking at the same moment.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn up_to(&mut self, most: Duration) -> Duration {
        let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.next() % nanos.saturating_add(1).max(1))
    }
}

/// A pause takes time, whatever the policy says: the machine must not wait for an instant that is
/// not after the present one.
const SHORTEST: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
