//! How fast the mock registry takes a large blob and in how much memory, beside Docker's registry.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use clap::Args;
use tempfile::TempDir;

use super::registry::Registry;
use crate::process::{Failure, cargo, execute, installed, root};

/// What to upload.
#[derive(Args)]
pub(crate) struct Options {
    /// The size of the blob, in GiB
    #[arg(long, value_name = "N", default_value_t = 2)]
    gib: u64,
    /// How often each registry gets it
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: usize,
    /// Leave Docker's registry out: it keeps the blob, and this is about memory
    #[arg(long)]
    alone: bool,
    /// Where registries keep what they keep: a blob at a time
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    if !options.alone && !installed("docker-registry") {
        return Err(Failure::new(
            "docker-registry is not installed: Debian has a package of that name; or say --alone",
        ));
    }
    let program = build()?;
    let blob = Blob::new(options.gib << 30)?;
    let kinds: &[Kind] = if options.alone {
        &[Kind::Discard]
    } else {
        &[Kind::Docker, Kind::Discard, Kind::Folder]
    };
    let mut tries: Vec<Vec<Try>> = kinds.iter().map(|_| Vec::new()).collect();
    for round in 1..=options.runs.max(1) {
        for (kind, tries) in kinds.iter().zip(&mut tries) {
            let place = scratch(options.scratch.as_deref())?;
            let one = kind.take(&blob, &program, place.path())?;
            println!("== bench: round {round}, {}: {one}", kind.name());
            tries.push(one);
        }
    }
    print!("{}", summary(kinds, &tries, blob.size));
    Ok(())
}

/// A registry, and where it puts a blob.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Docker,
    Discard,
    Folder,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker-registry",
            Self::Discard => "mock-registry serve --discard",
            Self::Folder => "mock-registry serve --store DIR",
        }
    }

    fn take(self, blob: &Blob, program: &Path, place: &Path) -> Result<Try, Failure> {
        if self == Self::Docker {
            let registry = Registry::start(place, None)?;
            return Ok(Try {
                seconds: blob.upload(registry.host())?,
                memory: peak(registry.id()),
            });
        }
        let mock = Mock::start(program, (self == Self::Folder).then_some(place))?;
        Ok(Try {
            seconds: blob.upload(&mock.host)?,
            memory: peak(mock.process.id()),
        })
    }
}

/// What one upload took.
struct Try {
    seconds: f64,
    /// The most memory that the registry had, in bytes, where the system tells.
    memory: Option<u64>,
}

impl std::fmt::Display for Try {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} s, {}", self.seconds, mebibytes(self.memory))
    }
}

/// A running mock registry. It ends with this value.
pub(super) struct Mock {
    process: Child,
    host: String,
}

impl Mock {
    /// Starts one that keeps what it gets in `folder`, or nowhere.
    pub(super) fn start(program: &Path, folder: Option<&Path>) -> Result<Self, Failure> {
        let failed = |why: String| Failure::new(format!("mock-registry: {why}"));
        let mut command = Command::new(program);
        command.arg("serve");
        match folder {
            Some(folder) => command.arg("--store").arg(folder),
            None => command.arg("--discard"),
        };
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let mut line = String::new();
        if let Some(out) = process.stdout.take() {
            // Where nothing is read, the line stays empty and says so below.
            let _ = BufReader::new(out).read_line(&mut line);
        }
        let host = line.trim().strip_prefix("listening on http://");
        let mock = Self {
            host: host.unwrap_or_default().to_owned(),
            process,
        };
        if mock.host.is_empty() {
            return Err(failed("it does not say where it listens".to_owned()));
        }
        Ok(mock)
    }

    /// Host and port.
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Bytes that do not compress, the same piece over and over.
struct Blob {
    size: u64,
    piece: Vec<u8>,
    digest: String,
}

impl Blob {
    fn new(size: u64) -> Result<Self, Failure> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut piece = Vec::with_capacity(PIECE);
        while piece.len() < PIECE {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            piece.extend_from_slice(&state.to_le_bytes());
        }
        let mut blob = Self {
            size,
            piece,
            digest: String::new(),
        };
        blob.digest = blob.hash().map_err(|e| about("sha256sum", &e))?;
        Ok(blob)
    }

    /// Sends it in one `PUT`; how long that took from the first request to the last answer, in
    /// seconds.
    fn upload(&self, host: &str) -> Result<f64, Failure> {
        let start = Instant::now();
        let failed = |error: std::io::Error| about(host, &error);
        let mut stream = BufReader::new(TcpStream::connect(host).map_err(failed)?);
        let post = format!(
            "POST /v2/bench/blobs/uploads/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"
        );
        let opened = exchange(&mut stream, &post, |_| Ok(())).map_err(failed)?;
        let location = opened.location.filter(|_| opened.status == 202);
        let location =
            location.ok_or_else(|| Failure::new(format!("{host} says {}", opened.status)))?;
        let target = match location.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => &location,
        };
        let glue = if target.contains('?') { '&' } else { '?' };
        let put = format!(
            "PUT {target}{glue}digest={} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            self.digest, self.size
        );
        let stored = exchange(&mut stream, &put, |out| self.write_to(out)).map_err(failed)?;
        if stored.status != 201 {
            return Err(Failure::new(format!("{host} says {}", stored.status)));
        }
        Ok(start.elapsed().as_secs_f64())
    }

    fn hash(&self) -> std::io::Result<String> {
        let mut child = Command::new("sha256sum")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            self.write_to(&mut input)?;
        }
        let output = child.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let hex = text.split_whitespace().next().unwrap_or_default();
        Ok(format!("sha256:{hex}"))
    }

    fn write_to(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        let mut left = self.size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            out.write_all(&self.piece[..most])?;
            left -= most as u64;
        }
        Ok(())
    }
}

struct Answer {
    status: u16,
    location: Option<String>,
}

/// One request and its answer, of which the head is all that matters.
fn exchange(
    stream: &mut BufReader<TcpStream>,
    head: &str,
    body: impl FnOnce(&mut TcpStream) -> std::io::Result<()>,
) -> std::io::Result<Answer> {
    stream.get_mut().write_all(head.as_bytes())?;
    body(stream.get_mut())?;
    let mut answer = Answer {
        status: 0,
        location: None,
    };
    let mut length = 0;
    let mut line = String::new();
    while stream.read_line(&mut line)? > 2 {
        if answer.status == 0 {
            let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
            answer.status = status.unwrap_or(0);
        } else if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "location" => answer.location = Some(value.trim().to_owned()),
                "content-length" => length = value.trim().parse().unwrap_or(0),
                _ => {}
            }
        }
        line.clear();
    }
    std::io::copy(&mut stream.take(length), &mut std::io::sink())?;
    Ok(answer)
}

fn summary(kinds: &[Kind], tries: &[Vec<Try>], size: u64) -> String {
    let median = |tries: &[Try]| {
        let mut seconds: Vec<f64> = tries.iter().map(|one| one.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    };
    let docker = kinds.iter().position(|kind| *kind == Kind::Docker);
    let docker = docker.map(|at| median(&tries[at]));
    let mut out =
        String::from("\n| registry | MB/s | as fast as docker-registry | peak memory |\n");
    out.push_str("|---|---|---|---|\n");
    for (kind, tries) in kinds.iter().zip(tries) {
        let seconds = median(tries);
        let memory = tries.iter().filter_map(|one| one.memory).max();
        let ratio = docker.map_or("-".into(), |docker| format!("{:.2}", docker / seconds));
        let speed = size as f64 / 1e6 / seconds;
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| `{}` | {speed:.0} | {ratio} | {} |",
            kind.name(),
            mebibytes(memory)
        );
    }
    out
}

fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map_or("-".into(), |bytes| {
        format!("{:.1} MiB", bytes as f64 / 1048576.0)
    })
}

/// The most memory that a process had so far, in bytes, where the system tells.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Builds the mock registry as it is shipped, and says where it is.
pub(super) fn build() -> Result<PathBuf, Failure> {
    execute(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "longshore-mock-registry",
        "--features",
        "aws-lc-rs",
    ]))?;
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(folder.join("release/mock-registry"))
}

fn scratch(parent: Option<&Path>) -> Result<TempDir, Failure> {
    let parent = parent.map_or_else(std::env::temp_dir, Path::to_path_buf);
    let folder = tempfile::tempdir_in(&parent);
    folder.map_err(|error| about(&parent.display().to_string(), &error))
}

fn about(what: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("{what}: {error}"))
}

const PIECE: usize = 1 << 20;
