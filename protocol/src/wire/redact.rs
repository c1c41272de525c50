//! What outsiders' words become before a person sees them.

use std::fmt;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for a header or a body.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// One line of at most 300 characters, without what would steer a terminal.
pub(crate) fn one_line(text: &str) -> String {
    let printable = |c: char| if is_steering(c) { ' ' } else { c };
    let spaced: String = text.chars().take(SEEN).map(printable).collect();
    let mut line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Takes every one of `secrets` out of `text`: registries have been seen to echo headers in errors.
pub(crate) fn scrub<'a>(text: String, secrets: impl Iterator<Item = &'a str>) -> String {
    secrets
        .filter(|secret| secret.len() >= SHORTEST_SECRET)
        .fold(text, |text, secret| text.replace(secret, "[redacted]"))
}

/// Control characters, and the marks that turn the direction of text.
fn is_steering(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

const LONGEST: usize = 300;
/// How much of a text is looked at at all.
const SEEN: usize = 4 * LONGEST;
/// Shorter ones would turn innocent words into riddles, and are no secrets.
const SHORTEST_SECRET: usize = 4;

#[cfg(test)]
mod tests;
