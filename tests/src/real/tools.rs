//! Programs of the distribution, run so that nothing of the caller's own configuration leaks in.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Those of `names` that are not installed.
pub fn missing(names: &[&'static str]) -> Vec<&'static str> {
    let path = search_path();
    let found = |name: &&&'static str| {
        !path
            .split(':')
            .any(|folder| Path::new(folder).join(name).is_file())
    };
    names.iter().filter(found).copied().collect()
}

/// A command for a tool of the distribution, with no home, no input and no proxies.
pub fn tool(name: &str) -> Command {
    isolated(Command::new(name))
}

/// Takes the caller's environment away from a command, but for what every program needs.
pub fn isolated(mut command: Command) -> Command {
    command
        .env_clear()
        .env("PATH", search_path())
        .env("HOME", HOME)
        .env("XDG_RUNTIME_DIR", HOME)
        // ch-image wants to know, and `sudo`-less containers do not say.
        .env("USER", "tester")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end; panics with all it said unless it succeeds.
pub fn run(command: &mut Command) -> Output {
    let output = finish(command);
    assert!(
        output.status.success(),
        "{command:?} failed\n{}",
        said(&output)
    );
    output
}

/// Runs a command to its end, whatever that is.
pub fn finish(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}

/// Exit status, stdout and stderr, for the message of a failed assertion.
pub fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}\nstdout: {}\nstderr: {}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// Debian's folders first: its Python programs must find Debian's Python.
fn search_path() -> String {
    let inherited = std::env::var("PATH").unwrap_or_default();
    format!("/usr/bin:/usr/sbin:/bin:/sbin:{inherited}")
}

/// Nobody's, so that no configuration, login or cache of the machine's users takes part.
const HOME: &str = "/nonexistent";
