//! One push, from the image's directory to the registry.

mod layer;
mod look;
mod memory;
mod pack;
mod remembered;
mod report;
mod transport;
mod unfinished;
mod unseen;
mod upload;

use std::path::Path;
use std::time::Instant;

use longshore_image::{Metadata, Packer, Watch};
use longshore_protocol::Report;

use crate::architecture;
use crate::console::{Console, plain, words};
use crate::embedded::Embedded;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::metadata;
use crate::plan::{PushPlan, Sending};
use crate::source;
use layer::{Maker, Source};
use memory::Memory;
use pack::Packed;
use unfinished::{Unfinished, leaving};
use upload::{Target, Upload};

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
/// only then the work. Nobody should pack for an hour to hear that the password is wrong. Looking at
/// the tree, and packing it if it is small, do not wait for the answer.
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
    if plan.assumes_hub {
        console.say(words::ASSUMED_HUB);
    }
    if plan.tell_destination {
        console.say(words::destination(&target.reference.to_string()));
    }
    let is_strict = plan.packing.options.strict;
    source::check(&plan.source, &directory, is_strict, console)?;
    let mut metadata = metadata::gather(plan, &directory, console)?;
    let platform = plan.packing.platform.as_ref();
    architecture::settle(&mut metadata, platform, &directory, console);
    let memory = Memory::of(plan.cache.as_ref(), console);
    let attempt = Attempt {
        plan,
        target,
        directory: &directory,
        metadata: &metadata,
        console,
        interrupt,
    };
    let (packed, report) = attempt.run(memory)?;
    for source in &packed.layers {
        memory.keep_place(&source.layer().content.digest, &target.reference);
    }
    if let Some(bytes) = report.largest_chunk {
        memory.keep_largest_chunk(&target.reference, bytes);
    }
    console.say(words::CLEANING_UP);
    let mut summary = Summary::new(&target.reference, &packed, &report, started.elapsed())?;
    drop(packed);
    if let Some(file) = &plan.digest_file {
        file.write(&summary.digest)?;
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
    /// Pushes, and once more from the start if it failed for a reason that can be done without: the
    /// memory was wrong, or the registry does not take what it is not told the length of.
    fn run(&self, memory: Memory<'_>) -> Result<(Packed, Report), Failure> {
        // What goes in parts has to be packed before it is sent.
        let sending = match (self.plan.packing.sending, self.chunk(memory)) {
            (Sending::Overlap, Some(_)) => Sending::PackFirst,
            (sending, _) => sending,
        };
        let Unfinished {
            failure,
            about_streaming,
        } = match self.once(memory, sending) {
            (layers, Err(unfinished)) if self.forget(memory, &layers, &unfinished.failure) => {
                self.console
                    .say("the image has changed, though it does not look it: packing it again");
                let again = self.once(Memory::none(self.console), sending);
                return again.1.map_err(|unfinished| unfinished.failure);
            }
            (_, Err(unfinished)) => unfinished,
            (_, Ok(done)) => return Ok(done),
        };
        let Some(words) = about_streaming else {
            return Err(failure);
        };
        if sending == Sending::Stream {
            return Err(failure.hinting("without --stream, the registry is told the length first"));
        }
        self.console.say(words);
        let again = self.once(memory, Sending::PackFirst);
        again.1.map_err(|unfinished| unfinished.failure)
    }

    /// The largest part of a layer to begin with, if not the whole.
    fn chunk(&self, memory: Memory<'_>) -> Option<u64> {
        let Self { plan, target, .. } = *self;
        let remembered = || memory.largest_chunk(&target.reference);
        target.channel.chunk.or_else(remembered).filter(|_| {
            // A stream has no length, and cannot be sent in parts.
            plan.packing.sending != Sending::Stream
        })
    }

    /// Forgets the layers that the memory was wrong about, and says whether there were any.
    fn forget(&self, memory: Memory<'_>, layers: &[Source], failure: &Failure) -> bool {
        let mut is_wrong = false;
        for source in layers {
            // A tree that could not be read in the middle of an upload may be another one by now.
            if let Source::Remembered(remembered) = source
                && (failure.exit() == Exit::Image || remembered.is_refuted())
            {
                memory.forget_layer(&remembered.key);
                is_wrong = true;
            }
        }
        is_wrong
    }

    /// One attempt, and what it knew of the layers when it failed.
    fn once(
        &self,
        memory: Memory<'_>,
        sending: Sending,
    ) -> (Vec<Source>, Result<(Packed, Report), Unfinished>) {
        let Self {
            plan,
            target,
            console,
            interrupt,
            ..
        } = *self;
        let mut upload = match Upload::new(target, self.chunk(memory), console, interrupt) {
            Ok(upload) => upload,
            Err(failure) => return (Vec::new(), Err(failure.into())),
        };
        console.say(words::PERMISSION);
        let watch = Watch::with_flag(interrupt.flag());
        let maker = Maker {
            packing: &plan.packing,
            sending,
            directory: self.directory,
            target: &target.reference,
            mount_from: plan.mount_from.as_ref(),
            memory,
            packer: Packer::new(plan.packing.options.clone()),
            watch: &watch,
            console,
            interrupt,
        };
        let packed = match pack::pack(&maker, self.metadata, &plan.configuration, &mut upload) {
            Ok(packed) => packed,
            Err(mut unfinished) => {
                unfinished.failure = leaving(unfinished.failure, upload.abandon());
                return (Vec::new(), Err(unfinished));
            }
        };
        console.say(words::STARTING);
        let is_there =
            |source: &Source| memory.is_at(&source.layer().content.digest, &target.reference);
        let is_expected = packed.layers.iter().all(is_there);
        match upload.run(&packed.image, is_expected) {
            Ok(report) => (Vec::new(), Ok((packed, report))),
            Err(unfinished) => (packed.layers, Err(unfinished)),
        }
    }
}
