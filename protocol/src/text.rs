//! Foreign text, made fit to show to a person: the one rule for which characters are shown as they
//! are. What comes from a registry, a proxy, a certificate or a file name may try to move the cursor,
//! to have a line of its own, or to look like something else.

use std::fmt::{self, Write as _};

/// One printable line of `text`, at most `limit` characters: white space becomes one space,
/// [hidden](is_hidden) characters (terminal escapes among them) go.
#[must_use]
pub fn printable(text: &str, limit: usize) -> String {
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
        for character in word.chars().filter(|c| !is_hidden(*c)) {
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

/// Whether a character acts on a terminal or on the text around it instead of being seen.
///
/// These are the control characters C0, DEL and C1 (Unicode category Cc), what separates lines and
/// paragraphs (Zl, Zp), and what has no width or changes the direction: the `Default_Ignorable` and
/// `Bidi_Control` characters of Unicode 16 that are in category Cf, with the tags.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Displays a text on one line with its [hidden](is_hidden) characters as Rust escapes them, so that
/// two different texts never look the same for them.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(&'a str);

impl<'a> Escaped<'a> {
    /// `text`, to be displayed so.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self(text)
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if is_hidden(character) {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
