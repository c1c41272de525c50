//! `cargo xtask bench`: what is fast, against what.

mod change;
mod extremes;
mod far;
mod latency;
mod machine;
mod measure;
mod mock;
mod push;
mod registry;
mod table;
mod transports;
mod tree;
mod ways;

use clap::Subcommand;

use crate::process::{Failure, cargo, execute};

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Pushes one tree with every program there is, in turn, into an empty registry each time
    Push(push::Options),
    /// What a push costs after a file of 10 kB has changed, with several layers
    Change(change::Options),
    /// A million small files, and one very large one, beside tar
    Extremes(extremes::Options),
    /// A tree on a file system where every call takes a while, beside tar
    Far(far::Options),
    /// Both transports and skopeo: many small blobs, and a large one
    Transports(transports::Options),
    /// The mock registry beside Docker's: how fast a large blob is taken, and in how much memory
    Registry(mock::Options),
    /// The push machine alone: processor time for each request
    Machine(machine::Options),
    /// Requests and round trips of a small push over a slow line, beside skopeo
    Latency(latency::Options),
    /// Runs one program and writes down what it took
    #[command(hide = true)]
    Measure(measure::Measure),
}

pub(crate) fn run(bench: &Bench) -> Result<(), Failure> {
    match bench {
        Bench::Push(options) => push::run(options),
        Bench::Change(options) => change::run(options),
        Bench::Extremes(options) => extremes::run(options),
        Bench::Far(options) => far::run(options),
        Bench::Transports(options) => transports::run(options),
        Bench::Registry(options) => mock::run(options),
        Bench::Machine(options) => machine::run(options),
        Bench::Latency(options) => latency::run(options),
        Bench::Measure(measure) => measure::run(measure),
    }
}

/// Runs a benchmark that uses the crates of the house, optimized.
fn play(program: &str, arguments: &[&str]) -> Result<(), Failure> {
    let mut command = cargo(&["run", "--quiet", "--release"]);
    command.args(["--package", "longshore-tests", "--bin", program, "--"]);
    command.args(arguments);
    execute(&mut command)
}
