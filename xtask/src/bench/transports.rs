//! How fast the transports are, beside each other.

use clap::Args;

use crate::process::{Failure, cargo, execute};

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// The size of the large blob, in MiB
    #[arg(long, default_value_t = 2048)]
    large: u32,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
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
