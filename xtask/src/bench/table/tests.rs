use super::{Outcome, Table, median};
use crate::bench::measure::Measurement;

#[test]
fn ratios_are_taken_round_by_round() {
    let mut table = Table::new(vec!["ours", "theirs"]);
    // A machine that is ten times as slow in the second round.
    for slowness in [1.0, 10.0, 1.0] {
        table.add(0, Some(outcome(2.0 * slowness)));
        table.add(1, Some(outcome(8.0 * slowness)));
    }
    let text = table.to_string();
    assert!(text.contains("| ours | 2.00 | 1.000 |"), "{text}");
    assert!(text.contains("| theirs | 8.00 | 0.250 |"), "{text}");
}

#[test]
fn a_round_that_failed_is_compared_with_nothing() {
    let mut table = Table::new(vec!["ours", "theirs"]);
    for (ours, theirs) in [(100.0, None), (2.0, Some(4.0)), (1.0, Some(2.0))] {
        table.add(0, Some(outcome(ours)));
        table.add(1, theirs.map(outcome));
    }
    let text = table.to_string();
    assert!(text.contains("| theirs | 3.00 | 0.500 |"), "{text}");
}

#[test]
fn what_was_not_measured_is_a_dash() {
    let mut table = Table::new(vec!["ours"]);
    table.add(0, Some(outcome(1.0)));
    assert!(table.to_string().contains("| - | - | - |\n"));
}

#[test]
fn a_median_of_an_even_number_lies_between_two() {
    assert_eq!(median(vec![4.0, 1.0, 2.0, 100.0]), Some(3.0));
    assert_eq!(median(vec![4.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(vec![]), None);
}

fn outcome(wall: f64) -> Outcome {
    let fresh = Measurement {
        wall,
        ..Measurement::default()
    };
    Outcome {
        fresh,
        again: None,
        bytes: 1,
    }
}
