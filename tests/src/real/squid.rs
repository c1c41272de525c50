//! squid (Debian's `squid`), as Debian configures it for `CONNECT`, with passwords.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::certificate::Certificate;
use super::scratch::{must, scratch};
use super::server::Server;
use super::tools::{run, tool};

/// A proxy on loopback, by which the name [`HOST`] is this machine's.
#[derive(Debug)]
pub struct Squid {
    _server: Server,
    folder: TempDir,
    certificate: Certificate,
    port: u16,
    tls_port: u16,
}

/// The name of registries behind the proxy. No name server knows the name (RFC 6761).
pub const HOST: &str = "registry.test";

/// Who may use the proxy.
pub const USER: &str = "me";

/// With which password.
pub const PASSWORD: &str = "squid-secret";

impl Squid {
    /// Starts squid and waits until it listens. Tunnels are opened to `tunnels` and to 443 alone.
    pub fn start(tunnels: u16) -> Self {
        let folder = scratch();
        // squid gives root up, and its helper reads the passwords.
        let open = fs::Permissions::from_mode(0o777);
        must(folder.path(), fs::set_permissions(folder.path(), open));
        let certificate = Certificate::create();
        let at = |name: &str| folder.path().join(name);
        must(
            &at("hosts"),
            fs::write(at("hosts"), format!("127.0.0.1 {HOST}\n")),
        );
        run(tool("htpasswd")
            .arg("-bcm")
            .arg(at("users"))
            .args([USER, PASSWORD]));
        // squid takes no port 0, so free ports are looked for.
        let (port, tls_port) = (free_port(), free_port());
        let mut lines = vec![
            format!("http_port 127.0.0.1:{port}"),
            format!(
                "https_port 127.0.0.1:{tls_port} tls-cert={} tls-key={}",
                certificate.certificate().display(),
                certificate.key().display()
            ),
            format!("acl SSL_ports port 443 {tunnels}"),
            format!("hosts_file {}", at("hosts").display()),
            format!("access_log stdio:{}", at("access.log").display()),
            format!("coredump_dir {}", folder.path().display()),
            format!(
                "auth_param basic program /usr/lib/squid/basic_ncsa_auth {}",
                at("users").display()
            ),
        ];
        lines.extend(RULES.iter().map(ToString::to_string));
        must(
            &at("squid.conf"),
            fs::write(at("squid.conf"), lines.join("\n") + "\n"),
        );
        let server = Server::start(
            tool("squid")
                .args(["-N", "-d", "1", "-f"])
                .arg(at("squid.conf")),
        );
        server.log().wait_for("squid to listen", |lines| {
            let listens = |what: &str| lines.iter().any(|line| line.contains(what));
            let both = listens("Accepting HTTP Socket") && listens("Accepting HTTPS Socket");
            both.then_some(())
        });
        Self {
            _server: server,
            folder,
            certificate,
            port,
            tls_port,
        }
    }

    /// What a client is told of the proxy, with this password: in clear text, or over TLS.
    pub fn url(&self, password: &str, is_tls: bool) -> String {
        let (scheme, port) = match is_tls {
            false => ("http", self.port),
            true => ("https", self.tls_port),
        };
        format!("{scheme}://{USER}:{password}@localhost:{port}")
    }

    /// The authority behind the proxy's certificate.
    pub fn authority(&self) -> PathBuf {
        self.certificate.authority()
    }

    /// The requests that it has seen: method, target and its own verdict. It notes them when it has
    /// done with a connection, which may be after the client has: so this waits until that is enough.
    pub fn seen(&self, is_enough: impl Fn(&str) -> bool) -> String {
        let path = self.folder.path().join("access.log");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = must(&path, fs::read_to_string(&path));
            if is_enough(&seen) {
                return seen;
            }
            assert!(Instant::now() < deadline, "it has seen only: {seen}");
            thread::yield_now();
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0");
    let address = listener.and_then(|listener| listener.local_addr());
    address.expect("loopback has a free port").port()
}

/// How long the log may lag behind.
const PATIENCE: Duration = Duration::from_secs(30);

/// What Debian's own file says of ports for tunnels, and what a test needs.
const RULES: &[&str] = &[
    "pid_filename none",
    "cache_log /dev/null",
    "acl known proxy_auth REQUIRED",
    "http_access deny CONNECT !SSL_ports",
    "http_access allow known",
    "http_access deny all",
    "cache deny all",
    "shutdown_lifetime 0",
];
