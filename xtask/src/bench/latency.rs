//! What a push costs where every answer takes its time.

use clap::Args;

use super::{play, push};
use crate::process::Failure;

/// How slow the line is.
#[derive(Args)]
pub(crate) struct Options {
    /// From a request to its answer, in milliseconds
    #[arg(long, default_value_t = 100)]
    round_trip: u64,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let program = push::build()?;
    let program = program.to_string_lossy();
    let time = options.round_trip.to_string();
    play("latency", &[&program, "--round-trip", &time])
}
