//! `cargo xtask ci`: every check, in the order that tells soonest what is wrong.

use std::time::Instant;

use clap::Args;

use crate::process::{Failure, cargo, execute};
use crate::{deps, msrv, tidy};

#[derive(Args)]
pub(crate) struct Options {
    /// Leave `cargo test --workspace` out, for a caller that has just run it
    #[arg(long)]
    no_tests: bool,
}

struct Step {
    name: &'static str,
    check: fn() -> Result<(), Failure>,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut done = Vec::new();
    for Step { name, check } in STEPS {
        if *name == TESTS && options.no_tests {
            done.push(format!("{name} left out (--no-tests)"));
            continue;
        }
        println!("== ci: {name}");
        let started = Instant::now();
        check().map_err(|failure| {
            Failure::new(format!(
                "ci: {name} FAILED after {}: {failure}",
                join(&done)
            ))
        })?;
        done.push(format!(
            "{name} ok ({:.1} s)",
            started.elapsed().as_secs_f64()
        ));
    }
    println!("== ci: {}", join(&done));
    Ok(())
}

fn fmt() -> Result<(), Failure> {
    execute(&mut cargo(&["fmt", "--all", "--check"]))?;
    let fuzzer = ["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"];
    execute(&mut cargo(&fuzzer))
}

fn clippy() -> Result<(), Failure> {
    execute(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn doc() -> Result<(), Failure> {
    let mut command = cargo(&[
        "doc",
        "--no-deps",
        "--workspace",
        "--document-private-items",
    ]);
    execute(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn tests() -> Result<(), Failure> {
    execute(&mut cargo(&["test", "--workspace"]))
}

/// A program with features of its own, which no member of the workspace can have.
fn outside() -> Result<(), Failure> {
    execute(&mut cargo(&[
        "test",
        "--locked",
        "--manifest-path",
        "tests/outside/Cargo.toml",
        "--target-dir",
        "target/outside",
    ]))
}

fn join(done: &[String]) -> String {
    if done.is_empty() {
        "no step".to_owned()
    } else {
        done.join(", ")
    }
}

const TESTS: &str = "tests";

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        check: fmt,
    },
    Step {
        name: "tidy",
        check: tidy::run,
    },
    Step {
        name: "msrv",
        check: msrv::run,
    },
    Step {
        name: "deps",
        check: deps::run,
    },
    Step {
        name: "clippy",
        check: clippy,
    },
    Step {
        name: "doc",
        check: doc,
    },
    Step {
        name: "outside",
        check: outside,
    },
    Step {
        name: TESTS,
        check: tests,
    },
];
