//! The mock registry's token server, as an authority that a real registry trusts.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::docker_registry::{PASSWORD, USER};
use super::programs::programs;
use super::scratch::scratch;
use super::server::Server;
use super::tools::isolated;

/// Hands out tokens until it is dropped.
#[derive(Debug)]
pub struct TokenServer {
    url: String,
    folder: TempDir,
    _server: Server,
}

impl TokenServer {
    /// Starts it and waits until it listens.
    pub fn start() -> Self {
        let folder = scratch();
        let mut command = isolated(Command::new(&programs().mock_registry));
        command.args([
            "token-server",
            "--listen",
            "127.0.0.1:0",
            "--service",
            SERVICE,
            "--issuer",
            ISSUER,
        ]);
        command.args(["--user", &format!("{USER}:{PASSWORD}")]);
        command.arg("--cert-out").arg(certificate(folder.path()));
        // A registry behind TLS whose realm is not: no client should send a password there.
        command
            .arg("--tls")
            .arg("--ca-out")
            .arg(authority(folder.path()));
        let server = Server::start(&mut command);
        let url = server
            .log()
            .wait_for("the token server to listen", |lines| {
                lines
                    .iter()
                    .find_map(|line| line.strip_prefix("listening on ").map(str::to_owned))
            });
        Self {
            url,
            folder,
            _server: server,
        }
    }

    /// Where a client asks for a token.
    pub fn realm(&self) -> String {
        format!("{}/token", self.url.trim_end_matches('/'))
    }

    /// Whom the tokens are for.
    pub fn service(&self) -> &'static str {
        SERVICE
    }

    /// Who signs them.
    pub fn issuer(&self) -> &'static str {
        ISSUER
    }

    /// What a client must trust to ask for one.
    pub fn authority(&self) -> PathBuf {
        authority(self.folder.path())
    }

    /// What their signature is checked with.
    pub fn certificate(&self) -> PathBuf {
        certificate(self.folder.path())
    }
}

fn authority(folder: &Path) -> PathBuf {
    folder.join("authority.pem")
}

fn certificate(folder: &Path) -> PathBuf {
    folder.join("token.pem")
}

const SERVICE: &str = "registry.longshore.test";
const ISSUER: &str = "longshore test tokens";
