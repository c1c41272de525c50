//! The program under test, as a user would run it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::clients::Endpoint;
use super::programs::programs;
use super::scratch::{must, scratch};
use super::tools::{isolated, said};

/// A user of the program: a home of their own, so a pack cache of their own.
#[derive(Debug)]
pub struct Longshore {
    home: TempDir,
}

/// A push to be made.
#[derive(Clone, Copy, Debug)]
pub struct Push<'a> {
    /// What.
    pub source: Source<'a>,
    /// Where.
    pub endpoint: &'a Endpoint,
    /// By which name there.
    pub reference: &'a str,
    /// As whom.
    pub login: Login,
    /// How else.
    pub options: &'a [&'a str],
}

/// Where the image is.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// In this directory: `--image`.
    Directory(&'a Path),
    /// In a storage directory of ch-image's, by its name there.
    Storage {
        /// The storage directory: `--storage`.
        storage: &'a Path,
        /// The image's name in it.
        name: &'a str,
    },
}

/// How the user shows who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// `--username` and `--password-stdin`.
    Stdin,
    /// The variables that ch-image reads.
    Environment,
}

/// The signal that stops a push.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// Ctrl-C.
    Interrupt,
    /// What a supervisor sends.
    Terminate,
}

/// What a push that went well reported.
#[derive(Debug)]
pub struct Pushed {
    /// Of the manifest.
    pub digest: String,
    /// The whole object that `--json` printed.
    pub report: Value,
    /// What a person saw.
    pub stderr: String,
}

impl<'a> Push<'a> {
    /// A directory, with a typed password and nothing else.
    pub fn new(image: &'a Path, endpoint: &'a Endpoint, reference: &'a str) -> Self {
        Self {
            source: Source::Directory(image),
            endpoint,
            reference,
            login: Login::Stdin,
            options: &[],
        }
    }
}

/// One blob in the report of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Of its content.
    pub digest: String,
    /// How it got there: `uploaded`, `existed` or `mounted`.
    pub outcome: String,
}

impl Longshore {
    /// Somebody who has never pushed.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        Self { home: scratch() }
    }

    /// Pushes and must succeed.
    pub fn push(&self, push: &Push<'_>) -> Pushed {
        let output = self.try_push(push);
        assert!(
            output.status.success(),
            "the push failed\n{}",
            said(&output)
        );

        let report = json(&output);
        let digest = text(&report["digest"]);
        let path = self.digest_file();
        let written = must(&path, std::fs::read_to_string(&path));
        assert_eq!(written.trim_end(), digest, "--digest-file and --json agree");
        Pushed {
            digest,
            report,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Pushes, whatever becomes of it.
    pub fn try_push(&self, push: &Push<'_>) -> Output {
        ended(self.start_push(push))
    }

    /// Pushes, and stops that `pause` after `is_begun`, if it has not ended before.
    pub fn stop_push(
        &self,
        push: &Push<'_>,
        stop: Stop,
        is_begun: impl Fn() -> bool,
        pause: Duration,
    ) -> Output {
        let mut child = self.start_push(push);
        let is_running = |child: &mut Child| matches!(child.try_wait(), Ok(None));
        while is_running(&mut child) && !is_begun() {
            thread::yield_now();
        }
        thread::sleep(pause);
        if is_running(&mut child) {
            let signal = match stop {
                Stop::Interrupt => Signal::INT,
                Stop::Terminate => Signal::TERM,
            };
            // It may have ended just now.
            let _ = kill_process(Pid::from_child(&child), signal);
        }
        ended(child)
    }

    fn start_push(&self, push: &Push<'_>) -> Child {
        let Push {
            source,
            endpoint,
            reference,
            login,
            options,
        } = push;
        let mut command = isolated(Command::new(&programs().longshore));
        command
            .env("HOME", self.home.path())
            .args(["push", "--json", "--ca-file"]);
        command
            .arg(&endpoint.authority)
            .arg("--digest-file")
            .arg(self.digest_file());
        command.args(*options);
        let typed = match login {
            Login::Stdin => {
                command.args(["--username", &endpoint.user, "--password-stdin"]);
                format!("{}\n", endpoint.password)
            }
            Login::Environment => {
                command.env("CH_IMAGE_USERNAME", &endpoint.user);
                command.env("CH_IMAGE_PASSWORD", &endpoint.password);
                String::new()
            }
        };
        match source {
            Source::Directory(path) => command.arg("--image").arg(path),
            Source::Storage { storage, name } => command.arg("--storage").arg(storage).arg(name),
        };
        command.arg(endpoint.reference(reference));
        with_stdin(&mut command, &typed)
    }

    fn digest_file(&self) -> PathBuf {
        self.home.path().join("digest")
    }
}

impl Pushed {
    /// How the layers came to be in the registry, and last the config.
    pub fn blobs(&self) -> Vec<Blob> {
        let mut blobs = self.layers();
        blobs.push(Blob::read(&self.report["config"]));
        blobs
    }

    /// How the layers came to be in the registry.
    pub fn layers(&self) -> Vec<Blob> {
        let layers = self.report["layers"]
            .as_array()
            .unwrap_or_else(|| panic!("no layers in {:#}", self.report));
        layers.iter().map(Blob::read).collect()
    }
}

impl Blob {
    fn read(blob: &Value) -> Self {
        Self {
            digest: text(&blob["digest"]),
            outcome: text(&blob["outcome"]),
        }
    }
}

/// Pushes a directory without a login through a proxy, whatever becomes of it. `authority` is trusted
/// by way of the environment.
pub fn through_proxy(
    proxy: &str,
    authority: &Path,
    image: &Path,
    reference: &str,
    options: &[&str],
) -> Output {
    let mut command = isolated(Command::new(&programs().longshore));
    command
        .env("ALL_PROXY", proxy)
        .env("REQUESTS_CA_BUNDLE", authority)
        .args(["push", "--no-cache", "--image"])
        .arg(image)
        .args(options)
        .arg(reference);
    ended(with_stdin(&mut command, ""))
}

/// The object that `--json` printed, be it a report or an error.
pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("--json printed no single object: {error}\n{}", said(output))
    })
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no string"))
        .to_owned()
}

fn with_stdin(command: &mut Command, typed: &str) -> Child {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("stdin was piped above");
    // A program that ends without reading a password has something else to say.
    let _ = stdin.write_all(typed.as_bytes());
    drop(stdin);
    child
}

fn ended(child: Child) -> Output {
    child
        .wait_with_output()
        .unwrap_or_else(|error| panic!("cannot wait for longshore: {error}"))
}
