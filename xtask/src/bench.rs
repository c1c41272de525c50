//! `cargo xtask bench`: what is fast, against what.

mod measure;
mod mock;
mod push;
mod registry;
mod table;
mod transports;
mod tree;
mod ways;

use clap::Subcommand;

use crate::process::Failure;

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Pushes one tree with every program there is, in turn, into an empty registry each time
    Push(push::Options),
    /// Both transports and skopeo: many small blobs, and a large one
    Transports(transports::Options),
    /// The mock registry beside Docker's: how fast a large blob is taken, and in how much memory
    Registry(mock::Options),
    /// Runs one program and writes down what it took
    #[command(hide = true)]
    Measure(measure::Measure),
}

pub(crate) fn run(bench: &Bench) -> Result<(), Failure> {
    match bench {
        Bench::Push(options) => push::run(options),
        Bench::Transports(options) => transports::run(options),
        Bench::Registry(options) => mock::run(options),
        Bench::Measure(measure) => measure::run(measure),
    }
}
