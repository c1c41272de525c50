//! The program under test, as a user would run it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::clients::Endpoint;
use super::programs::programs;
use super::scratch::scratch;
use super::tools::{isolated, said};

/// A user of the program: a home of their own, so a pack cache of their own.
#[derive(Debug)]
pub struct Longshore {
    home: TempDir,
}

/// How the user shows who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// `--username` and `--password-stdin`.
    Stdin,
    /// The variables that ch-image reads.
    Environment,
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
    pub fn push(
        &self,
        image: &Path,
        endpoint: &Endpoint,
        reference: &str,
        login: Login,
        options: &[&str],
    ) -> Pushed {
        let digest_file = self.home.path().join("digest");
        let written = digest_file
            .to_str()
            .expect("temporary folders have plain names");
        let options: Vec<_> = options
            .iter()
            .copied()
            .chain(["--digest-file", written])
            .collect();
        let output = self.try_push(image, endpoint, reference, login, &options);
        assert!(
            output.status.success(),
            "the push failed\n{}",
            said(&output)
        );

        let report = json(&output);
        let digest = text(&report["digest"]);
        let written = std::fs::read_to_string(&digest_file)
            .unwrap_or_else(|error| panic!("no digest file: {error}"));
        assert_eq!(written.trim_end(), digest, "--digest-file and --json agree");
        Pushed {
            digest,
            report,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Pushes, whatever becomes of it.
    pub fn try_push(
        &self,
        image: &Path,
        endpoint: &Endpoint,
        reference: &str,
        login: Login,
        options: &[&str],
    ) -> Output {
        let mut command = isolated(Command::new(&programs().longshore));
        command
            .env("HOME", self.home.path())
            .args(["push", "--json", "--storage"])
            .arg(self.home.path().join("storage"))
            .arg("--ca-file")
            .arg(&endpoint.authority)
            .arg("--image")
            .arg(image)
            .args(options);
        let typed = match login {
            Login::Stdin => {
                command.args(["--username", &endpoint.user, "--password-stdin"]);
                format!("{}\n", endpoint.password)
            }
            Login::Environment => {
                command
                    .env("CH_IMAGE_USERNAME", &endpoint.user)
                    .env("CH_IMAGE_PASSWORD", &endpoint.password);
                String::new()
            }
        };
        command.arg(endpoint.reference(reference));
        with_stdin(&mut command, &typed)
    }
}

impl Pushed {
    /// How the layers and the config came to be in the registry.
    pub fn blobs(&self) -> Vec<Blob> {
        let layers = self.report["layers"]
            .as_array()
            .unwrap_or_else(|| panic!("no layers in {:#}", self.report));
        let blobs = layers.iter().chain([&self.report["config"]]);
        blobs
            .map(|blob| Blob {
                digest: text(&blob["digest"]),
                outcome: text(&blob["outcome"]),
            })
            .collect()
    }
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

fn with_stdin(command: &mut Command, typed: &str) -> Output {
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
        .wait_with_output()
        .unwrap_or_else(|error| panic!("cannot wait for {command:?}: {error}"))
}
