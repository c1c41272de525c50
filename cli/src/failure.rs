//! Why a run failed, as a person and as a program get to see it.

mod pack;

use std::error::Error;
use std::fmt;

use longshore_protocol::{PushError, ReferenceError};

use crate::console::plain;
use crate::exit::Exit;

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(Box<Details>);

/// One sentence, what lies below it, and what a person can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// The class, which is the exit code.
    pub exit: Exit,
    /// What was being done.
    pub phase: String,
    /// One sentence.
    pub message: String,
    /// What led to it, the nearest cause first.
    pub causes: Vec<String>,
    /// What a person can do about it.
    pub hint: Option<String>,
    /// A text with the place in it that is wrong.
    pub spot: Option<Spot>,
    /// The status that the registry answered with.
    pub status: Option<u16>,
    /// The error code that the registry answered with.
    pub code: Option<String>,
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    text: String,
    column: usize,
}

impl Spot {
    /// The character at `position`, counted from one, or the end of `text` just behind the last.
    pub fn new(text: &str, position: usize) -> Self {
        let before: String = text.chars().take(position.saturating_sub(1)).collect();
        // What is shown may be longer than what was given: control characters are spelt out.
        Self {
            text: plain(text),
            column: plain(&before).chars().count(),
        }
    }

    /// The text, and a mark below the place.
    pub fn lines(&self) -> [String; 2] {
        [self.text.clone(), format!("{}^", " ".repeat(self.column))]
    }
}

impl Failure {
    /// A failure of class `exit` while `phase`.
    pub fn new(exit: Exit, phase: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            exit,
            phase: phase.into(),
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            spot: None,
            status: None,
            code: None,
        }))
    }

    /// The class, which is the exit code.
    pub fn exit(&self) -> Exit {
        self.0.exit
    }

    /// All there is to say.
    pub fn details(&self) -> &Details {
        &self.0
    }

    /// A mistake in how the program was called.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "reading the command line", message)
    }

    /// What came of a person pressing Ctrl-C while `phase`.
    pub fn cancelled(phase: impl Into<String>) -> Self {
        let phase = phase.into();
        let message = format!("cancelled while {phase}");
        Self::new(Exit::Cancelled, phase, message)
    }

    /// A reference that is none. `what` says whose: "IMAGE_REF".
    pub fn reference(what: &str, error: &ReferenceError) -> Self {
        let mut failure = Self::usage(format!("{what}: {}", plain(&error.to_string())));
        failure.0.spot = Some(Spot::new(&error.text, error.position));
        let hint = if error.has_credentials() {
            CREDENTIALS
        } else {
            "a reference is [HOST[:PORT]/]NAME[:TAG], as in registry.example:5000/team/app:1.0"
        };
        failure.0.hint = Some(hint.to_owned());
        failure
    }

    /// A push to `destination` that failed.
    pub fn push(destination: &str, error: &PushError) -> Self {
        let exit = Exit::from(error.kind());
        if exit == Exit::Cancelled {
            return Self::cancelled(error.phase().to_string());
        }
        let said = plain(&error.to_string());
        // Once is enough.
        let message = if said.contains(destination) {
            format!("cannot push: {said}")
        } else {
            format!("cannot push to {destination}: {said}")
        };
        let mut failure = Self::new(exit, error.phase().to_string(), message);
        failure.0.causes = causes(error);
        failure.0.hint = error.hint().map(plain);
        if let Some(answer) = error.answer() {
            failure.0.status = Some(answer.status.as_u16());
            failure.0.code = answer.code.as_ref().map(|code| plain(&code.to_string()));
        }
        failure
    }

    /// The same failure with what led to it.
    #[must_use]
    pub fn because(mut self, error: &dyn Error) -> Self {
        self.0.causes.push(plain(&error.to_string()));
        self.0.causes.extend(causes(error));
        self
    }

    /// The same failure with advice.
    #[must_use]
    pub fn hinting(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same failure with one more thing to know.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.0.causes.push(note.into());
        self
    }

    /// The same failure with the place that is wrong.
    #[must_use]
    pub fn at(mut self, spot: Spot) -> Self {
        self.0.spot = Some(spot);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for Failure {}

/// The causes of `error` that its own text does not repeat already.
fn causes(error: &dyn Error) -> Vec<String> {
    let mut shown = error.to_string();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !shown.contains(&text) {
            causes.push(plain(&text));
            shown = text;
        }
        next = cause.source();
    }
    causes
}

/// How credentials are given. What stands on a command line, other users of the machine can read.
pub(crate) const CREDENTIALS: &str = "give them with --username and --password-stdin, or in \
    $CH_IMAGE_USERNAME and $CH_IMAGE_PASSWORD, or log in with podman or docker; and change a password \
    that stood on a command line";

const PACKING: &str = "packing the image";
