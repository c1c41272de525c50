//! Plays many simulated pushes, or one of them in full: `sim [--from S] [--seeds N]`, `sim replay S`.
#![expect(
    clippy::print_stdout,
    reason = "a program whose output is what it is for"
)]

use std::process::ExitCode;

use longshore_tests::simulator::{Plan, run, shrink};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        let text = at.and_then(|at| arguments.get(at + 1));
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    if arguments.first().is_some_and(|word| word == "replay") {
        return replay(number("replay", 0));
    }
    play(number("--from", 0), number("--seeds", 20_000))
}

fn play(from: u64, seeds: u64) -> ExitCode {
    let (mut succeeded, mut polls, mut virtual_seconds) = (0_u64, 0, 0);
    for seed in from..from.saturating_add(seeds) {
        match run(&Plan::of(seed)) {
            Ok(outcome) => {
                succeeded += u64::from(outcome.result.is_ok());
                polls += outcome.polls;
                virtual_seconds += outcome.elapsed.as_secs();
            }
            Err(violation) => {
                println!("seed {seed}: {}", violation.what);
                tell_smallest(&Plan::of(seed));
                println!("the whole story of the seed itself: cargo xtask replay {seed}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!(
        "{seeds} pushes simulated, {succeeded} succeeded, {polls} polls, {} days passed in them",
        virtual_seconds / 86_400
    );
    ExitCode::SUCCESS
}

fn replay(seed: u64) -> ExitCode {
    let plan = Plan::of(seed);
    println!("{plan}");
    match run(&plan) {
        Ok(outcome) => {
            print!("{}", outcome.trace);
            println!("{:#?}", outcome.result);
            ExitCode::SUCCESS
        }
        Err(violation) => {
            print!("{}", violation.trace);
            println!("violated: {}", violation.what);
            tell_smallest(&plan);
            ExitCode::FAILURE
        }
    }
}

/// The story of the smallest plan that shows the same.
fn tell_smallest(plan: &Plan) {
    let Some((plan, violation)) = shrink(plan) else {
        return;
    };
    println!("\nthe smallest plan that shows it:\n{plan}");
    print!("{}", violation.trace);
    println!("violated: {}", violation.what);
}
