use super::*;

fn refused<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    let failure = result.unwrap_err();
    let details = failure.details();
    format!(
        "{} {}",
        details.message,
        details.hint.as_deref().unwrap_or_default()
    )
}

#[test]
fn a_command_is_a_list_or_one_word() {
    let command = |text: &str| words("--cmd", Some(text)).unwrap().unwrap();
    assert_eq!(command("/app"), ["/app"]);
    assert_eq!(command("--port=80,81"), ["--port=80,81"]);
    assert_eq!(command(r#" ["/a b", "", "c\n"] "#), ["/a b", "", "c\n"]);
    for nothing in ["", " ", "[]"] {
        assert_eq!(command(nothing), [""; 0]);
    }
    assert_eq!(words("--cmd", None).unwrap(), None);
    for list in ["[", "[1]", "['/app']", "[\"a\"] b", "[", r#"["a", null]"#] {
        let text = refused(words("--cmd", Some(list)));
        assert!(text.contains("not a list of strings"), "{text}");
    }
    let text = refused(words("--entrypoint", Some("/app  --serve")));
    assert!(text.contains(r#"'["/app","--serve"]'"#), "{text}");
    assert!(
        text.contains(r#"'["/bin/sh","-c","/app  --serve"]'"#),
        "{text}"
    );
    assert!(refused(words("--cmd", Some(r#"["\u0000"]"#))).contains("U+0000"));
}

#[test]
fn dates_come_in_four_forms() {
    let read = |text, epoch| date(text, epoch).unwrap().to_string();
    assert_eq!(
        read("2026-01-31T12:00:00+01:00", None),
        "2026-01-31T11:00:00Z"
    );
    assert_eq!(read("2026-01-31", None), "2026-01-31T00:00:00Z");
    assert_eq!(read("@1000000000", None), "2001-09-09T01:46:40Z");
    assert_eq!(read("epoch", Some(5)), "1970-01-01T00:00:00Z");
    assert_eq!(
        read("now", Some(5)),
        "1970-01-01T00:00:05Z",
        "the time of the build"
    );
    assert!(read("now", None).starts_with("20"));
    assert_eq!(
        read("2026-01-31", Some(5)),
        "2026-01-31T00:00:00Z",
        "as it was said"
    );
    for text in [
        "",
        "2026",
        "1000000000000000000000",
        "@",
        "@x",
        "@1e9",
        "@999999999999",
        "tomorrow",
    ] {
        assert!(refused(date(text, None)).contains("--created"), "{text}");
    }
}
