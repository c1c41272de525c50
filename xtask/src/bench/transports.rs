//! How fast the transports are, beside each other.

use clap::Args;

use super::play;
use crate::process::Failure;

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// The size of the large blob, in MiB
    #[arg(long, default_value_t = 2048)]
    large: u32,
    /// How many small blobs there are, of 64 KiB each
    #[arg(long, default_value_t = 200)]
    blobs: u32,
    /// How often everybody pushes
    #[arg(long, default_value_t = 5)]
    rounds: u32,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let [large, blobs, rounds] =
        [options.large, options.blobs, options.rounds].map(|number| number.to_string());
    let arguments = ["--large", &large, "--blobs", &blobs, "--rounds", &rounds];
    play("transports", &arguments)
}
