//! One table of scenarios, played in three ways.
//!
//! A [`Scenario`] is a push: an image, a registry, what goes wrong, and how it must end. [`check`]
//! plays it with the [simulator], which has no sockets, with
//! [`longshore_blocking`](drivers::blocking) and with [`longshore_async`](drivers::nonblocking),
//! all against the same registry behind the same script. All three must put the same requests on
//! the wire, in the same order for each blob, end in the same report or error, and leave the
//! registry in the same state. So the two transports cannot drift apart, nor away from what the
//! simulator shows to be right.

pub mod drivers;
pub mod image;
pub mod registry;
pub mod scenario;
pub mod script;
pub mod server;
pub mod table;
pub mod wire;

use drivers::{Played, blocking, nonblocking, simulator};
use scenario::{End, Scenario};

/// Plays `scenario` with all drivers.
///
/// # Errors
/// They do not agree, or it ends otherwise than it should.
pub fn check(scenario: &Scenario) -> Result<(), String> {
    let failed = |driver: &str, error: std::io::Error| format!("{driver}: {error}");
    let model = simulator::play(scenario).map_err(|e| failed("simulator", e))?;
    check_end(scenario, &model)?;
    let blocking = blocking::play(scenario).map_err(|e| failed("blocking", e))?;
    compare("blocking", &model, &blocking)?;
    let nonblocking = nonblocking::play(scenario).map_err(|e| failed("async", e))?;
    compare("async", &model, &nonblocking)
}

fn check_end(scenario: &Scenario, played: &Played) -> Result<(), String> {
    let is_right = match (scenario.end, &played.result) {
        (End::Agreed, _) | (End::Pushed, Ok(_)) => true,
        (End::Fails(kind, phase), Err(error)) => error.kind() == kind && error.phase() == phase,
        (End::FailsAnywhere(kind), Err(error)) => error.kind() == kind,
        _ => false,
    };
    if is_right {
        return Ok(());
    }
    let result = match &played.result {
        Ok(report) => format!("{report:?}"),
        Err(error) => format!("{:?} while {:?}: {error}", error.kind(), error.phase()),
    };
    Err(format!(
        "it ends as {result}\nand not as {:?}\n{:?}{}",
        scenario.end, played.wire, played.state
    ))
}

fn compare(driver: &str, model: &Played, played: &Played) -> Result<(), String> {
    let story = || {
        let error = played.result.as_ref().err().map(ToString::to_string);
        format!(
            "simulator:\n{}\n{:?}{}\n{driver}:\n{} {error:?}\n{:?}{}",
            model.end, model.wire, model.state, played.end, played.wire, played.state
        )
    };
    for (what, agree) in [
        ("the requests", model.wire == played.wire),
        ("the end", model.end == played.end),
        ("the registry's state", model.state == played.state),
    ] {
        if !agree {
            return Err(format!("{what} differ with {driver}\n{}", story()));
        }
    }
    Ok(())
}

/// Where images are pushed.
pub const REPOSITORY: &str = "team/app";

/// Where blobs may be mounted from.
pub const MOUNT_SOURCE: &str = "other/app";

const USER: &str = "alice";

const PASSWORD: &str = "secret";
