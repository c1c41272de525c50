//! The push machine against the mock registry's core, through everything a network does.

use longshore_tests::simulator::{Plan, run};

#[test]
fn no_seed_violates_an_invariant() {
    for seed in 0..SEEDS {
        if let Err(violation) = run(&Plan::of(seed)) {
            let story = violation.trace.join("\n");
            panic!("seed {seed}: {}\n{story}", violation.what);
        }
    }
}

/// Seeds that found something, kept so that it stays found.
#[test]
fn no_seed_that_once_found_a_mistake_finds_it_again() {
    for (seed, mistake) in FOUND {
        if let Err(violation) = run(&Plan::of(*seed)) {
            panic!("seed {seed} ({mistake}): {}", violation.what);
        }
    }
}

#[test]
fn invariant_7_the_same_seed_gives_the_same_trace() {
    for seed in 0..SEEDS / 10 {
        let trace = |seed| run(&Plan::of(seed)).map(|outcome| outcome.trace);
        let (first, second) = (trace(seed), trace(seed));
        match (first, second) {
            (Ok(first), Ok(second)) => assert_eq!(first, second, "seed {seed}"),
            _ => panic!("seed {seed} violates an invariant"),
        }
    }
}

/// Enough for a build without optimization; `cargo xtask sim` plays many more.
const SEEDS: u64 = 3_000;

const FOUND: &[(u64, &str)] = &[
    (3, "an empty blob's PUT took an upload lane"),
    (
        1868,
        "a source that can be read once was read again after a 401",
    ),
];
