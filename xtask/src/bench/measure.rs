//! What a program takes: time, processors, memory.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

use crate::process::Failure;

/// `cargo xtask bench measure`: a process of its own for each measurement, since the system keeps
/// count of memory for all children together.
#[derive(Args)]
pub(crate) struct Measure {
    /// Where the result goes
    #[arg(long)]
    to: PathBuf,
    /// For sh
    script: String,
}

/// What a program took, the programs it started included.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Measurement {
    /// From start to end, in seconds.
    pub(crate) wall: f64,
    /// Processor time, in seconds.
    pub(crate) cpu: f64,
    /// The most memory that one process had, in bytes.
    pub(crate) memory: u64,
}

/// Measures `script` in `place` with nothing but `variables` in its environment.
pub(super) fn run_measured(
    name: &str,
    script: &str,
    place: &Path,
    variables: &[(&str, &OsStr)],
) -> Result<Measurement, Failure> {
    let failed = |why: String| Failure::new(format!("{name}: {why}"));
    let (result, said) = (place.join("measurement"), place.join("said"));
    let log = File::create(&said).map_err(|error| failed(error.to_string()))?;
    let errors = log.try_clone().map_err(|error| failed(error.to_string()))?;
    let this = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let status = Command::new(this)
        .args(["bench", "measure", "--to"])
        .arg(&result)
        .args(["--", script])
        .env_clear()
        .env("PATH", PATH)
        .env("HOME", place)
        .env("TMPDIR", place)
        .env("USER", "bench")
        .env("LC_ALL", "C.UTF-8")
        .envs(variables.iter().copied())
        .current_dir(place)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .status()
        .map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        let said = fs::read(&said).unwrap_or_default();
        return Err(failed(format!(
            "{status}\n{}",
            String::from_utf8_lossy(&said)
        )));
    }
    let result = fs::read(&result).map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&result).map_err(|error| failed(error.to_string()))
}

/// Whether the measured programs find this one.
pub(super) fn is_there(program: &str) -> bool {
    PATH.split(':')
        .any(|folder| Path::new(folder).join(program).is_file())
}

pub(super) fn run(measure: &Measure) -> Result<(), Failure> {
    let start = Instant::now();
    let status = Command::new("sh")
        .args(["-e", "-c", &measure.script])
        .status()
        .map_err(|error| Failure::new(format!("cannot run sh: {error}")))?;
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(Failure::new(format!("the script ended with {status}")));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)
        .map_err(|error| Failure::new(format!("the system does not tell: {error}")))?;
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let result = Measurement {
        wall,
        cpu: cpu as f64 / 1e6,
        // The system counts in KiB.
        memory: u64::try_from(usage.max_rss()).unwrap_or(0) * 1024,
    };
    let text = serde_json::to_vec(&result).map_err(|error| Failure::new(error.to_string()))?;
    fs::write(&measure.to, text)
        .map_err(|error| Failure::new(format!("cannot write the result: {error}")))
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.memory as f64 / 1e6;
        write!(
            f,
            "{:.2} s, {:.2} s of processors, {memory:.0} MB of memory",
            self.wall, self.cpu
        )
    }
}

/// The distribution's programs: nobody's own Python must come between ch-image and its modules.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
