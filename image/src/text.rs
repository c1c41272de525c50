//! Strangers' names in messages for people, and how far they are from names that are known.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use longshore_protocol::text::Escaped;

/// A path for a message, on one line and without control characters.
///
/// Any byte string may be a file name in an image, so a name may try to move the cursor or to look
/// like a line of its own. What is not text is shown as U+FFFD, which loses nothing a person could
/// have read.
pub(crate) struct Shown<'a>(&'a OsStr);

impl<'a> Shown<'a> {
    pub(crate) fn path(path: &'a Path) -> Self {
        Self(path.as_os_str())
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped::new(&self.0.to_string_lossy()).fmt(f)
    }
}

/// How many characters have to be changed, added or left out to get from `a` to `b` (Levenshtein).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
