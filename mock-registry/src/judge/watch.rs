//! A client as a process: started, watched, and stopped if it takes too long.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::evidence::ClientEnd;

/// Runs a command to its end. Its output is not yet free of secrets.
pub(super) fn watch(
    command: &[String],
    environment: &[(&str, String)],
    folder: &Path,
    limit: Duration,
) -> io::Result<ClientEnd> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| io::Error::other("there is no command"))?;
    let path = folder.join("output");
    let output = File::create(&path)?;
    let mut child = Command::new(program)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0)
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
    let start = Instant::now();
    let mut end = ClientEnd {
        watched: true,
        ..ClientEnd::default()
    };
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        end.memory = end.memory.max(peak(&child));
        if start.elapsed() > limit {
            end.timed_out = true;
            stop(&child);
            break child.wait()?;
        }
        thread::sleep(TICK);
    };
    end.exit = status.code().filter(|_| !end.timed_out);
    end.took = start.elapsed();
    let bytes = fs::read(&path)?;
    let from = bytes.len().saturating_sub(MOST_OUTPUT);
    end.output = String::from_utf8_lossy(&bytes[from..]).into_owned();
    Ok(end)
}

/// Stops a client and whatever it started.
fn stop(child: &Child) {
    let group = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // It may have ended by itself just now.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// The most memory that a process had so far, where the system tells.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes << 10)
}

const TICK: Duration = Duration::from_millis(10);
const MOST_OUTPUT: usize = 1 << 20;
