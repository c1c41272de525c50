//! Foreign text, made fit to show to a person.

/// One printable line of `text`, at most `limit` characters: white space becomes one space, control
/// characters (terminal escapes among them) go.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut kept = 0;
    for word in text.split_whitespace() {
        if kept >= limit {
            out.push('\u{2026}');
            return out;
        }
        if kept > 0 {
            out.push(' ');
            kept += 1;
        }
        for character in word.chars().filter(|c| !is_invisible(*c)) {
            if kept >= limit {
                out.push('\u{2026}');
                return out;
            }
            out.push(character);
            kept += 1;
        }
    }
    out
}

/// The bytes without a byte order mark in front, which JSON must not have and may be read without
/// (RFC 8259, section 8.1).
pub(crate) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// Control characters, and the ones that reorder or hide the text around them.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
