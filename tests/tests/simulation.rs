//! The push machine against the mock registry's core, through everything a network does.

use longshore_tests::simulator::{Batches, Fault, Plan, run, shrink, shrink_while};

#[test]
fn no_seed_violates_an_invariant() {
    for seed in 0..SEEDS {
        if let Err(violation) = run(&Plan::of(seed)) {
            let story = &violation.trace;
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

/// Only where nothing goes wrong: a fault comes with the n-th request, and which one that is depends
/// on the order.
#[test]
fn invariant_13_answers_handed_in_together_change_nothing_but_the_order() {
    let is_calm =
        |plan: &Plan| plan.faults.is_empty() && plan.outages.is_empty() && plan.cancel.is_none();
    for plan in (0..SEEDS / 4).map(Plan::of).filter(is_calm) {
        let results = [Batches::Never, Batches::Always].map(|batches| {
            let mut plan = plan.clone();
            plan.batches = batches;
            let outcome = run(&plan).expect("no seed violates an invariant");
            match outcome.result {
                Ok(report) => Ok(report.manifest),
                Err(error) => Err(error.kind()),
            }
        });
        assert_eq!(results[0], results[1], "{plan}");
    }
}

/// The mistake looked for is planted: it is made when a connection breaks in an upload.
#[test]
fn a_plan_shrinks_to_what_the_mistake_needs() {
    let is_cut = |(_, fault): &(u64, Fault)| matches!(fault, Fault::CutAfter(1..));
    let fails = |plan: &Plan| plan.faults.iter().any(is_cut) && plan.blobs.len() >= 2;
    let mut tried = 0;
    for plan in (0..200).map(Plan::of).filter(fails) {
        let small = shrink_while(&plan, fails);
        assert!(
            matches!(small.faults[..], [(_, Fault::CutAfter(1))]),
            "{small}"
        );
        assert_eq!(small.blobs.len(), 2, "{small}");
        assert!(
            small.outages.is_empty() && small.cancel.is_none(),
            "{small}"
        );
        assert_eq!(small.profile.name, "oci");
        assert!(small.blobs.iter().all(|blob| blob.size == 0 && blob.known));
        tried += 1;
    }
    assert!(tried > 5, "{tried} seeds have what is looked for");
}

#[test]
fn a_sound_plan_does_not_shrink() {
    assert!(shrink(&Plan::of(0)).is_none());
}

#[test]
fn a_plan_tells_what_is_unusual_in_it() {
    let mut plan = Plan::of(0);
    plan.profile = longshore_mock_registry::Profile::builtin("oci").expect("it is embedded");
    plan.profile.chunk.max_length = 50;
    plan.faults = vec![(3, Fault::CutAfter(40))];
    let told = plan.to_string();
    let head = "seed 0\nregistry: oci, chunk.max-length = 50\n";
    assert!(told.starts_with(head), "{told}");
    assert!(told.contains("\nrequest 3: CutAfter(40)\n"), "{told}");
}

/// Enough for a build without optimization; `cargo xtask sim` plays many more.
const SEEDS: u64 = 3_000;

const FOUND: &[(u64, &str)] = &[
    (3, "an empty blob's PUT took an upload lane"),
    (
        46,
        "a manifest that was taken and is not there was asked for until the end",
    ),
    (
        1868,
        "a source that can be read once was read again after a 401",
    ),
    (
        5_877,
        "the session of a commit that broke stayed open where the blob was there already",
    ),
    (
        17_409,
        "a registry that was busy three times used up the sessions",
    ),
    (
        32_949,
        "what broke twice in one place cost the session, although the registry was right",
    ),
    (
        379_593,
        "what broke counted twice: when it did, and when its session was replaced",
    ),
    (
        1_483_164,
        "a registry that counts one too many cost an attempt each time that showed",
    ),
    (
        5_068_291,
        "a stream that was learnt to be empty took no lane when it was sent again",
    ),
    (6_696_691, "the same, in an outage"),
    (7_000_045, "the same, two of them"),
    (
        7_324,
        "a manifest that does not name what a stream was is taken by some registries",
    ),
    (
        9_439_435,
        "a session was blamed for a registry that takes no parts",
    ),
    (
        13_116_546,
        "a token died a second before its time, and the source could be read once",
    ),
];
