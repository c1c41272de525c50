use std::collections::BTreeSet;

use super::*;

#[test]
fn every_number_is_played_or_explained() {
    let played = catalogue().map(|entry| entry.id);
    let explained = unplayed().iter().map(|entry| entry.id);
    let covered: BTreeSet<&str> = played.chain(explained).collect();
    let missing: Vec<String> = (1..=100)
        .map(|n| format!("F{n}"))
        .filter(|id| !covered.contains(id.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn names_are_unique_and_defaults_valid() {
    let mut seen = BTreeSet::new();
    for entry in catalogue() {
        assert!(seen.insert(entry.name), "{}", entry.name);
        assert!(!entry.does.is_empty() && !entry.robust.is_empty());
        assert!(
            !entry.steps.is_empty() && entry.times != Some(0),
            "{}",
            entry.name
        );
        for param in entry.params {
            let refused = param.kind.refuse(param.default);
            assert_eq!(refused, None, "{} {}", entry.name, param.name);
        }
    }
}

#[test]
fn every_name_is_in_a_test() {
    let tests = [
        include_str!("../../../tests/faults/network.rs"),
        include_str!("../../../tests/faults/http_shape.rs"),
        include_str!("../../../tests/faults/auth.rs"),
        include_str!("../../../tests/faults/session.rs"),
        include_str!("../../../tests/faults/integrity.rs"),
        include_str!("../../../tests/faults/rate.rs"),
    ];
    let untested: Vec<&str> = catalogue()
        .map(|entry| entry.name)
        .filter(|name| {
            let quoted = [format!("\"{name}\""), format!("\"{name}:")];
            !tests
                .iter()
                .any(|text| quoted.iter().any(|q| text.contains(q)))
        })
        .collect();
    assert!(untested.is_empty(), "{untested:?}");
}
