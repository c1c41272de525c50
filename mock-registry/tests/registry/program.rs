//! The registry as a program.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use longshore_protocol::Digest;

use crate::client::basic;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mock-registry");

/// A program that is killed when the test is over.
pub(crate) struct Running {
    child: Child,
    pub(crate) url: String,
    _out: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::listening(Command::new(PROGRAM).args(arguments))
    }

    /// Started by a shell, after these words.
    pub(crate) fn start_by(words: &str, arguments: &[&str]) -> Self {
        let script = format!("{words} \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        Self::listening(shell.args(["-c", &script, PROGRAM]).args(arguments))
    }

    /// The most memory it had so far, in bytes, where the system tells.
    pub(crate) fn peak(&self) -> Option<u64> {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kibibytes << 10)
    }

    fn listening(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line
            .trim_end()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self {
            child,
            url,
            _out: out,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.build().into()
}

fn output(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn it_serves_until_it_is_told_to_stop() {
    for signal in ["-TERM", "-INT"] {
        let mut running = Running::start(&["serve", "--profile", "quay"]);
        let answer = agent().get(format!("{}/v2/", running.url)).call().unwrap();
        assert_eq!(answer.status(), 200);
        let id = running.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(running.child.wait().unwrap().success(), "{signal}");
    }
}

#[test]
fn users_come_from_arguments_and_files() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "bob:hush:hush\n").unwrap();
    let path = file.path().to_str().unwrap();
    let running = Running::start(&[
        "serve",
        "--auth",
        "basic",
        "--user",
        "alice:secret",
        "--user-file",
        path,
    ]);
    for (user, status) in [
        ("alice:secret", 200),
        ("bob:hush:hush", 200),
        ("bob:hush", 401),
    ] {
        let request = agent().get(format!("{}/v2/", running.url));
        let answer = request.header("authorization", basic(user)).call().unwrap();
        assert_eq!(answer.status(), status, "{user}");
    }
}

#[test]
fn the_authority_is_written_before_the_address_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let running = Running::start(&["serve", "--tls", "--ca-out", path.to_str().unwrap()]);
    assert!(running.url.starts_with("https://"));
    let pem = std::fs::read_to_string(path).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn profiles_are_listed_and_shown() {
    let (fine, list, _) = output(&["profiles"]);
    assert!(
        fine && list.lines().any(|line| line.starts_with("quay-3.3 ")),
        "{list}"
    );
    let (fine, text, _) = output(&["profiles", "show", "quay"]);
    assert!(fine && text.contains("rules = \"quay-lazy\""));
    let (fine, _, complaint) = output(&["profiles", "show", "nobody"]);
    assert!(
        !fine && complaint.contains("oci, distribution-2.8,"),
        "{complaint}"
    );
}

#[test]
fn a_profile_of_ones_own_is_checked_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let file = path.to_str().unwrap();
    let text = "name = 'mine'\nbase = 'zot'\n# mine\n[chunk]\nmost = 3\n";
    std::fs::write(&path, text).unwrap();
    assert_eq!(
        output(&["profiles", "show", file]),
        (true, text.into(), String::new())
    );
    let running = Running::start(&["serve", "--profile", file]);
    let opened = agent()
        .post(format!("{}/v2/a/b/blobs/uploads/", running.url))
        .send_empty()
        .unwrap();
    assert!(
        opened.headers().contains_key("blob-upload-uuid"),
        "as zot has it"
    );
    std::fs::write(&path, "[chunk]\nmost = 'all'\n").unwrap();
    for arguments in [
        &["profiles", "show", file][..],
        &["serve", "--profile", file],
    ] {
        let (fine, _, complaint) = output(arguments);
        let place = format!("{file}: line 2, `chunk.most`: ");
        assert!(!fine && complaint.contains(&place), "{complaint}");
    }
}

#[test]
fn repositories_tokens_and_strictness_come_from_arguments() {
    let arguments = [
        "serve",
        "--profile=acr",
        "--repository=there/app",
        "--immutable=there/app",
        "--identity-token=alice:secret-token",
        "--user=alice:secret",
    ];
    let running = Running::start(&arguments);
    let form = "grant_type=refresh_token&refresh_token=secret-token&scope=";
    let answer = agent()
        .post(format!("{}/oauth2/token", running.url))
        .send(form)
        .unwrap();
    assert_eq!(answer.status(), 200);
    let bare = Running::start(&["serve", "--profile=ecr", "--repository=there/app"]);
    for (name, status) in [("there/app", 200), ("not/there", 404)] {
        let list = format!("{}/v2/{name}/tags/list", bare.url);
        assert_eq!(agent().get(list).call().unwrap().status(), status, "{name}");
    }
    let index = r#"{"schemaVersion":2,"manifests":[{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}]}"#;
    for (arguments, status) in [(&["serve"][..], 201), (&["serve", "--complete"], 400)] {
        let running = Running::start(arguments);
        let answer = agent()
            .put(format!("{}/v2/a/b/manifests/v1", running.url))
            .header("content-type", "application/vnd.oci.image.index.v1+json")
            .send(index)
            .unwrap();
        assert_eq!(answer.status(), status, "{arguments:?}");
    }
}

#[test]
fn tags_stay_where_they_are_said_to() {
    let arguments = [
        "serve",
        "--profile=ecr",
        "--repository=there/fixed",
        "--repository=there/free",
        "--immutable=there/fixed",
    ];
    let running = Running::start(&arguments);
    let put = |name: &str, index: &str| {
        let target = format!("{}/v2/{name}/manifests/v1", running.url);
        let put = agent().put(target);
        let put = put.header("content-type", "application/vnd.oci.image.index.v1+json");
        put.send(index).unwrap().status()
    };
    let first = r#"{"schemaVersion":2,"manifests":[]}"#;
    let second = r#"{"schemaVersion":2,"manifests":[],"annotations":{"a":"b"}}"#;
    let all = |name: &str| [first, second].map(|index| put(name, index).as_u16());
    assert_eq!(all("there/free"), [201, 201]);
    assert_eq!(all("there/fixed"), [201, 400]);
}

#[test]
fn mistakes_are_explained() {
    for (arguments, words) in [
        (
            &["serve", "--profile", "nobody"][..],
            "no profile is called",
        ),
        (&["serve", "--user", "alice"], "NAME:PASSWORD"),
        (
            &["serve", "--user-file", "/nowhere/users"],
            "/nowhere/users",
        ),
        (&["serve", "--ca-out", "x"], "--tls"),
    ] {
        let (fine, _, complaint) = output(arguments);
        assert!(!fine && complaint.contains(words), "{complaint}");
    }
}

/// CNCF distribution, as Debian packages it, serving with tokens from elsewhere.
struct Distribution {
    child: Child,
    url: String,
    _log: BufReader<ChildStderr>,
}

impl Distribution {
    /// `None` if it is not installed.
    fn start(folder: &Path, token_url: &str, certificate: &Path) -> Option<Self> {
        let config = format!(
            "version: 0.1\n\
             storage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: '127.0.0.1:0'}}\n\
             auth: {{token: {{realm: '{token_url}/token', service: {SERVICE}, issuer: {ISSUER}, \
             rootcertbundle: {}}}}}\n",
            folder.display(),
            certificate.display()
        );
        let path = folder.join("config.yml");
        std::fs::write(&path, config).unwrap();
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return None,
            Err(e) => panic!("{e}"),
        };
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended: {said}");
            if let Some((_, rest)) = line.split_once("listening on ") {
                let end = rest.find('"').unwrap_or(rest.trim_end().len());
                let url = format!("http://{}", &rest[..end]);
                return Some(Self {
                    child,
                    url,
                    _log: log,
                });
            }
            said.push_str(&line);
        }
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn another_registry_accepts_its_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("token.pem");
    let server = Running::start(&[
        "token-server",
        "--service",
        SERVICE,
        "--issuer",
        ISSUER,
        "--user",
        "alice:secret",
        "--cert-out",
        certificate.to_str().unwrap(),
    ]);
    let started = Distribution::start(folder.path(), &server.url, &certificate);
    let Some(registry) = started else {
        writeln!(
            std::io::stderr(),
            "SKIPPED another_registry_accepts_its_tokens: docker-registry is not installed"
        )
        .unwrap();
        return;
    };
    let agent = agent();
    let base = format!("{}/v2/", registry.url);
    let bare = agent.get(&base).call().unwrap();
    assert_eq!(bare.status(), 401);
    let challenge = bare.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        challenge.contains(&format!("{}/token", server.url)),
        "{challenge}"
    );

    let token = |scope: &str| {
        let target = format!("{}/token?service={SERVICE}&scope={scope}", server.url);
        let request = agent
            .get(target)
            .header("authorization", basic("alice:secret"));
        let text = request.call().unwrap().body_mut().read_to_string().unwrap();
        let body: serde_json::Value = serde_json::from_str(&text).unwrap();
        format!("Bearer {}", body["token"].as_str().unwrap())
    };
    let pushing = token("repository:demo/app:pull,push");
    let good = agent.get(&base).header("authorization", &pushing).call();
    assert_eq!(good.unwrap().status(), 200);

    let post = |authorization: &str| {
        let target = format!("{base}demo/app/blobs/uploads/");
        agent
            .post(target)
            .header("authorization", authorization)
            .send_empty()
            .unwrap()
    };
    assert_eq!(post(&token("repository:demo/app:pull")).status(), 401);
    let opened = post(&pushing);
    assert_eq!(opened.status(), 202);
    let location = opened.headers()["location"].to_str().unwrap();
    let digest = Digest::sha256(b"layer");
    let put = agent
        .put(format!("{location}&digest={digest}"))
        .header("authorization", &pushing)
        .send(&b"layer"[..]);
    assert_eq!(put.unwrap().status(), 201);

    let nothing_else = agent.get(format!("{}/v2/", server.url)).call().unwrap();
    assert_eq!(nothing_else.status(), 404);
}

const SERVICE: &str = "registry.example";
const ISSUER: &str = "issuer.example";
