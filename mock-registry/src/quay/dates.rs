//! Dates as `dateutil` reads them, as far as builders write them.

/// Whether `dateutil.parser.parse` takes a text.
///
/// It is a lenient parser. This one takes ISO 8601 in its usual forms, and dates made of words
/// (names of months and days, `AM`, `UTC`, …) and numbers like RFC 2822's and Go's; what `dateutil`
/// guesses beyond that, this one refuses.
pub(super) fn is_date(text: &str) -> bool {
    let text = ascii_digits(text.trim());
    is_iso(&text) || is_wordy(&text)
}

/// ISO 8601: a date, perhaps a time, perhaps a zone.
fn is_iso(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let (date, time) = match upper.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (upper.as_str(), None),
    };
    is_iso_date(date) && time.is_none_or(is_time)
}

fn is_iso_date(text: &str) -> bool {
    let fields: Vec<&str> = text.split('-').collect();
    match fields.as_slice() {
        [year, month, day] => {
            year.len() == 4 && month.len() <= 2 && day.len() <= 2 && is_day(year, month, day)
        }
        [year, month] => year.len() == 4 && is_day(year, month, "1"),
        [packed] if packed.len() == 8 && packed.is_ascii() => {
            is_day(&packed[..4], &packed[4..6], &packed[6..])
        }
        [year] => year.len() == 4 && is_day(year, "1", "1"),
        _ => false,
    }
}

/// `HH:MM[:SS[.fraction]]` or `HHMM[SS]`, and a zone.
fn is_time(text: &str) -> bool {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.' || c == ','))
        .unwrap_or(text.len());
    let (clock, zone) = text.split_at(end);
    is_clock(clock) && is_zone(zone.trim())
}

fn is_clock(text: &str) -> bool {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    if fraction.is_some_and(|digits| digits.is_empty() || number(digits, digits.len()).is_none()) {
        return false;
    }
    let fields: Vec<&str> = if whole.contains(':') {
        whole.split(':').collect()
    } else if whole.len().is_multiple_of(2) && whole.is_ascii() {
        let starts = (0..whole.len()).step_by(2);
        starts.map(|at| &whole[at..at + 2]).collect()
    } else {
        return false;
    };
    let limits = [23, 59, 59];
    (2..=3).contains(&fields.len())
        && fields
            .iter()
            .zip(limits)
            .all(|(field, limit)| number(field, 2).is_some_and(|value| value <= limit))
}

fn is_zone(text: &str) -> bool {
    if ZONES.contains(&text.to_ascii_uppercase().as_str()) || text.is_empty() {
        return true;
    }
    // Go's default form says the offset and then its name.
    let text = text.split_once(' ').map_or(
        text,
        |(offset, name)| {
            if is_zone(name.trim()) { offset } else { "" }
        },
    );
    let Some(offset) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    let digits: String = offset.chars().filter(|c| *c != ':').collect();
    match digits.len() {
        1 | 2 => number(&digits, 2).is_some_and(|hours| hours < 24),
        4 => number(&digits, 4).is_some_and(|value| value / 100 < 24 && value % 100 < 60),
        _ => false,
    }
}

/// A day, a month by name and a year in any order, perhaps a weekday, a time and a zone.
fn is_wordy(text: &str) -> bool {
    let (mut month, mut day, mut year, mut clock) = (None, None, None, false);
    for word in text.split([' ', ',', '-']).filter(|word| !word.is_empty()) {
        let lower = word.to_ascii_lowercase();
        let name = lower.get(..3).unwrap_or_default();
        if word.contains(':') && !clock {
            if !is_clock(word) {
                return false;
            }
            clock = true;
        } else if let Some(index) = MONTHS.iter().position(|known| *known == name) {
            if month.replace(index as u64 + 1).is_some() {
                return false;
            }
        } else if WEEKDAYS.contains(&name)
            || ZONES.contains(&lower.to_ascii_uppercase().as_str())
            || (clock && (matches!(lower.as_str(), "am" | "pm") || is_zone(word)))
        {
        } else if let Some(value) = number(word, 4) {
            let slot = if word.len() > 2 || day.is_some() {
                &mut year
            } else {
                &mut day
            };
            if slot.replace(value).is_some() {
                return false;
            }
        } else {
            return false;
        }
    }
    let (Some(month), Some(year)) = (month, year) else {
        return false;
    };
    let day = day.unwrap_or(1);
    year >= 1 && day >= 1 && day <= days_in(year, month)
}

fn is_day(year: &str, month: &str, day: &str) -> bool {
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    year >= 1 && (1..=12).contains(&month) && day >= 1 && day <= days_in(year, month)
}

fn days_in(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A number of at most so many digits and nothing else.
fn number(text: &str, longest: usize) -> Option<u64> {
    let plain =
        !text.is_empty() && text.len() <= longest && text.bytes().all(|b| b.is_ascii_digit());
    // A fraction of any length counts as a number; its value is of no interest.
    plain.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Digits of other scripts as ASCII ones: Python's `isdigit` and `int` know them all. Here: the
/// full-width ones and those of the scripts most written in.
fn ascii_digits(text: &str) -> String {
    let ascii = |c: char| {
        let zeros = ['０', '٠', '۰', '०'];
        let digit = zeros.iter().find_map(|zero| {
            let value = u32::from(c).checked_sub(u32::from(*zero))?;
            char::from_digit(value, 10)
        });
        digit.unwrap_or(c)
    };
    text.chars().map(ascii).collect()
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const ZONES: [&str; 3] = ["Z", "UTC", "GMT"];

#[cfg(test)]
mod tests;
