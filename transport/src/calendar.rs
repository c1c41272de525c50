//! Days and dates, for what certificates say.

/// The days from 1970-01-01 to a date of the Gregorian calendar.
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March end with the day that is not in every year.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let before_month = (153 * month + 2) / 5;
    365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + before_month
        + day
        - 1
        - DAYS_TO_1970
}

/// The date, `2002-01-31`, of a number of seconds since 1970 (UTC).
pub(crate) fn date(seconds: u64) -> String {
    let day = i64::try_from(seconds / 86_400).unwrap_or(i64::MAX / 1000);
    // A first guess that is never too late, and at most a year too early for each 1,200.
    let mut year = 1970 + day / 366;
    while days(year + 1, 1, 1) <= day {
        year += 1;
        if year > 9999 {
            return "the year 10000 or later".to_owned();
        }
    }
    let month = (1..=12).rev().find(|month| days(year, *month, 1) <= day);
    let month = month.unwrap_or(1);
    let day = day - days(year, month, 1) + 1;
    format!("{year:04}-{month:02}-{day:02}")
}

/// The days from 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::{date, days};

    #[test]
    fn dates_and_days_are_the_same_thing() {
        for (year, month, day, text) in [
            (1970, 1, 1, "1970-01-01"),
            (2000, 2, 29, "2000-02-29"),
            (2001, 12, 31, "2001-12-31"),
            (2100, 3, 1, "2100-03-01"),
            (9999, 12, 31, "9999-12-31"),
        ] {
            let days = days(year, month, day);
            assert_eq!(date(u64::try_from(days).unwrap() * 86_400 + 86_399), text);
        }
        assert_eq!(days(2000, 1, 1), 10_957);
        assert_eq!(date(u64::MAX), "the year 10000 or later");
    }
}
