use super::*;

#[test]
fn every_form_that_is_seen_is_read() {
    for (value, claimed) in [
        ("0-0", Some(Claim::NothingOrOne)),
        ("bytes=0-0", Some(Claim::NothingOrOne)),
        ("0-9", Some(Claim::Bytes(10))),
        ("bytes=0-9", Some(Claim::Bytes(10))),
        ("bytes 0-9/10", Some(Claim::Bytes(10))),
        (" 0-9 ", Some(Claim::Bytes(10))),
        ("0--1", Some(Claim::Bytes(0))),
        ("bytes=0--1", Some(Claim::Bytes(0))),
        ("5-9", None),
        ("-1", None),
        ("0-", None),
        ("0-x", None),
        ("0-+9", None),
        ("", None),
        ("0-18446744073709551615", None),
        ("0-99999999999999999999", None),
    ] {
        assert_eq!(claim(value), claimed, "{value}");
    }
}
