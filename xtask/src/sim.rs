//! Simulated pushes: many, or one told in full.

use clap::Args;

use crate::process::{Failure, cargo, execute};

/// Which seeds to play.
#[derive(Args)]
pub(crate) struct Options {
    /// How many
    #[arg(long, default_value_t = 100_000)]
    seeds: u64,
    /// The first one
    #[arg(long, default_value_t = 0)]
    from: u64,
}

/// Which seed to tell.
#[derive(Args)]
pub(crate) struct Replay {
    seed: u64,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let (from, seeds) = (options.from.to_string(), options.seeds.to_string());
    play(&["--from", &from, "--seeds", &seeds])
}

pub(crate) fn replay(replay: &Replay) -> Result<(), Failure> {
    play(&["replay", &replay.seed.to_string()])
}

fn play(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = cargo(&[
        "run",
        "--quiet",
        "--release",
        "--package",
        "longshore-tests",
    ]);
    command.args(["--bin", "sim", "--"]).args(arguments);
    execute(&mut command)
}
