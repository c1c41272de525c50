//! Which tests run on this machine, and how the others say so.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Completion, Trial};
use longshore_tests::real::specimen::{Special, Specimen};
use longshore_tests::real::tools::missing;

use crate::readers::Packed;

/// A story that needs programs of the distribution.
pub(crate) struct Test {
    /// What holds when it passes.
    pub(crate) name: &'static str,
    /// What must be installed.
    pub(crate) tools: &'static [&'static str],
    /// Panics when it does not hold.
    pub(crate) story: fn(&Shared) -> Told,
}

/// What several stories use and none may change. It lives as long as the run.
#[derive(Default)]
pub(crate) struct Shared {
    specimen: OnceLock<Specimen>,
    packed: OnceLock<Packed>,
}

impl Shared {
    /// An image with everything in it, made when first asked for.
    pub(crate) fn specimen(&self) -> &Specimen {
        self.specimen
            .get_or_init(|| Specimen::create(Special::Included))
    }

    /// A tree packed in every way, made when first asked for.
    pub(crate) fn packed(&self) -> &Packed {
        self.packed.get_or_init(Packed::create)
    }
}

/// How a story ended that did not fail.
pub(crate) enum Told {
    /// It holds.
    Whole,
    /// It could not be told here, and why.
    Skipped(&'static str),
}

pub(crate) fn run(tests: &'static [Test]) -> ExitCode {
    // No static: what is never dropped leaves its folder behind.
    let shared = Arc::new(Shared::default());
    let trials = tests.iter().map(|test| {
        let shared = Arc::clone(&shared);
        let trial = Trial::ignorable_test(test.name, move || Ok(tell(test, &shared)));
        // Unless asked for: they take minutes and need what a plain machine lacks.
        trial.with_ignored_flag(true)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn tell(test: &Test, shared: &Shared) -> Completion {
    let missing = missing(test.tools);
    if !missing.is_empty() {
        assert!(
            !required(),
            "LONGSHORE_INTEROP=require, but {} is not installed",
            missing.join(", ")
        );
        return skipped(
            test.name,
            &format!("{} is not installed", missing.join(", ")),
        );
    }
    match (test.story)(shared) {
        Told::Whole => Completion::Completed,
        Told::Skipped(why) => skipped(test.name, why),
    }
}

/// Whether a test that skips itself would hide something.
pub(crate) fn required() -> bool {
    std::env::var_os("LONGSHORE_INTEROP").is_some_and(|value| value == "require")
}

fn skipped(name: &str, why: &str) -> Completion {
    // Not by `eprintln!`: what it prints is of use outside this test alone.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {name}: {why}");
    Completion::ignored_with(why)
}
