//! Strangers' names in messages for people.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

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
        for c in self.0.to_string_lossy().chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}
