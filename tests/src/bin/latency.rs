//! Pushes of one small layer over a slow line: how many requests and round trips they take.
//! `latency LONGSHORE [--round-trip MS]`, where LONGSHORE is the program.
//!
//! The registry is on loopback, behind a line on which every byte is late. What it recorded tells
//! the sequence: a request that arrives a round trip after another may have waited for its answer.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose output is what it is for"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use longshore_mock_registry::{Auth, Config, MockRegistry, Profile, record};
use longshore_tests::bench::delay::Delay;
use longshore_tests::bench::layout::{self, Outcome};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        [program] => compare(Path::new(program), 100),
        [program, "--round-trip", time] => match time.parse() {
            Ok(time) => compare(Path::new(program), time),
            Err(_) => Err(USAGE.into()),
        },
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("latency: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(program: &Path, round_trip: u64) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let tree = folder.path().join("tree");
    std::fs::create_dir_all(tree.join("etc"))?;
    std::fs::write(tree.join("etc/hostname"), "bench\n")?;
    let layout = layout::create(&folder.path().join("layout"), &[64 << 10])?;
    let place = Place {
        program,
        folder: folder.path(),
        tree: &tree,
        layout: &layout,
        round_trip: Duration::from_millis(round_trip),
    };
    place.remember()?;
    println!("one round trip takes {round_trip} ms\n");
    println!("| who | authentication | requests | round trips | connections | ms |");
    println!("|---|---|---|---|---|---|");
    let mut sequences = String::new();
    for auth in [Auth::None, Auth::Basic, Auth::Bearer] {
        for who in WAYS {
            let Some(seen) = place.watch(who, auth)? else {
                println!("| {who} | {auth:?} | not installed | | | |");
                continue;
            };
            println!(
                "| {who} | {auth:?} | {} | {} | {} | {} |",
                seen.requests,
                seen.trips.len(),
                seen.connections,
                seen.wall.as_millis()
            );
            writeln!(sequences, "\n{who}, {auth:?}:")?;
            for (number, trip) in seen.trips.iter().enumerate() {
                writeln!(sequences, "  {}. {}", number + 1, trip.join(", "))?;
            }
        }
    }
    println!("{sequences}");
    Ok(())
}

/// What everybody pushes, and over which line.
struct Place<'a> {
    program: &'a Path,
    folder: &'a Path,
    tree: &'a Path,
    layout: &'a Path,
    round_trip: Duration,
}

/// What a registry saw.
struct Seen {
    requests: usize,
    connections: usize,
    /// The requests that flew together.
    trips: Vec<Vec<String>>,
    wall: Duration,
}

impl Place<'_> {
    /// One push; nothing if the program is not installed.
    fn watch(&self, who: &str, auth: Auth) -> Outcome<Option<Seen>> {
        let line = Delay::bind()?;
        let host = line.address()?.to_string();
        let mut config = Config::new(Profile::builtin("oci")?)
            .auth(auth)
            .user("alice", "secret");
        // Tokens have to come over the slow line, too.
        config.realm = Some(format!("http://{host}/token"));
        let registry = MockRegistry::start(config)?;
        line.lead(registry.address(), self.round_trip / 2);
        let mut command = self.command(who, &host);
        let start = Instant::now();
        let output = match command.output() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            output => output?,
        };
        let wall = start.elapsed();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{who}, {auth:?}: {said}").into());
        }
        Ok(Some(self.read(&registry.exchanges(), wall)))
    }

    /// Lets the program see the tree once, so that it knows its layer from then on.
    fn remember(&self) -> Outcome<()> {
        // What has just been written is not remembered.
        std::thread::sleep(RACY);
        let registry = MockRegistry::builder().start()?;
        let output = self.command(REMEMBERED, &registry.host()).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(())
    }

    fn command(&self, who: &str, host: &str) -> Command {
        let reference = format!("{host}/bench/image:1");
        if who == SKOPEO {
            let mut command = Command::new(SKOPEO);
            command.args(["copy", "--quiet", "--insecure-policy"]);
            command.args(["--dest-tls-verify=false", "--dest-creds=alice:secret"]);
            command.arg(format!("oci:{}:1", self.layout.display()));
            command.arg(format!("docker://{reference}"));
            return command;
        }
        let mut command = Command::new(self.program);
        command.args(["push", "--quiet", "--image"]).arg(self.tree);
        if who == REMEMBERED {
            command.arg("--cache-dir").arg(self.folder.join("cache"));
        } else {
            command.arg("--no-cache");
        }
        command.arg(reference);
        command.env("CH_IMAGE_USERNAME", "alice");
        command.env("CH_IMAGE_PASSWORD", "secret");
        command
    }

    fn read(&self, exchanges: &record::Exchanges, wall: Duration) -> Seen {
        let mut trips: Vec<Vec<String>> = Vec::new();
        let mut begun = Duration::ZERO;
        let mut connections = std::collections::BTreeSet::new();
        for exchange in exchanges.iter() {
            connections.insert(exchange.connection);
            // What arrives later than most of a round trip after the first of its kind was sent
            // when the answer to that one was known.
            if trips.is_empty() || exchange.at.saturating_sub(begun) > self.round_trip * 3 / 4 {
                begun = exchange.at;
                trips.push(Vec::new());
            }
            let status = exchange.answer.as_ref().map_or(0, |answer| answer.status);
            if let Some(trip) = trips.last_mut() {
                let place = exchange.target.split(['?', '/']).nth(1).unwrap_or_default();
                let what = if place == "token" {
                    "token".to_owned()
                } else {
                    exchange.step.name().to_owned()
                };
                trip.push(format!("{} {what} {status}", exchange.method));
            }
        }
        Seen {
            requests: exchanges.iter().count(),
            connections: connections.len(),
            trips,
            wall,
        }
    }
}

const LONGSHORE: &str = "longshore";
/// The layer is known before it is packed.
const REMEMBERED: &str = "longshore, layer remembered";
const SKOPEO: &str = "skopeo";

/// Everybody who pushes.
const WAYS: [&str; 3] = [LONGSHORE, REMEMBERED, SKOPEO];

/// How long a tree has to be left alone to be remembered.
const RACY: Duration = Duration::from_millis(2500);

const USAGE: &str = "usage: latency LONGSHORE [--round-trip MS]";
