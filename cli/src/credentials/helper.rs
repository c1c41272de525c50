//! Credential helpers: programs named `docker-credential-NAME` that keep passwords in a keychain.
//!
//! The protocol is small (docker-credential-helpers, `client/command.go`): `get` as argument, the
//! server on standard input, a JSON object or a complaint on standard output. The crate
//! `docker_credential` speaks it, but takes a helper that does not read its input for a broken one,
//! and says neither which helper is missing nor why one failed.

use std::io::{self, Write};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use longshore_protocol::{Credentials, Secret};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use crate::console::plain;

/// What `docker-credential-NAME` has for `server`.
///
/// Errors are sentences for a person and never quote what the helper says, which may be a password.
pub(super) fn get(name: &str, server: &str) -> Result<Option<Credentials>, String> {
    let program = format!("docker-credential-{name}");
    let shown = plain(&program);
    // With a slash in it, it would be a path instead of a name to look for in $PATH.
    if name.contains(['/', '\0']) {
        return Err(format!("{shown}, which it names, is no name of a helper"));
    }
    let output = run(&program, server, PATIENCE).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!("the credential helper {shown}, which it names, is not in $PATH")
        }
        _ => format!("cannot run the credential helper {shown}: {error}"),
    })?;
    if !output.status.success() {
        let has_none = [&output.stdout, &output.stderr]
            .iter()
            .any(|said| String::from_utf8_lossy(said).contains(NOT_FOUND));
        return if has_none {
            Ok(None)
        } else {
            Err(format!("{shown} failed ({})", output.status))
        };
    }
    let Ok(Answer { username, secret }) = serde_json::from_slice(&output.stdout) else {
        return Err(format!("what {shown} says makes no sense"));
    };
    Ok(
        match (
            username.as_str(),
            secret.filter(|text| !text.expose().is_empty()),
        ) {
            ("" | TOKEN, None) => None,
            // An empty password is one, to skopeo 1.9.3 and docker 7.1.0 of PyPI, too.
            (_, None) => Some(Credentials::password(username, "")),
            (TOKEN, Some(secret)) => Some(Credentials::IdentityToken(secret)),
            (_, Some(secret)) => Some(Credentials::password(username, secret)),
        },
    )
}

/// Runs the helper, and kills it if it has not ended after `patience`.
fn run(program: &str, server: &str, patience: Duration) -> io::Result<Output> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that knows one server only need not read which one is asked for, and may have
        // ended before it could be told (EPIPE). What it says, and how it ended, decides. A name is
        // shorter than a pipe is deep, so that this cannot block.
        let _ = input.write_all(server.as_bytes());
    }
    let pid = Pid::from_child(&child);
    let (sender, ended) = mpsc::channel();
    let waiting = thread::Builder::new()
        .name("helper".to_owned())
        .spawn(move || {
            let _ = sender.send(child.wait_with_output());
        });
    let output = match waiting {
        Ok(_) => ended.recv_timeout(patience).map_err(|_| {
            let seconds = patience.as_secs();
            io::Error::other(format!("no answer within {seconds} seconds"))
        }),
        Err(error) => Err(error),
    };
    if output.is_err() {
        let _ = kill_process(pid, Signal::KILL);
    }
    output?
}

/// A helper's answer. Go's programs take its members in lower case, too.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username", alias = "username", default)]
    username: String,
    #[serde(
        rename = "Secret",
        alias = "secret",
        default,
        deserialize_with = "secret"
    )]
    secret: Option<Secret>,
}

fn secret<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Secret::from))
}

/// How long a helper may take. Some ask a person for a passphrase.
const PATIENCE: Duration = Duration::from_secs(120);

/// The user name by which helpers say that the secret is an identity token.
const TOKEN: &str = "<token>";

/// What every credential helper says when it has nothing (docker-credential-helpers,
/// `credentials/error.go`).
const NOT_FOUND: &str = "credentials not found";

#[cfg(test)]
mod tests;
