//! Docker's registry, empty, on a port that the system chooses.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::tree;
use crate::process::{Failure, installed};

/// A running registry. It ends with this value.
pub(super) struct Registry {
    process: Child,
    storage: PathBuf,
    host: String,
}

/// A certificate for loopback, which nobody checks: for programs that speak nothing but TLS.
pub(super) struct Certificate(PathBuf);

impl Registry {
    /// Fails early where there is none to start.
    pub(super) fn require() -> Result<(), Failure> {
        if installed("docker-registry") {
            return Ok(());
        }
        Err(Failure::new(
            "docker-registry is not installed: Debian has a package of that name",
        ))
    }

    /// Starts one in `place` and waits until it listens.
    pub(super) fn start(place: &Path, certificate: Option<&Certificate>) -> Result<Self, Failure> {
        let storage = place.join("registry");
        let mut http = json!({"addr": "127.0.0.1:0", "secret": "one process on loopback"});
        if let Some(Certificate(folder)) = certificate {
            let (pem, key) = (folder.join("registry.pem"), folder.join("registry.key"));
            http["tls"] = json!({"certificate": pem, "key": key});
        }
        let configuration = json!({
            "version": "0.1",
            "log": {"level": "info", "formatter": "text", "accesslog": {"disabled": true}},
            "storage": {"filesystem": {"rootdirectory": storage}},
            "http": http,
        });
        let failed = |why: String| Failure::new(format!("docker-registry: {why}"));
        let config = place.join("registry.yml");
        // YAML is a superset of JSON.
        fs::write(&config, configuration.to_string()).map_err(|error| failed(error.to_string()))?;
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let log = process.stderr.take();
        let mut lines = log.into_iter().flat_map(|log| BufReader::new(log).lines());
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| port(&line));
        // A registry whose log nobody reads would stop when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        let host = format!("127.0.0.1:{}", port.unwrap_or_default());
        let registry = Self {
            process,
            storage,
            host,
        };
        match port {
            Some(_) => Ok(registry),
            None => Err(failed("it does not say where it listens".to_owned())),
        }
    }

    /// Host and port.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The number of its process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Bytes of all blobs in it.
    pub(super) fn stored(&self) -> Result<u64, Failure> {
        let blobs = self.storage.join("docker/registry/v2/blobs");
        if !blobs.exists() {
            return Ok(0);
        }
        tree::size(&blobs)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Certificate {
    /// Makes one in `folder`, if OpenSSL is there; else there is none, and who needs it fails.
    pub(super) fn create(folder: &Path) -> Result<Self, Failure> {
        if installed("openssl") {
            let made = Command::new("openssl")
                .args([
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                ])
                .args(["-subj", "/CN=127.0.0.1", "-keyout", "registry.key"])
                .args(["-out", "registry.pem"])
                .current_dir(folder)
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .status();
            made.map_err(|error| Failure::new(format!("openssl: {error}")))?;
        }
        Ok(Self(folder.to_path_buf()))
    }
}

/// From `… msg="listening on 127.0.0.1:35319" …`.
fn port(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("listening on 127.0.0.1:")?;
    rest.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}
