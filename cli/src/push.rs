//! One push, from the image's directory to the registry.

mod pack;
mod report;
mod transport;
mod upload;

use std::time::Instant;

use longshore_image::Metadata;

use crate::console::{Console, plain, words};
use crate::embedded::Embedded;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::plan::PushPlan;
use upload::{Target, Upload};

pub(crate) use report::directory_of;
pub use report::{Blob, Summary, failure_to_json};

/// Pushes, into a registry of our own if the plan says so. What the registry holds afterwards is
/// in the summary.
///
/// # Errors
/// The registry does not hold the image.
pub fn run(plan: &PushPlan, console: &Console, interrupt: &Interrupt) -> Result<Summary, Failure> {
    let Some(profile) = &plan.embedded else {
        return push(plan, &Target::given(plan), console, interrupt);
    };
    let registry = Embedded::start(profile, console)?;
    let summary = run_into(&registry, plan, console, interrupt);
    registry.stop(console);
    summary
}

/// Pushes into `registry`, whatever registry the plan names.
///
/// # Errors
/// The registry does not hold the image.
pub(crate) fn run_into(
    registry: &Embedded,
    plan: &PushPlan,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<Summary, Failure> {
    push(plan, &Target::embedded(registry, plan)?, console, interrupt)
}

/// In this order: what can be known without the registry, what the registry alone can say, and
/// only then the work. Nobody should pack for an hour to hear that the password is wrong.
fn push(
    plan: &PushPlan,
    target: &Target,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<Summary, Failure> {
    let started = Instant::now();
    console.say(words::pushing(&plan.source.name().to_string()));
    let directory = plan.source.find()?;
    let shown = words::path(&plain(&directory.display().to_string()));
    if plan.source.is_given() {
        console.say(shown);
    } else {
        console.detail(shown);
    }
    if plan.tell_destination {
        console.say(words::destination(&target.reference.to_string()));
    }
    let metadata = Metadata::load(&directory, &mut |notice| pack::notice(console, &notice))
        .map_err(|error| pack::metadata_failure(&error))?;
    let mut upload = Upload::new(target, console, interrupt)?;
    console.say(words::PERMISSION);
    upload.ready()?;
    let packed = match pack::pack(&plan.packing, &directory, &metadata, console, interrupt) {
        Ok(packed) => packed,
        Err(failure) => {
            upload.abandon();
            return Err(failure);
        }
    };
    console.say(words::STARTING);
    let report = upload.run(&packed, plan.mount_from.as_ref())?;
    console.say(words::CLEANING_UP);
    let mut summary = Summary::new(&target.reference, &packed, &report, started.elapsed())?;
    drop(packed);
    if let Some(path) = &plan.digest_file {
        report::write_digest(path, &summary)?;
    }
    console.detail(format!(
        "{} requests, {} retries, {:.1} s",
        summary.requests, summary.retries, summary.elapsed_seconds
    ));
    console.say(words::DONE);
    summary.warnings = console.warnings();
    Ok(summary)
}
