use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn whatever_is_json_is_taken(text in r#"[\[\]{}:," a0-9.eE+\-ntrufalsu\\]{0,40}"#) {
        let ours = Value::parse(&text);
        if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
            prop_assert!(ours.is_ok(), "{text}");
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in any::<String>()) {
        let _ = Value::parse(&text);
        let _ = Value::parse(&format!("\"{text}"));
    }
}

fn parse(text: &str) -> Value {
    Value::parse(text).unwrap()
}

fn complaint(text: &str) -> String {
    match Value::parse(text) {
        Err(JsonError::Malformed(words)) => words,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn what_python_takes_is_taken() {
    assert_eq!(parse(" [1, 2.0, -0, 1e3]\n").repr(), "[1, 2.0, 0, 1000.0]");
    assert_eq!(
        parse("[NaN, Infinity, -Infinity]").repr(),
        "[nan, inf, -inf]"
    );
    assert_eq!(parse(r#"{"a": 1, "a": null}"#).repr(), "{'a': None}");
    assert_eq!(
        parse(r#""\u00e4\ud83d\ude00\n\/""#),
        Value::String("ä😀\n/".into())
    );
    assert_eq!(parse(r#""\ud800x""#), Value::String("\u{fffd}x".into()));
    assert_eq!(
        parse(r#""\ud800\u0041""#),
        Value::String("\u{fffd}A".into())
    );
    let huge = "9".repeat(60);
    assert_eq!(parse(&huge), Value::Huge(huge));
}

#[test]
fn what_python_refuses_is_refused_in_its_words() {
    for (text, words) in [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("\n x", "Expecting value: line 2 column 2 (char 2)"),
        (
            "{'a': 1}",
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            r#"{"a": 1,}"#,
            "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)",
        ),
        (
            r#"{"a" 1}"#,
            "Expecting ':' delimiter: line 1 column 6 (char 5)",
        ),
        ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
        ("{} x", "Extra data: line 1 column 4 (char 3)"),
        ("01", "Extra data: line 1 column 2 (char 1)"),
        (
            "\"a",
            "Unterminated string starting at: line 1 column 1 (char 0)",
        ),
        (
            "\"\\",
            "Unterminated string starting at: line 1 column 1 (char 0)",
        ),
        (
            "\"a\nb\"",
            "Invalid control character at: line 1 column 3 (char 2)",
        ),
        (r#""\x""#, "Invalid \\escape: line 1 column 2 (char 1)"),
        (
            r#""\u12""#,
            "Invalid \\uXXXX escape: line 1 column 3 (char 2)",
        ),
        (
            "\u{feff}{}",
            "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)",
        ),
        ("-", "Expecting value: line 1 column 1 (char 0)"),
        ("nul", "Expecting value: line 1 column 1 (char 0)"),
    ] {
        assert_eq!(complaint(text), words, "{text}");
    }
}

#[test]
fn deep_nesting_overflows_pythons_stack_and_not_ours() {
    let deep = "[".repeat(100_000);
    assert_eq!(Value::parse(&deep), Err(JsonError::TooDeep));
    let fine = format!("{}{}", "[".repeat(500), "]".repeat(500));
    assert!(Value::parse(&fine).is_ok());
}

#[test]
fn numbers_compare_as_python_compares_them() {
    assert!(parse("282.0").equals(282));
    assert!(!parse("282.5").equals(282));
    assert!(!parse("true").equals(1));
    assert_eq!(parse("true").as_number(), None);
    assert_eq!(
        parse(&format!("-{}", "9".repeat(60))).as_number(),
        Some(f64::MIN)
    );
}

#[test]
fn strings_are_quoted_as_python_quotes_them() {
    assert_eq!(repr_text("it's"), "\"it's\"");
    assert_eq!(repr_text("\"it's\""), "'\"it\\'s\"'");
    assert_eq!(repr_text("a\nb\\\u{1}"), "'a\\nb\\\\\\x01'");
}
