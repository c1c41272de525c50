//! What the push machine costs by itself.

use clap::Args;

use super::play;
use crate::process::Failure;

/// How much to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// How many requests are driven for each row, at least
    #[arg(long, default_value_t = 100_000)]
    requests: u64,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    play("machine", &["--requests", &options.requests.to_string()])
}
