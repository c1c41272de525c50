//! Benchmarks: what is fast, against what.

use clap::{Args, ValueEnum};

use crate::process::{Failure, cargo, execute};

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    subject: Subject,
    /// The size of the large blob, in MiB
    #[arg(long, default_value_t = 2048)]
    large: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Subject {
    /// Both transports and skopeo: many small blobs, and a large one
    Transports,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let Subject::Transports = options.subject;
    let mut command = cargo(&[
        "run",
        "--quiet",
        "--release",
        "--package",
        "longshore-tests",
    ]);
    let large = options.large.to_string();
    command.args(["--bin", "transports", "--", "--large", &large]);
    execute(&mut command)
}
