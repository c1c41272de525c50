use super::*;

#[test]
fn a_range_is_two_numbers_and_nothing_else() {
    assert_eq!(parse_range("0-4"), Some((0, 5)));
    assert_eq!(parse_range("5-4"), Some((5, 0)));
    for text in [
        "",
        "-",
        "0-",
        "-4",
        "5-3",
        "+0-4",
        "bytes=0-4",
        "0-4/5",
        "0 - 4",
        "0-18446744073709551615",
    ] {
        assert_eq!(parse_range(text), None, "{text}");
    }
}

#[test]
fn range_templates_know_five_numbers() {
    let session = |stored, first, chunk| Session {
        name: String::new(),
        stored,
        opened: Duration::ZERO,
        touched: Duration::ZERO,
        state: String::new(),
        chunks: 0,
        first,
        chunk,
        unfit: false,
        single: false,
        upload: None,
    };
    let all = "{stored} {last} {last0} {first} {chunk}";
    assert_eq!(fill(all, &session(0, 0, 0)), "0 -1 0 0 0");
    assert_eq!(fill(all, &session(7, 3, 4)), "7 6 6 2 3");
    assert_eq!(fill("", &session(7, 3, 4)), "");
}
