//! `cargo xtask …`: the one entry point for people and CI, so that both run the same checks.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task runner talks to the person who started it"
)]

mod bench;
mod ci;
mod defects;
mod deps;
mod fuzz;
mod interop;
mod msrv;
mod pictures;
mod process;
mod sim;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use process::Failure;

fn main() -> ExitCode {
    match run(Xtask::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The project's own checks.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measures what is fast, against what
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Everything a change must pass: fmt, clippy, doc, tests, deps, msrv, tidy
    Ci(ci::Options),
    /// Mistakes made on purpose: each has to be noticed by a test
    Defects(defects::Options),
    /// Who may depend on whom, and what may never reach the protocol crate
    Deps,
    /// Lets a fuzzer look for bytes that break what must hold
    Fuzz(fuzz::Options),
    /// Pushes to real registries and pulls back with real clients
    Interop(interop::Options),
    /// The oldest Rust that is promised: stated once, inherited by all
    Msrv,
    /// Draws the diagrams of docs/protocol.md as SVG
    Pictures,
    /// Plays simulated pushes and checks the machine's invariants
    Sim(sim::Options),
    /// Tells the story of one simulated push
    Replay(sim::Replay),
    /// Rules on the files themselves: length, leftovers, private paths
    Tidy,
}

fn run(task: Task) -> Result<(), Failure> {
    match task {
        Task::Ci(options) => ci::run(&options),
        Task::Defects(options) => defects::run(&options),
        Task::Deps => deps::run(),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Interop(options) => interop::run(&options),
        Task::Msrv => msrv::run(),
        Task::Bench(bench) => bench::run(&bench),
        Task::Pictures => pictures::run(),
        Task::Sim(options) => sim::run(&options),
        Task::Replay(replay) => sim::replay(&replay),
        Task::Tidy => tidy::run(),
    }
}
