//! Every scenario, with every driver.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial, run};
use longshore_tests::scenarios::{check, table};

#[expect(clippy::print_stdout, reason = "how much was played is to be seen")]
fn main() -> ExitCode {
    let scenarios = table::all();
    let count = scenarios.len();
    let trials = scenarios
        .into_iter()
        .map(|scenario| {
            let name = format!("scenarios: {}", scenario.name);
            Trial::test(name, move || Ok(check(&scenario)?))
        })
        .collect();
    let conclusion = run(&Arguments::from_args(), trials);
    println!("{count} scenarios x 3 drivers");
    conclusion.exit_code()
}
