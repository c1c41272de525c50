//! A fresh directory and a bare environment for every run, and what came out of it.

pub(crate) mod filter;
pub(crate) mod gate;
pub(crate) mod image;
pub(crate) mod memory;
pub(crate) mod server;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use longshore_mock_registry::{Auth, Config, MockRegistry, Profile};
use longshore_protocol::Digest;
use tempfile::TempDir;

/// A directory with a home, a place for temporary files and a storage directory, and no more
/// environment than that.
pub(crate) struct TestEnv {
    root: TempDir,
    variables: BTreeMap<String, String>,
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for directory in ["home", "tmp", "storage/img", "bin"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        let mut env = Self {
            root,
            variables: BTreeMap::new(),
        };
        for (variable, directory) in [
            ("HOME", "home"),
            ("TMPDIR", "tmp"),
            ("CH_IMAGE_STORAGE", "storage"),
            ("PATH", "bin"),
        ] {
            let directory = env.path(directory).display().to_string();
            env.set(variable, &directory);
        }
        env.set("USER", "alice");
        // The same bytes whenever a test runs.
        env.set("SOURCE_DATE_EPOCH", "1767225600");
        env
    }

    /// The same with an image of a few files in `image`.
    pub(crate) fn with_image() -> Self {
        let env = Self::new();
        image::make(&env.path("image"));
        env
    }

    /// With an image that nobody packs before permission is there.
    pub(crate) fn with_large_image() -> Self {
        let env = Self::new();
        image::make_large(&env.path("image"), 16 << 20);
        env
    }

    pub(crate) fn set(&mut self, variable: &str, value: &str) {
        self.variables.insert(variable.to_owned(), value.to_owned());
    }

    pub(crate) fn unset(&mut self, variable: &str) {
        self.variables.remove(variable);
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// `longshore` with these arguments, in this directory.
    pub(crate) fn command<S: AsRef<str>>(&self, arguments: &[S]) -> Command {
        let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        self.program(env!("CARGO_BIN_EXE_longshore"), &arguments)
    }

    /// Another program, in the same way.
    pub(crate) fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.root.path())
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run<S: AsRef<str>>(&self, arguments: &[S]) -> Ran {
        self.finished(self.command(arguments).spawn().unwrap())
    }

    pub(crate) fn run_with_input<S: AsRef<str>>(&self, arguments: &[S], input: &str) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        self.finished(child)
    }

    /// Pushes `image` to that place.
    pub(crate) fn push<S: AsRef<str>>(&self, options: &[S], destination: &str) -> Ran {
        let options = options.iter().map(AsRef::as_ref);
        let arguments: Vec<&str> = ["push", "--image", "image", "--retries", "0"]
            .into_iter()
            .chain(options)
            .chain(["app", destination])
            .collect();
        self.run(&arguments)
    }

    pub(crate) fn start<S: AsRef<str>>(&self, arguments: &[S]) -> Running<'_> {
        let mut child = self.command(arguments).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Running {
            env: self,
            child,
            stderr,
            said: String::new(),
        }
    }

    /// Waits for a run that was started otherwise.
    pub(crate) fn finished(&self, child: Child) -> Ran {
        let output = child.wait_with_output().unwrap();
        let ran = Ran {
            root: self.root.path().to_owned(),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        self.assert_tidy(&ran.to_string());
        ran
    }

    /// Temporary files are gone, whatever happened.
    #[track_caller]
    pub(crate) fn assert_tidy(&self, said: &str) {
        let left: Vec<_> = fs::read_dir(self.path("tmp")).unwrap().collect();
        assert!(left.is_empty(), "left lying about: {left:?}\n{said}");
    }
}

/// What came out of a run.
pub(crate) struct Ran {
    root: PathBuf,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Everything is as expected, but for what differs from run to run. With `SNAPSHOTS=overwrite`
    /// in the environment, what is expected becomes what is.
    #[track_caller]
    pub(crate) fn assert_shows(&self, expected: impl Into<snapbox::Data>) -> &Self {
        let shown = filter::filtered(&self.to_string(), &self.root);
        let assert = snapbox::Assert::new()
            .action_env("SNAPSHOTS")
            .normalize_paths(false);
        assert.eq(shown, expected.into());
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    #[track_caller]
    pub(crate) fn assert_done(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// It failed with that exit code, and said so.
    #[track_caller]
    pub(crate) fn assert_failed(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self}");
        assert_eq!(
            self.stderr.matches("error: ").count(),
            1,
            "one error is enough: {self}"
        );
        for words in words {
            assert!(self.stderr.contains(words), "no {words:?} in {self}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn assert_silent_about(&self, secrets: &[&str]) -> &Self {
        for secret in secrets {
            assert!(
                !self.to_string().contains(secret),
                "{secret:?} got out: {self}"
            );
        }
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(f, "exit code: {code}")?,
            None => writeln!(f, "killed")?,
        }
        write!(f, "--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }
}

/// A run that is not over.
pub(crate) struct Running<'a> {
    env: &'a TestEnv,
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    said: String,
}

impl Running<'_> {
    /// Waits until it says that.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, words: &str) {
        let mut line = String::new();
        while self.stderr.read_line(&mut line).unwrap() > 0 {
            self.said.push_str(&line);
            if line.contains(words) {
                return;
            }
            line.clear();
        }
        panic!("it never said {words:?}:\n{}", self.said);
    }

    /// Waits until it has said that many lines more, if it says so many.
    pub(crate) fn wait_for_lines(&mut self, count: usize) -> bool {
        (0..count).all(|_| self.stderr.read_line(&mut self.said).unwrap() > 0)
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).unwrap();
    }

    pub(crate) fn finish(mut self) -> Ran {
        let mut stdout = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut stdout)
            .unwrap();
        self.stderr.read_to_string(&mut self.said).unwrap();
        let code = self.child.wait().unwrap().code();
        let root = self.env.root.path().to_owned();
        let ran = Ran {
            root,
            code,
            stdout,
            stderr: self.said,
        };
        self.env.assert_tidy(&ran.to_string());
        ran
    }
}

/// A registry that wants to know that it is `alice`, with `secret` as her password.
pub(crate) fn registry(auth: Auth) -> MockRegistry {
    MockRegistry::start(config("oci").user(USER, PASSWORD).auth(auth)).unwrap()
}

/// A registry that wants to know nothing.
pub(crate) fn open_registry() -> MockRegistry {
    MockRegistry::start(config("oci").auth(Auth::None)).unwrap()
}

pub(crate) fn config(profile: &str) -> Config {
    Config::new(Profile::builtin(profile).unwrap())
}

/// The destination of that name in `registry`.
pub(crate) fn at(registry: &MockRegistry, name: &str) -> String {
    format!("{}/{name}", registry.host())
}

/// The registry holds what a push to that repository and tag brings.
#[track_caller]
pub(crate) fn assert_holds(registry: &MockRegistry, repository: &str, tag: &str) {
    registry.with(|core| {
        assert!(
            core.manifest(repository, tag).is_some(),
            "no {repository}:{tag}"
        );
        assert_eq!(core.open_sessions(), [], "upload sessions are left open");
    });
}

/// The registry holds either the image with that digest, and all of it, or none. Upload sessions may
/// be left: nobody could put them away.
#[track_caller]
pub(crate) fn assert_whole_or_none(
    registry: &MockRegistry,
    repository: &str,
    digest: &str,
) -> bool {
    registry.with(|core| {
        let Some((_, manifest, named)) = core.manifest(repository, "latest") else {
            return false;
        };
        assert_eq!(named.to_string(), digest);
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let layers = manifest["layers"].as_array().unwrap();
        for blob in layers.iter().chain([&manifest["config"]]) {
            let digest = blob["digest"].as_str().unwrap().parse().unwrap();
            let bytes = core.blob(repository, &digest).unwrap();
            assert_eq!(Digest::sha256(&bytes), digest);
        }
        true
    })
}

/// Nothing came of the push, not even an upload session.
#[track_caller]
pub(crate) fn assert_untouched(registry: &MockRegistry) {
    registry.with(|core| {
        assert_eq!(core.open_sessions(), [], "upload sessions are left open");
        for repository in core.repositories() {
            assert_eq!(core.tags(&repository), Vec::<String>::new());
            assert_eq!(core.blobs(&repository), []);
        }
    });
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) fn mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "correct-horse";
