//! Which credentials readers of `auth.json` and `config.json` send: Longshore, skopeo, and the docker
//! SDK of PyPI, which hands them to a daemon. What each sends for each set of files is in `credentials/`.
//!
//! skopeo and Longshore send them to a registry on this machine; what docker's SDK would give to the
//! daemon is asked of the function that makes the header. Longshore must send what one of the others
//! does, or the row says why not.
//!
//! Left out: `/run/containers/UID/auth.json`, which is outside of any test's folder.

mod entries;
mod helpers;
mod keys;
mod listener;
mod places;

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use longshore_tests::real::programs::programs;
use longshore_tests::real::scratch::{must, scratch};
use longshore_tests::real::tools::{finish, isolated, said, tool};
use serde_json::Value;
use tempfile::TempDir;

use self::listener::Listener;
use crate::harness::{Shared, Told};
use crate::readers::{installed, not_installed};

/// Files, and what each reader makes of them. In their texts, `{hp}` is the registry, `{port}` its
/// port, `{folder}` the test's folder, and a name in braces what stands for that user in `auth`.
pub(crate) struct Row {
    what: &'static str,
    files: Files,
    sent: [Sent; 3],
    /// Why Longshore sends something else than both others, if so.
    because: Option<&'static str>,
}

/// Where readers look.
enum Files {
    /// In docker's `config.json` with this text.
    Docker(&'static str),
    /// In files with these paths and texts, and by variables with these names and values.
    Several(&'static [Pair], &'static [Pair]),
}

type Pair = (&'static str, &'static str);

/// What a reader sends: Longshore, skopeo and docker's SDK, in this order.
#[derive(Clone, Copy)]
pub(crate) enum Sent {
    /// It asks without credentials, and says nothing about files.
    Nothing,
    /// User name, colon and password. What is not UTF-8 is U+FFFD.
    Basic(&'static str),
    /// A token.
    Bearer(&'static str),
    /// Nothing: it stops or warns because of the files.
    Fails,
}

impl Row {
    /// A row that is not as any other reader has it.
    const fn because(mut self, why: &'static str) -> Self {
        self.because = Some(why);
        self
    }
}

impl Sent {
    fn shown(self) -> String {
        match self {
            Self::Nothing => NOTHING.to_owned(),
            Self::Basic(pair) => format!("Basic {pair}"),
            Self::Bearer(token) => format!("Bearer {token}"),
            Self::Fails => FAILS.to_owned(),
        }
    }
}

/// A row with one file of docker's.
const fn docker(what: &'static str, text: &'static str, sent: [Sent; 3]) -> Row {
    Row {
        what,
        files: Files::Docker(text),
        sent,
        because: None,
    }
}

/// A row with several files.
const fn files(
    what: &'static str,
    files: &'static [Pair],
    variables: &'static [Pair],
    sent: [Sent; 3],
) -> Row {
    Row {
        what,
        files: Files::Several(files, variables),
        sent,
        because: None,
    }
}

pub(crate) fn by_key(_: &Shared) -> Told {
    agree(keys::ROWS)
}

pub(crate) fn by_entry(_: &Shared) -> Told {
    agree(entries::ROWS)
}

pub(crate) fn by_helper(_: &Shared) -> Told {
    agree(helpers::ROWS)
}

pub(crate) fn by_place(_: &Shared) -> Told {
    agree(places::ROWS)
}

/// All complaints at once, as for readers of layers.
fn agree(rows: &[Row]) -> Told {
    let Some(readers) = installed() else {
        return not_installed();
    };
    let listener = Listener::start();
    let complaints: Vec<String> = rows
        .iter()
        .flat_map(|row| complaints(row, &listener, &readers.join("python/bin/python")))
        .collect();
    assert!(
        complaints.is_empty(),
        "not every reader sends what is written down:\n{}",
        complaints.join("\n")
    );
    Told::Whole
}

fn complaints(row: &Row, listener: &Listener, python: &Path) -> Vec<String> {
    let Row {
        what,
        files,
        sent,
        because,
    } = row;
    let user = User::create(files, listener);
    let seen = [
        user.longshore(listener),
        user.skopeo(listener),
        user.docker_sdk(listener, python),
    ];
    let expected = sent.map(Sent::shown);
    let text = match files {
        Files::Docker(text) => (*text).to_owned(),
        Files::Several(files, variables) => format!("{files:?}, {variables:?}"),
    };
    let mut complaints = Vec::new();
    for (reader, (seen, expected)) in READERS.iter().zip(seen.iter().zip(&expected)) {
        if seen != expected {
            complaints.push(format!(
                "{what}: {text}: {reader}: {seen:?}, not {expected:?}"
            ));
        }
    }
    let [ours, others @ ..] = &expected;
    if others.contains(ours) == because.is_some() {
        complaints.push(format!("{what}: {text}: a reason is missing, or is none"));
    }
    complaints
}

/// A user with files and helpers.
struct User {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl User {
    fn create(files: &Files, listener: &Listener) -> Self {
        let folder = scratch();
        let root = folder.path().display().to_string();
        let registry = listener.registry();
        let port = registry.rsplit(':').next().unwrap_or_default();
        let fill = |text: &str| {
            text.replace("{hp}", &registry)
                .replace("{port}", port)
                .replace("{folder}", &root)
                .replace("{alice}", &STANDARD.encode("alice:secret"))
                .replace("{bob}", &STANDARD.encode("bob:team"))
                .replace("{carol}", &STANDARD.encode("carol:app"))
        };
        let docker;
        let (files, variables): (&[Pair], &[Pair]) = match *files {
            Files::Docker(text) => {
                docker = [(DOCKER, text)];
                (&docker, &[])
            }
            Files::Several(files, variables) => (files, variables),
        };
        for place in ["home", "run", "image/etc"] {
            let path = folder.path().join(place);
            must(&path, fs::create_dir_all(&path));
        }
        for (name, text) in files {
            let path = folder.path().join(name);
            let parent = path.parent().unwrap_or(folder.path());
            must(parent, fs::create_dir_all(parent));
            must(&path, fs::write(&path, fill(text)));
        }
        helpers::install(&folder.path().join("bin"));
        let variables = variables.iter().map(|(name, text)| (*name, fill(text)));
        Self {
            variables: variables.collect(),
            folder,
        }
    }

    fn longshore(&self, listener: &Listener) -> String {
        let mut command = self.command(Command::new(&programs().longshore));
        let image = self.folder.path().join("image");
        command.args(["push", "--no-cache", "--image"]).arg(image);
        let output = finish(command.arg(format!("{}/team/app:1", listener.registry())));
        let warns = String::from_utf8_lossy(&output.stderr).contains("no credentials from");
        assert!(listener.was_asked(), "{}", said(&output));
        listener.credentials().unwrap_or_else(|| failed(warns))
    }

    fn skopeo(&self, listener: &Listener) -> String {
        let mut command = self.command(tool("skopeo"));
        command.args(["inspect", "--tls-verify=false"]);
        finish(command.arg(format!("docker://{}/team/app:1", listener.registry())));
        let asked = listener.was_asked();
        listener.credentials().unwrap_or_else(|| failed(!asked))
    }

    fn docker_sdk(&self, listener: &Listener, python: &Path) -> String {
        let mut command = self.command(Command::new(python));
        command.args(["-c", DOCKER_SDK]);
        let output = finish(command.arg(format!("{}/team/app", listener.registry())));
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(stderr.contains("refused: "), "{}", said(&output));
            return FAILS.to_owned();
        }
        let header: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}", said(&output)));
        // Helpers' answers have members in upper case.
        let member = |name: &str, upper: &str| {
            let value = header.get(name).or_else(|| header.get(upper));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let token = member("identitytoken", "IdentityToken");
        let name = member("username", "Username");
        let password = member("password", "Password");
        match (&*token, &*name, &*password) {
            ("", "", "") => NOTHING.to_owned(),
            ("", name, password) => format!("Basic {name}:{password}"),
            (token, ..) => format!("Basic <token>:{token}"),
        }
    }

    fn command(&self, command: Command) -> Command {
        let mut command = isolated(command);
        let path = |name| self.folder.path().join(name).display().to_string();
        command
            .env("HOME", path("home"))
            .env("XDG_RUNTIME_DIR", path("run"))
            .env("PATH", format!("{}:/usr/bin:/bin", path("bin")))
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn failed(fails: bool) -> String {
    if fails { FAILS } else { NOTHING }.to_owned()
}

/// How a row says who sends what.
const READERS: [&str; 3] = ["longshore", "skopeo", "docker's SDK"];
const NOTHING: &str = "nothing";
const FAILS: &str = "a failure";

const ALICE: Sent = Sent::Basic("alice:secret");
const BOB: Sent = Sent::Basic("bob:team");
const CAROL: Sent = Sent::Basic("carol:app");
/// What the helpers have.
const HELEN: Sent = Sent::Basic("helen:key");
/// How an identity token is sent to a registry that asks for a password.
const IDENTITY: Sent = Sent::Basic("<token>:tok");

const DOCKER: &str = "home/.docker/config.json";
/// podman's file until the user logs out of the machine.
const SESSION: &str = "run/containers/auth.json";
/// podman's file that stays.
const USER: &str = "home/.config/containers/auth.json";
/// docker's file until 2015.
const FIRST: &str = "home/.dockercfg";

/// Prints what is in `X-Registry-Auth` when an image is pushed, without asking a daemon.
const DOCKER_SDK: &str = "
import base64, sys, types
import docker.auth
try:
    config = docker.auth.load_config()
    registry, _ = docker.auth.resolve_repository_name(sys.argv[1])
    client = types.SimpleNamespace(_auth_configs=config, credstore_env=None)
    header = docker.auth.get_config_header(client, registry)
except Exception as problem:
    sys.exit('refused: ' + repr(problem))
print(base64.urlsafe_b64decode(header).decode() if header else 'null')
";
