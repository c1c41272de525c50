//! What a person reads: everything on standard error but the result, which is alone on standard
//! output.

mod bar;
pub mod words;

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;
use longshore_protocol::text::Escaped;

use crate::exit::Exit;
use crate::failure::Failure;

pub use bar::Meter;

/// How much is said and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// How much.
    pub verbosity: Verbosity,
    /// Whether the result is JSON.
    pub json: bool,
    /// Whether there are colours.
    pub colours: bool,
    /// Whether a progress bar can be drawn.
    pub bars: bool,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors.
    Silent,
    /// And warnings.
    Quiet,
    /// And what is being done, with progress.
    Normal,
    /// And details.
    Verbose,
    /// And every step.
    Debug,
}

/// Where things are said. Shared by all threads.
pub struct Console {
    output: Output,
    bar: Mutex<Option<ProgressBar>>,
    warnings: Mutex<Vec<String>>,
}

impl Console {
    /// A console that says as much as `output` allows.
    #[must_use]
    pub fn new(output: Output) -> Self {
        Self {
            output,
            bar: Mutex::new(None),
            warnings: Mutex::new(Vec::new()),
        }
    }

    /// Whether the result is wanted as JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.output.json
    }

    /// Whether details are told.
    #[must_use]
    pub fn is_detailed(&self) -> bool {
        self.is_heard(Verbosity::Verbose)
    }

    /// What is being done.
    pub fn say(&self, text: impl AsRef<str>) {
        self.line(Verbosity::Normal, Colour::None, "", text.as_ref());
    }

    /// A detail.
    pub fn detail(&self, text: impl AsRef<str>) {
        self.line(Verbosity::Verbose, Colour::None, "", text.as_ref());
    }

    /// A step.
    pub fn step(&self, text: impl AsRef<str>) {
        self.line(Verbosity::Debug, Colour::None, "", text.as_ref());
    }

    /// Something that went well enough to go on, but that a person should know.
    pub fn warn(&self, text: impl AsRef<str>) {
        let text = text.as_ref();
        lock(&self.warnings).push(text.to_owned());
        self.line(Verbosity::Quiet, Colour::Yellow, "warning: ", text);
    }

    /// All warnings so far.
    pub fn warnings(&self) -> Vec<String> {
        lock(&self.warnings).clone()
    }

    /// What stands before a question: whoever is asked has to see it.
    pub fn ask(&self, text: impl AsRef<str>) {
        self.line(Verbosity::Silent, Colour::None, "", text.as_ref());
    }

    /// How the run ended, if it ended badly.
    pub fn failure(&self, failure: &Failure) {
        let details = failure.details();
        self.line(Verbosity::Silent, Colour::Red, "error: ", &details.message);
        if let Some(spot) = &details.spot {
            for line in spot.lines() {
                self.line(Verbosity::Silent, Colour::None, "  ", &line);
            }
        }
        for cause in &details.causes {
            self.line(Verbosity::Silent, Colour::None, "caused by: ", cause);
        }
        if let Some(hint) = &details.hint {
            self.line(Verbosity::Silent, Colour::Cyan, "hint: ", hint);
        }
    }

    /// A meter of `total` bytes (or nobody knows how many), drawn behind `label`.
    #[must_use]
    pub fn meter(&self, label: impl Into<String>, total: Option<u64>) -> Meter<'_> {
        Meter::new(self, label.into(), total)
    }

    fn is_heard(&self, level: Verbosity) -> bool {
        self.output.verbosity >= level
    }

    fn line(&self, level: Verbosity, colour: Colour, label: &str, text: &str) {
        if !self.is_heard(level) {
            return;
        }
        let write = || {
            let (on, off) = if self.output.colours {
                colour.codes()
            } else {
                ("", "")
            };
            // Nobody can be told that standard error is gone.
            let _ = writeln!(io::stderr().lock(), "{on}{label}{off}{text}");
        };
        match &*lock(&self.bar) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// Writes the result to standard output. Whoever stopped reading is not bothered with it.
///
/// # Errors
/// It cannot be written although somebody reads.
pub fn result(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Unexpected,
            "writing the result",
            "the push is done, but its result cannot be written to standard output",
        )
        .because(&error)),
        _ => Ok(()),
    }
}

/// `text` without control characters: it may come from a stranger who wants to move the cursor, or
/// to have a line of his own.
#[must_use]
pub fn plain(text: &str) -> String {
    Escaped::new(text).to_string()
}

/// What is kept here is whole even where a thread that held it has panicked.
fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy)]
enum Colour {
    None,
    Red,
    Yellow,
    Cyan,
}

impl Colour {
    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::None => ("", ""),
            Self::Red => ("\x1b[1;31m", "\x1b[0m"),
            Self::Yellow => ("\x1b[33m", "\x1b[0m"),
            Self::Cyan => ("\x1b[36m", "\x1b[0m"),
        }
    }
}

#[cfg(test)]
mod tests;
