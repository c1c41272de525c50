use std::time::Duration;

use super::Pace;

#[test]
fn a_long_upload_has_a_line_for_each_tenth() {
    let mut pace = Pace::default();
    let due: Vec<u64> = (0..=100)
        .filter(|percent| pace.is_due(Duration::from_secs(*percent), *percent, Some(100)))
        .collect();
    assert_eq!(due, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
}

#[test]
fn a_quick_one_has_none() {
    let mut pace = Pace::default();
    let due = (0..=100).filter(|p| pace.is_due(Duration::from_millis(20 * p), *p, Some(100)));
    assert_eq!(due.count(), 0);
}

#[test]
fn a_very_long_one_is_not_silent_about_going_back() {
    let mut pace = Pace::default();
    assert!(pace.is_due(Duration::from_secs(10), 50, Some(100)));
    assert!(!pace.is_due(Duration::from_secs(20), 55, Some(100)));
    assert!(pace.is_due(Duration::from_secs(30), 0, Some(100)));
}

#[test]
fn without_a_total_time_decides() {
    let mut pace = Pace::default();
    let due: Vec<u64> = (0..=30)
        .filter(|s| pace.is_due(Duration::from_secs(*s), 1 << s, None))
        .collect();
    assert_eq!(due, [10, 20, 30]);
}

#[test]
fn nothing_of_nothing_is_no_division() {
    assert!(!Pace::default().is_due(Duration::from_secs(5), 0, Some(0)));
}
