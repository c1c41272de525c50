use super::*;

#[test]
fn text_becomes_one_harmless_line() {
    assert_eq!(printable(" a\n\tb  c ", 99), "a b c");
    assert_eq!(
        printable("\u{1b}[31mred\u{1b}[0m \u{202e}gnp", 99),
        "[31mred[0m gnp"
    );
    assert_eq!(printable("abcdef", 3), "abc\u{2026}");
}

#[test]
fn what_hides_or_reorders_text_is_not_shown() {
    let hidden = [
        '\0',
        '\t',
        '\u{7f}',
        '\u{9b}',
        '\u{ad}',
        '\u{61c}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{2028}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{feff}',
        '\u{fffa}',
        '\u{e0041}',
    ];
    for character in hidden {
        assert!(is_hidden(character), "{character:?}");
        let text = format!("a{character}b");
        let shown = Escaped::new(&text).to_string();
        assert_eq!(shown, format!("a{}b", character.escape_default()));
        assert!(!printable(&text, 99).contains(character));
    }
    for character in ['a', ' ', '\u{a0}', 'é', '\u{301}', '中', 'ع', '👩'] {
        assert!(!is_hidden(character), "{character:?}");
        assert_eq!(
            Escaped::new(&character.to_string()).to_string(),
            character.to_string()
        );
    }
}
