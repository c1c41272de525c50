//! One push, from the image's directory to the registry.

mod memory;
mod pack;
mod remembered;
mod report;
mod transport;
mod upload;

use std::path::Path;
use std::time::Instant;

use longshore_image::Metadata;
use longshore_protocol::Report;

use crate::console::{Console, plain, words};
use crate::embedded::Embedded;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::plan::PushPlan;
use memory::Memory;
use pack::{Packed, Source};
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
    let memory = Memory::new(plan.cache.as_ref(), console);
    let attempt = Attempt {
        plan,
        target,
        directory: &directory,
        metadata: &metadata,
        console,
        interrupt,
    };
    let (packed, report) = attempt.run(memory)?;
    memory.keep_place(&packed.source.layer().content.digest, &target.reference);
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

/// All that a push needs, since it may need it twice.
struct Attempt<'a> {
    plan: &'a PushPlan,
    target: &'a Target,
    directory: &'a Path,
    metadata: &'a Metadata,
    console: &'a Console,
    interrupt: &'a Interrupt,
}

impl Attempt<'_> {
    /// Pushes, and once more from the start if it failed because the memory was wrong.
    fn run(&self, memory: Memory<'_>) -> Result<(Packed, Report), Failure> {
        let (packed, failure) = match self.once(memory)? {
            (packed, Ok(report)) => return Ok((packed, report)),
            (packed, Err(failure)) => (packed, failure),
        };
        let Source::Remembered(remembered) = &packed.source else {
            return Err(failure);
        };
        // A tree that could not be read in the middle of an upload may be another one by now.
        if failure.exit() != Exit::Image && !remembered.is_refuted() {
            return Err(failure);
        }
        memory.forget_layer(&remembered.key);
        self.console
            .say("the image has changed, though it does not look it: packing it again");
        let (packed, result) = self.once(Memory::new(None, self.console))?;
        Ok((packed, result?))
    }

    fn once(&self, memory: Memory<'_>) -> Result<(Packed, Result<Report, Failure>), Failure> {
        let Self {
            plan,
            target,
            console,
            interrupt,
            ..
        } = *self;
        let mut upload = Upload::new(target, console, interrupt)?;
        console.say(words::PERMISSION);
        upload.ready()?;
        let packed = pack::pack(
            &plan.packing,
            self.directory,
            self.metadata,
            memory,
            console,
            interrupt,
        );
        let packed = match packed {
            Ok(packed) => packed,
            Err(failure) => {
                upload.abandon();
                return Err(failure);
            }
        };
        console.say(words::STARTING);
        let digest = &packed.source.layer().content.digest;
        let known = memory.mount_from(digest, &target.reference);
        let mount_from = plan.mount_from.as_ref().or(known.as_ref());
        let result = upload.run(&packed, mount_from);
        Ok((packed, result))
    }
}
