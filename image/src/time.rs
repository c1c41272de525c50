//! Points in time as JSON has them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads a date as a `created` member has it.
///
/// Configs have RFC 3339. A date without a zone is taken as UTC, a date alone as its midnight.
/// `None` is what a reader of the config might fail on: Go takes no year above 9999, Python none
/// below 1, and Quay answers 500 to a push whose history it cannot date.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let timestamp = text.parse::<Timestamp>().ok().or_else(|| {
        let civil = text.parse::<DateTime>().ok()?;
        civil
            .to_zoned_datetime(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    })?;
    let year = timestamp.to_zoned_datetime(TimeZone::UTC).year();
    (1..=9999).contains(&year).then_some(timestamp)
}

/// The instant that many seconds after 1970; the last one there is if that is later.
pub(crate) fn from_epoch(seconds: u64) -> Timestamp {
    let timestamp = i64::try_from(seconds)
        .ok()
        .and_then(|s| Timestamp::from_second(s).ok());
    timestamp.unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
