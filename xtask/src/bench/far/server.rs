//! The program that serves a tree slowly.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Failure, installed};

/// A tree that is mounted. It is unmounted when this is dropped.
pub(super) struct Server {
    program: Option<Child>,
    mount: PathBuf,
}

/// What a file system was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    pub(super) look_ups: u64,
    pub(super) listings: u64,
    pub(super) opens: u64,
    pub(super) reads: u64,
}

impl Server {
    pub(super) fn start(
        program: &Path,
        tree: &Path,
        mount: &Path,
        delay: u64,
    ) -> Result<Self, Failure> {
        if !installed("fusermount3") {
            return Err(Failure::new(
                "fusermount3 is not installed: Debian has it in the package fuse3",
            ));
        }
        let failed = |error: std::io::Error| {
            Failure::new(format!("cannot run {}: {error}", program.display()))
        };
        fs::create_dir_all(mount).map_err(failed)?;
        let child = Command::new(program)
            .args([tree, mount])
            .arg(delay.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let server = Self {
            program: Some(child),
            mount: mount.to_owned(),
        };
        let started = Instant::now();
        while !server.is_mounted() {
            if started.elapsed() > PATIENCE {
                return Err(Failure::new(format!(
                    "{} has mounted nothing",
                    program.display()
                )));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    /// Unmounts, and says what was asked.
    pub(super) fn end(mut self) -> Result<Calls, Failure> {
        let program = self.stop();
        let said = program.and_then(|program| program.wait_with_output().ok());
        let said = said.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
        let said = said.unwrap_or_default();
        Calls::parse(&said)
            .ok_or_else(|| Failure::new(format!("the slow file system counted nothing: {said}")))
    }

    fn stop(&mut self) -> Option<Child> {
        let program = self.program.take()?;
        let unmount = || {
            let mut command = Command::new("fusermount3");
            let done = command.arg("-u").arg(&self.mount).stderr(Stdio::null());
            done.status().is_ok_and(|status| status.success())
        };
        // Something may still be closing a file.
        let started = Instant::now();
        while !unmount() && started.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(50));
        }
        Some(program)
    }

    fn is_mounted(&self) -> bool {
        let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
        let above = self.mount.parent().and_then(device);
        device(&self.mount) != above
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut program) = self.stop() {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

impl Calls {
    /// From `look-ups 1, listings 2, opens 3, reads 4`.
    fn parse(text: &str) -> Option<Self> {
        let number = |name: &str| {
            let (_, rest) = text.split_once(name)?;
            let digits = rest.trim_start();
            let end = digits
                .find(|letter: char| !letter.is_ascii_digit())
                .unwrap_or(digits.len());
            digits[..end].parse().ok()
        };
        Some(Self {
            look_ups: number("look-ups")?,
            listings: number("listings")?,
            opens: number("opens")?,
            reads: number("reads")?,
        })
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            look_ups,
            listings,
            opens,
            reads,
        } = self;
        write!(
            f,
            "{look_ups} look-ups, {listings} listings, {opens} opens, {reads} reads"
        )
    }
}

/// How long a mount may take to come or to go.
const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests;
