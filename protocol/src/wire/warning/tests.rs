use super::*;

fn read(values: &[&str]) -> Vec<String> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(WARNING, value.parse().expect("it is a header value"));
    }
    warnings(&headers, &crate::redaction::redacted)
}

#[test]
fn well_formed_warnings_are_read_and_others_ignored() {
    assert_eq!(
        read(&[r#"299 - "the tag \"x\" will go""#]),
        [r#"the tag "x" will go"#]
    );
    for odd in [
        "299 x \"a\"",
        "199 - \"a\"",
        "299 - a",
        "299 - \"a",
        "299 - \"a\\",
        "",
    ] {
        assert!(read(&[odd]).is_empty(), "{odd}");
    }
}

#[test]
fn warnings_are_bounded() {
    let long = format!("299 - \"{}\"", "x".repeat(3000));
    assert_eq!(read(&[&long, &long, "299 - \"short\""]).len(), 1);
}
