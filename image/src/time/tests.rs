use super::*;

fn parsed(text: &str) -> Option<String> {
    parse(text).map(|timestamp| timestamp.to_string())
}

#[test]
fn dates_are_rewritten_in_the_one_form_that_all_read() {
    let cases = [
        (
            "2021-04-14T19:19:39.643236135Z",
            "2021-04-14T19:19:39.643236135Z",
        ),
        // Charliecloud's form.
        ("2023-01-02T03:04:05+00:00", "2023-01-02T03:04:05Z"),
        ("2023-01-02T03:04:05-07:00", "2023-01-02T10:04:05Z"),
        ("2023-01-02t03:04:05z", "2023-01-02T03:04:05Z"),
        ("2023-01-02 03:04:05", "2023-01-02T03:04:05Z"),
        ("2023-01-02", "2023-01-02T00:00:00Z"),
        (" 2023-01-02\n", "2023-01-02T00:00:00Z"),
        // Docker's for "unknown".
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        // Python knows no leap seconds.
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
    ];
    for (text, expected) in cases {
        assert_eq!(parsed(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "",
        "yesterday",
        "2023-13-01T00:00:00Z",
        "0000-12-31T23:59:59Z",
        "-000001-01-01",
    ] {
        assert_eq!(parsed(text), None, "{text}");
    }
}

#[test]
fn an_epoch_beyond_all_dates_is_the_last_one() {
    assert_eq!(
        from_epoch(1_000_000_000).to_string(),
        "2001-09-09T01:46:40Z"
    );
    assert_eq!(from_epoch(u64::MAX), Timestamp::MAX);
    assert!(Timestamp::MAX.to_string().starts_with("9999-"));
}
