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
