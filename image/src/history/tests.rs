use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Notice;

/// What becomes of a history, as JSON, and what is said about it.
fn repaired(history: &Value, layers: usize) -> (Vec<Value>, Vec<String>) {
    let mut notices = Vec::new();
    let mut notice = |notice: Notice| notices.push(notice.to_string());
    let entries = read(history, &mut Fields::new(&mut notice));
    let entries = fit(entries, layers, Timestamp::UNIX_EPOCH);
    let entries = entries
        .iter()
        .map(|entry| serde_json::to_value(entry).unwrap());
    (entries.collect(), notices)
}

fn added() -> Value {
    json!({"created": "1970-01-01T00:00:00Z", "created_by": "longshore"})
}

#[test]
fn the_last_suitable_entry_stays() {
    let history = json!([
        {"created_by": "a"},
        {"created_by": "b", "empty_layer": false},
        {"created_by": "c", "empty_layer": true},
    ]);
    let (entries, notices) = repaired(&history, 1);
    let expected = json!([
        {"created_by": "a", "empty_layer": true},
        {"created_by": "b"},
        {"created_by": "c", "empty_layer": true},
    ]);
    assert_eq!(Value::from(entries), expected);
    assert_eq!(notices, [""; 0]);
    let stays = |layers| {
        let (entries, _) = repaired(&history, layers);
        entries
            .iter()
            .map(|entry| entry.get("empty_layer").is_none())
            .collect::<Vec<_>>()
    };
    assert_eq!(stays(0), [false, false, false]);
    assert_eq!(stays(2), [true, true, false]);
    assert_eq!(stays(4), [true, true, false, true, true]);
}

#[test]
fn a_history_without_a_suitable_entry_gets_one() {
    assert_eq!(repaired(&json!([]), 1).0, [added()]);
    assert_eq!(repaired(&json!("none"), 1).0, [added()]);
    let (entries, _) = repaired(&json!([{"created_by": "x", "empty_layer": true}]), 1);
    assert_eq!(
        entries,
        [json!({"created_by": "x", "empty_layer": true}), added()]
    );
}

#[test]
fn what_is_not_well_formed_goes_and_is_named() {
    let history = json!([
        7,
        {"created": "soon", "created_by": null, "author": [], "comment": "kept", "other": 1},
        {"created": 5, "empty_layer": "true"},
    ]);
    let (entries, notices) = repaired(&history, 1);
    assert_eq!(
        entries,
        [json!({"comment": "kept", "empty_layer": true}), json!({})]
    );
    let expected = [
        "metadata: history[0]: not an object; ignored",
        "metadata: history[1].author: not a string; ignored",
        "metadata: history[1].created: not a date; ignored",
        "metadata: history[2].created: not a string; ignored",
        "metadata: history[2].empty_layer: neither true nor false; ignored",
        "metadata: 1 key is not used: history[].other",
    ];
    assert_eq!(notices, expected);
}

/// JSON that is often nearly a history.
fn near_history() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("2023-01-02T03:04:05.6+07:00")),
        Just(json!("99999-01-01T00:00:00Z")),
    ];
    let anything = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    let key = prop::sample::select(vec![
        "created",
        "created_by",
        "author",
        "comment",
        "empty_layer",
        "other",
    ]);
    let entry = prop::collection::btree_map(key.prop_map(str::to_owned), anything.clone(), 0..6)
        .prop_map(|map| Value::Object(map.into_iter().collect()));
    let item = prop_oneof![4 => entry, 1 => anything.clone()];
    prop_oneof![
        6 => prop::collection::vec(item, 0..12).prop_map(Value::from),
        1 => anything,
    ]
}

proptest! {
    #[test]
    fn any_history_fits_any_number_of_layers(history in near_history(), layers in 0..6usize) {
        let (entries, _) = repaired(&history, layers);
        let mut filled = 0;
        for entry in &entries {
            let members = entry.as_object().unwrap();
            for (key, value) in members {
                match key.as_str() {
                    "empty_layer" => prop_assert_eq!(value, &Value::Bool(true)),
                    "created_by" | "author" | "comment" => prop_assert!(value.is_string()),
                    "created" => {
                        let text = value.as_str().unwrap();
                        prop_assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
                        prop_assert!(text.starts_with(|c: char| c.is_ascii_digit()));
                    }
                    other => prop_assert!(false, "{}", other),
                }
            }
            filled += usize::from(!members.contains_key("empty_layer"));
        }
        prop_assert_eq!(filled, layers);
    }
}
