//! Docker's own registry (Debian's `docker-registry`), behind TLS and with passwords or tokens.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::certificate::Certificate;
use super::clients::Endpoint;
use super::scratch::{must, scratch};
use super::server::Server;
use super::token_server::TokenServer;
use super::tools::{run, tool};

/// A registry with an empty storage of its own.
#[derive(Debug)]
pub struct DockerRegistry {
    server: Server,
    folder: TempDir,
    certificate: Certificate,
    port: u16,
    // Its end would be the end of every login.
    _token_server: Option<TokenServer>,
}

/// How clients show who they are.
#[derive(Debug)]
pub enum Auth {
    /// A file of bcrypt passwords: `Basic` on every request.
    Htpasswd,
    /// A token server elsewhere: `Bearer`.
    Token(TokenServer),
}

impl DockerRegistry {
    /// Starts it and waits until it listens.
    pub fn start(auth: Auth) -> Self {
        let folder = scratch();
        let certificate = Certificate::create();
        let config = folder.path().join("config.yml");
        // YAML is a superset of JSON.
        let content = configuration(folder.path(), &certificate, &auth).to_string();
        must(&config, fs::write(&config, content));

        let server = Server::start(tool("docker-registry").arg("serve").arg(&config));
        let port = server.log().wait_for("docker-registry to listen", |lines| {
            lines.iter().find_map(|line| port(line))
        });
        let token_server = match auth {
            Auth::Htpasswd => None,
            Auth::Token(server) => {
                certificate.trust(&server.authority());
                Some(server)
            }
        };
        Self {
            server,
            folder,
            certificate,
            port,
            _token_server: token_server,
        }
    }

    /// Where it is and how to get in.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            host: format!("localhost:{}", self.port),
            authority: self.certificate.authority(),
            trusted: self.certificate.trusted(),
            user: USER.to_owned(),
            password: PASSWORD.to_owned(),
        }
    }

    /// The requests it has answered, in the order in which it finished them, once it has said
    /// `manifests` times that it holds a manifest.
    ///
    /// It logs a request after the client has its answer, so the log must be waited for.
    pub fn requests_until_manifest(&self, manifests: usize) -> Vec<Request> {
        self.server
            .log()
            .wait_for("the manifest in the access log", |lines| {
                let requests: Vec<_> = lines
                    .iter()
                    .filter_map(|line| Request::parse(line))
                    .collect();
                let seen = requests
                    .iter()
                    .filter(|request| request.confirms_manifest())
                    .count();
                (seen >= manifests).then_some(requests)
            })
    }

    /// How many upload sessions have data. Version 2.8.2 keeps an empty folder of each that was deleted.
    pub fn uploads_with_data(&self) -> usize {
        let mut folders = vec![storage(self.folder.path())];
        let mut count = 0;
        while let Some(folder) = folders.pop() {
            // What is not there any more holds nothing.
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let is_upload = folder
                    .parent()
                    .is_some_and(|parent| parent.ends_with("_uploads"));
                if is_upload && path.ends_with("data") {
                    count += 1;
                } else if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        count
    }

    /// Whether anything was ever stored, be it an unfinished upload.
    pub fn is_empty(&self) -> bool {
        !storage(self.folder.path()).join("docker").exists()
    }
}

/// A line of the access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// As in the request line.
    pub method: String,
    /// As in the request line, with its query.
    pub target: String,
    /// Of the answer.
    pub status: u16,
}

impl Request {
    /// Whether it brought bytes of a blob, or ended an upload that did.
    ///
    /// Opening an upload does not: a push may do that to learn whether it is allowed to.
    pub fn brings_blob(&self) -> bool {
        matches!(self.method.as_str(), "PATCH" | "PUT") && self.target.contains("/blobs/uploads/")
    }

    /// Whether it brought a manifest.
    pub fn brings_manifest(&self) -> bool {
        self.method == "PUT" && self.target.contains("/manifests/")
    }

    fn confirms_manifest(&self) -> bool {
        let is_there = matches!(
            (self.method.as_str(), self.status),
            ("PUT", 201) | ("HEAD", 200)
        );
        is_there && self.target.contains("/manifests/")
    }

    /// Reads the Combined Log Format; other lines are none of ours.
    fn parse(line: &str) -> Option<Self> {
        let mut quoted = line.split('"').skip(1);
        let mut words = quoted.next()?.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let status = quoted.next()?.split_whitespace().next()?.parse().ok()?;
        version.starts_with("HTTP/").then(|| Self {
            method: method.to_owned(),
            target: target.to_owned(),
            status,
        })
    }
}

fn configuration(folder: &Path, certificate: &Certificate, auth: &Auth) -> Value {
    json!({
        "version": "0.1",
        "log": { "level": "info", "formatter": "text", "accesslog": { "disabled": false } },
        "storage": {
            "filesystem": { "rootdirectory": storage(folder) },
            "delete": { "enabled": true },
        },
        "http": {
            // It names the port it got in its log.
            "addr": "127.0.0.1:0",
            "secret": "no secret: one process, loopback",
            "tls": { "certificate": certificate.certificate(), "key": certificate.key() },
        },
        "auth": match auth {
            Auth::Htpasswd => json!({ "htpasswd": { "realm": "longshore tests", "path": htpasswd(folder) } }),
            Auth::Token(server) => json!({
                "token": {
                    "realm": server.realm(),
                    "service": server.service(),
                    "issuer": server.issuer(),
                    "rootcertbundle": server.certificate(),
                },
            }),
        },
    })
}

fn htpasswd(folder: &Path) -> PathBuf {
    let path = folder.join("htpasswd");
    // Bcrypt is the only kind it accepts. The lowest cost: the password guards nothing.
    let line = run(tool("htpasswd").args(["-n", "-b", "-B", "-C", "4", USER, PASSWORD])).stdout;
    must(&path, fs::write(&path, line));
    path
}

fn storage(folder: &Path) -> PathBuf {
    folder.join("storage")
}

/// From `… msg="listening on 127.0.0.1:35319, tls" …`.
fn port(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("listening on 127.0.0.1:")?;
    rest.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// Who may push and pull.
pub const USER: &str = "docker-hand";
/// With a character that `user:password` pairs and URLs get wrong.
pub const PASSWORD: &str = "pass:word/=+";
