//! The command line.

mod faults;
mod judge;

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use longshore_mock_registry::{Auth, Config, Discard, MockRegistry, Profile};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// A registry for testing clients that push container images.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a registry until SIGTERM or SIGINT. The first line says where.
    Serve(Serve),
    /// Serve only the token endpoint, at /token, for registries that accept its certificate.
    TokenServer(TokenServer),
    /// Let a client push in many scenarios, and judge how it does.
    Judge(judge::Judge),
    /// List what can go wrong.
    Faults {
        #[command(subcommand)]
        command: Option<faults::Faults>,
    },
    /// List the embedded profiles.
    Profiles {
        #[command(subcommand)]
        command: Option<Profiles>,
    },
}

#[derive(Debug, Subcommand)]
enum Profiles {
    /// Show a profile, with the source of every knob.
    Show {
        /// Its name, or a TOML file, which is checked.
        name: String,
    },
}

#[derive(Debug, Args)]
struct Serve {
    #[command(flatten)]
    socket: Socket,
    #[command(flatten)]
    users: Users,
    /// The registry to play: the name of an embedded profile, or a TOML file.
    #[arg(long, default_value = "oci")]
    profile: String,
    /// A repository that is there from the start, where pushes do not create them.
    #[arg(long = "repository", value_name = "NAME")]
    repositories: Vec<String>,
    /// A repository whose tags cannot be moved, where the profile knows such.
    #[arg(long, value_name = "NAME")]
    immutable: Vec<String>,
    /// Refuse manifests that name content which is not there, although the profile would take
    /// sparse images.
    #[arg(long)]
    complete: bool,
    /// How to authenticate [default: as the profile does if there are users].
    #[arg(long, value_enum)]
    auth: Option<Scheme>,
    /// Keep everything in this folder instead of in memory.
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Throw blobs away once they are hashed, to take pushes larger than memory and disk.
    #[arg(long, conflicts_with = "store")]
    discard: bool,
    #[command(flatten)]
    trouble: faults::Trouble,
    #[command(flatten)]
    files: faults::Files,
}

#[derive(Debug, Args)]
struct TokenServer {
    #[command(flatten)]
    socket: Socket,
    #[command(flatten)]
    users: Users,
    /// The service that the tokens are for.
    #[arg(long, value_name = "NAME")]
    service: String,
    /// The issuer that the tokens name.
    #[arg(long, value_name = "NAME")]
    issuer: String,
    /// Write the certificate of the signing key there, in PEM, for the registry to trust.
    #[arg(long, value_name = "FILE")]
    cert_out: PathBuf,
}

#[derive(Debug, Args)]
struct Socket {
    /// Where to listen; port 0 is any free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Serve TLS, with a certificate made at start.
    #[arg(long)]
    tls: bool,
    /// Write the authority of that certificate there, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Users {
    /// A user who may push and pull. Other users of this machine can read command lines; use
    /// --user-file for passwords that matter.
    #[arg(long = "user", value_name = "NAME:PASSWORD", value_parser = split_user)]
    users: Vec<User>,
    /// A file of such users, one NAME:PASSWORD a line.
    #[arg(long, value_name = "FILE")]
    user_file: Option<PathBuf>,
    /// A refresh token that is good from the start, as a credential store holds it for a user.
    #[arg(long = "identity-token", value_name = "NAME:TOKEN", value_parser = split_user)]
    identity_tokens: Vec<User>,
    /// Let anyone pull.
    #[arg(long)]
    anonymous_pull: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scheme {
    Basic,
    Bearer,
    None,
}

#[derive(Clone)]
struct User {
    name: String,
    password: String,
}

type Outcome = Result<(), Box<dyn Error>>;

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> Outcome {
    match cli.command {
        Command::Serve(serve) => {
            let mut config = serve.users.config(Profile::load(&serve.profile)?)?;
            config.auth = serve.auth.map(|scheme| match scheme {
                Scheme::Basic => Auth::Basic,
                Scheme::Bearer => Auth::Bearer,
                Scheme::None => Auth::None,
            });
            config.sparse = !serve.complete;
            for name in serve.repositories {
                config = config.repository(name);
            }
            for name in serve.immutable {
                config = config.immutable(name);
            }
            if serve.discard {
                config = config.store(Discard::default());
            }
            let has_users = has_users(&config);
            let mut builder = MockRegistry::builder().config(config);
            if let Some(folder) = serve.store {
                builder = builder.store_dir(folder);
            }
            let builder = serve.files.apply(serve.trouble.apply(builder)?);
            let registry = until_told_to_stop(builder, &serve.socket, has_users, None)?;
            serve.files.write(&registry)
        }
        Command::TokenServer(server) => {
            let mut config = server.users.config(Profile::builtin("oci")?)?;
            config.auth = Some(Auth::Bearer);
            config.token_only = true;
            config.service = Some(server.service);
            config.issuer = server.issuer;
            let has_users = has_users(&config);
            let builder = MockRegistry::builder().config(config);
            let cert_out = Some(server.cert_out.as_path());
            until_told_to_stop(builder, &server.socket, has_users, cert_out)?;
            Ok(())
        }
        Command::Judge(judge) => judge.run(),
        Command::Faults { command } => faults::run(command),
        Command::Profiles { command: None } => {
            let mut out = io::stdout().lock();
            for name in Profile::names() {
                writeln!(out, "{name:<16} {}", Profile::builtin(name)?.summary)?;
            }
            Ok(())
        }
        Command::Profiles {
            command: Some(Profiles::Show { name }),
        } => {
            let text = match Profile::source(&name) {
                Ok(text) => text.to_owned(),
                Err(_) => {
                    Profile::load(&name)?;
                    fs::read_to_string(&name).map_err(|e| about(Path::new(&name), &e))?
                }
            };
            Ok(io::stdout().write_all(text.as_bytes())?)
        }
    }
}

impl Users {
    fn config(&self, profile: Profile) -> Result<Config, Box<dyn Error>> {
        let mut config = Config::new(profile).anonymous_pull(self.anonymous_pull);
        for user in &self.users {
            config = config.user(&user.name, &user.password);
        }
        for user in &self.identity_tokens {
            let (token, name) = (user.password.clone(), user.name.clone());
            config.identity_tokens.insert(token, name);
        }
        if let Some(path) = &self.user_file {
            let text = fs::read_to_string(path).map_err(|e| about(path, &e))?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let user = split_user(line).map_err(|e| about(path, &e))?;
                config = config.user(user.name, user.password);
            }
        }
        Ok(config)
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:<redacted>", self.name)
    }
}

fn has_users(config: &Config) -> bool {
    !config.users.is_empty() || !config.identity_tokens.is_empty()
}

/// What is to be said of a registry that others than this machine can push to without a password.
fn open_to_all(listen: SocketAddr, has_users: bool) -> Option<String> {
    let is_open = !listen.ip().to_canonical().is_loopback() && !has_users;
    is_open.then(|| {
        format!(
            "{listen} can be reached from other machines, and without users each of them may push \
             and pull; --user NAME:PASSWORD or --user-file FILE adds users"
        )
    })
}

fn until_told_to_stop(
    builder: longshore_mock_registry::Builder,
    socket: &Socket,
    has_users: bool,
    cert_out: Option<&Path>,
) -> Result<MockRegistry, Box<dyn Error>> {
    allow_many_files();
    if let Some(warning) = open_to_all(socket.listen, has_users) {
        // With stderr gone there is nothing to warn by.
        let _ = writeln!(io::stderr(), "mock-registry: {warning}");
    }
    // Before the address is announced: whoever reads it may send a signal at once.
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let registry = builder.listen(socket.listen).tls(socket.tls).start()?;
    if let (Some(path), Some(pem)) = (&socket.ca_out, registry.ca_pem()) {
        fs::write(path, pem).map_err(|e| about(path, &e))?;
    }
    if let (Some(path), Some(pem)) = (cert_out, registry.token_certificate_pem()) {
        fs::write(path, pem).map_err(|e| about(path, &e))?;
    }
    let mut out = io::stdout();
    writeln!(out, "listening on {}", registry.url())?;
    out.flush()?;
    signals.forever().next();
    Ok(registry)
}

/// Each upload has a socket, and often a file: shells allow a thousand open ones, the system many
/// more.
fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    // Where it is not allowed, connections wait for one another.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}

fn split_user(text: &str) -> Result<User, &'static str> {
    match text.split_once(':') {
        Some((name, password)) if !name.is_empty() => Ok(User {
            name: name.to_owned(),
            password: password.to_owned(),
        }),
        _ => Err("a user is written NAME:PASSWORD"),
    }
}

fn about(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::open_to_all;

    #[test]
    fn an_address_outside_without_users_is_said() {
        for (listen, has_users, is_said) in [
            ("0.0.0.0:5000", false, true),
            ("[::]:5000", false, true),
            ("192.0.2.1:5000", false, true),
            ("0.0.0.0:5000", true, false),
            ("127.0.0.2:5000", false, false),
            ("[::1]:5000", false, false),
            ("[::ffff:127.0.0.1]:5000", false, false),
        ] {
            let said = open_to_all(listen.parse().unwrap(), has_users);
            assert_eq!(said.is_some(), is_said, "{listen} {said:?}");
        }
    }
}
