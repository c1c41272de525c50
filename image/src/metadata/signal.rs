//! The signal that ends an image's program.

use std::fmt;

/// A signal as `StopSignal` has it (OCI image configuration): `SIGTERM`, `SIGRTMIN+3`, or a number,
/// which docker and podman take as well. Numbers stay numbers: which signal one is depends on the
/// architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopSignal(String);

/// A text that names no signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{}\" is no signal; it is a name such as SIGTERM, SIGRTMIN+3, or a number from 1 to 64",
    text.escape_debug()
)]
#[non_exhaustive]
pub struct UnknownSignal {
    /// The text.
    pub text: String,
}

impl StopSignal {
    /// Reads a name, with or without `SIG`, in any case, or a number.
    ///
    /// # Errors
    /// Linux has no such signal. Docker refuses to run such an image.
    pub fn parse(text: &str) -> Result<Self, UnknownSignal> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            let number = text.parse::<u8>().ok();
            let number = number.filter(|number| (1..=64).contains(number));
            return number
                .map(|number| Self(number.to_string()))
                .ok_or_else(|| unknown(text));
        }
        if NAMES.contains(&name) || is_real_time(name) {
            return Ok(Self(format!("SIG{name}")));
        }
        Err(unknown(text))
    }

    /// The signal as a config has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StopSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn unknown(text: &str) -> UnknownSignal {
    UnknownSignal {
        text: text.to_owned(),
    }
}

fn is_real_time(name: &str) -> bool {
    let offset = name
        .strip_prefix("RTMIN+")
        .or_else(|| name.strip_prefix("RTMAX-"));
    let offset = offset.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let offset = offset.and_then(|text| text.parse::<u8>().ok());
    // Docker knows no others by name.
    name == "RTMIN" || name == "RTMAX" || offset.is_some_and(|offset| (1..=15).contains(&offset))
}

/// signal(7), without `SIG`.
const NAMES: [&str; 34] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL",
    "PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP",
    "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
];
