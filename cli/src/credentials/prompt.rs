//! Asking a person.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use longshore_protocol::Credentials;

use crate::console::{Console, plain};
use crate::interrupt::Interrupt;

/// What is asked.
pub(super) struct Question {
    /// The registry.
    pub(super) registry: String,
    /// Who will see the answer.
    pub(super) recipient: String,
    /// The user name, if it is known.
    pub(super) username: Option<String>,
}

/// Asks for a user name, if need be, and a password. `None` if nobody answers or somebody presses
/// Ctrl-C.
pub(super) fn ask(
    question: Question,
    console: &Console,
    interrupt: &Interrupt,
) -> Option<Credentials> {
    let registry = plain(&question.registry);
    let recipient = plain(&question.recipient);
    if recipient.ends_with(&format!("//{registry}")) {
        console.ask(format!("{registry} wants to know who is pushing"));
    } else {
        // The registry chose who gets the password, so a person should see who that is.
        console.ask(format!(
            "{registry} wants to know who is pushing, and {recipient} checks it"
        ));
    }
    // The other thread switches the echo off.
    let _echo = interrupt.keep_echo();
    // A read from a terminal cannot be called off, so it has a thread of its own to be stuck in.
    let (sender, answers) = mpsc::channel();
    let asking = thread::Builder::new()
        .name("prompt".to_owned())
        .spawn(move || {
            let _ = sender.send(read(question.username));
        });
    if let Err(error) = asking {
        console.warn(format!("cannot ask for a password: {error}"));
        return None;
    }
    let answer = loop {
        match answers.recv_timeout(TICK) {
            Ok(answer) => break answer,
            Err(RecvTimeoutError::Timeout) if !interrupt.is_raised() => {}
            Err(_) => return None,
        }
    };
    match answer {
        Ok(credentials) => credentials,
        Err(error) => {
            if error.kind() != io::ErrorKind::Interrupted {
                console.warn(format!("cannot ask for a password: {error}"));
            }
            None
        }
    }
}

fn read(username: Option<String>) -> io::Result<Option<Credentials>> {
    let username = match username {
        Some(username) => username,
        None => {
            io::Write::write_all(&mut io::stderr(), b"Username: ")?;
            let mut line = String::new();
            io::stdin().read_line(&mut line)?;
            line.trim().to_owned()
        }
    };
    if username.is_empty() {
        return Ok(None);
    }
    let password = rpassword::prompt_password("Password: ")?;
    Ok(Some(Credentials::password(username, password)))
}

/// How long Ctrl-C may take to be noticed.
const TICK: Duration = Duration::from_millis(50);
