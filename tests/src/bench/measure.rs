//! What a program takes: time, processors, memory.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::layout::Outcome;

/// What a program took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// From start to end, in milliseconds.
    pub wall: f64,
    /// Processor time, in milliseconds.
    pub cpu: f64,
    /// The most memory it had, in MiB.
    pub resident: f64,
}

/// Runs `command`, the first word of which is the program, and says what it took. To be called once
/// in a process: the system keeps count for all children together.
///
/// # Errors
/// The program cannot be run, or fails.
pub fn once(command: &[&str]) -> Outcome<Measured> {
    let [program, arguments @ ..] = command else {
        return Err("there is nothing to measure".into());
    };
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    let wall = started.elapsed().as_secs_f64() * 1e3;
    if !status.success() {
        return Err(format!("{program}: {status}").into());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Measured {
        wall,
        cpu: cpu as f64 / 1e3,
        // The system counts in KiB.
        resident: usage.max_rss() as f64 / 1024.0,
    })
}

/// The median of each figure.
#[must_use]
pub fn medians(all: &[Measured]) -> Measured {
    let median = |figure: fn(&Measured) -> f64| {
        let mut figures: Vec<f64> = all.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        match figures.len() {
            0 => 0.0,
            count if count % 2 == 0 => f64::midpoint(figures[middle - 1], figures[middle]),
            _ => figures[middle],
        }
    };
    Measured {
        wall: median(|measured| measured.wall),
        cpu: median(|measured| measured.cpu),
        resident: median(|measured| measured.resident),
    }
}
