//! `longshore`: pushes unpacked container images into registries.
//!
//! [`main`] is the program without the process around it. The modules from top to bottom: `args`
//! and `environment` are what comes in, [`plan`] makes sense of it once, [`push`] and [`demo`]
//! carry it out, [`console`] says what happens, and [`exit`] and [`failure`] how it ended.

mod architecture;
mod args;
mod bounded;
pub mod cache;
pub mod console;
pub mod credentials;
pub mod demo;
mod digest_file;
pub mod embedded;
pub mod environment;
pub mod exit;
pub mod failure;
pub mod interrupt;
mod metadata;
mod open_files;
pub mod plan;
pub mod push;
pub mod source;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Parser;

use args::Arguments;
use console::Console;
use environment::Environment;
use exit::Exit;
use failure::Failure;
use interrupt::Interrupt;
use longshore_protocol::redaction::redacted;
use plan::Plan;

/// Runs the program with these arguments, the first one being its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    open_files::allow_many();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // To ch-image, a question of its own, wherever it stands: what is missing on this machine?
    // Nothing, which is said by saying nothing.
    let mut options = arguments.iter().take_while(|argument| *argument != "--");
    if options.any(|argument| argument == "--dependencies") {
        return Exit::Done;
    }
    match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => run(parsed),
        Err(error) => refuse(&error, &arguments),
    }
}

fn run(arguments: Arguments) -> Exit {
    let environment = Environment::read();
    let console = Console::new(plan::output(&arguments, &environment));
    for option in arguments.foreign() {
        console.detail(format!(
            "{option}: an option of ch-image, without meaning here"
        ));
    }
    match carry_out(arguments, &environment, &console) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            console.failure(&failure);
            if console.is_json() {
                // The failure itself is what counts now.
                let _ = console::result(&push::failure_to_json(&failure));
            }
            failure.exit()
        }
    }
}

fn carry_out(
    arguments: Arguments,
    environment: &Environment,
    console: &Console,
) -> Result<(), Failure> {
    let interrupt = Interrupt::install()?;
    match Plan::new(arguments, environment)? {
        Plan::Push(plan) => {
            let summary = push::run(&plan, console, &interrupt)?;
            console::result(&summary.to_text(console.is_json()))
        }
        Plan::Cache(plan) => cache::run(&plan, console),
        Plan::Demo(profile) => demo::run(profile, console, &interrupt),
    }
}

/// What clap says: help and version, or what is wrong with the command line.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let text = error.render().to_string();
    // What is wrong may be that a password stands on the command line.
    let shown = if error.use_stderr() {
        redacted(&text)
    } else {
        text.clone()
    };
    // A reader who has seen enough of the help is no error.
    let _ = if shown == text {
        error.print()
    } else {
        io::stderr().write_all(shown.as_bytes())
    };
    if !error.use_stderr() {
        return Exit::Done;
    }
    if arguments.iter().any(|argument| argument == "--json") {
        let text = shown;
        let message = text.lines().next().unwrap_or_default();
        let failure = Failure::usage(message.strip_prefix("error: ").unwrap_or(message));
        let _ = console::result(&push::failure_to_json(&failure));
    }
    Exit::Usage
}
