//! What the pushed image will say about itself: from its metadata, from `--config`, and from other
//! options.

use std::path::Path;

use longshore_image::{Metadata, MetadataError, Notice};

use crate::console::{Console, plain};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::{Base, PushPlan};

/// Gathers it, and tells what of it could not be used.
///
/// # Errors
/// Metadata that cannot be read; with `--strict`, any part that cannot be used.
pub(crate) fn gather(
    plan: &PushPlan,
    directory: &Path,
    console: &Console,
) -> Result<Metadata, Failure> {
    let configuration = &plan.configuration;
    let mut notices = Vec::new();
    let mut metadata = match &configuration.base {
        Some(base) => {
            notices.clone_from(&base.notices);
            started_from(base, directory, console)
        }
        None => Metadata::load(directory, &mut |notice| notices.push(notice))
            .map_err(|error| failure(&error))?,
    };
    let mut lost = Vec::new();
    for notice in notices {
        let text = notice.to_string();
        match notice {
            Notice::NoMetadata if !configuration.changes.is_empty() => {}
            Notice::NoMetadata => console.warn(format!("{text}; {HOW_TO_GIVE_SOME}")),
            Notice::Filled(_) => console.detail(text),
            Notice::Replaced(_) => console.say(text),
            _ => lost.push(text),
        }
    }
    if let (true, Some(first)) = (plan.packing.options.strict, lost.first()) {
        let more = match lost.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let message = format!("can't push: {}{more}", plain(first));
        return Err(Failure::new(Exit::Image, READING, message)
            .hinting("without --strict, what cannot be used is left out"));
    }
    for text in lost {
        console.warn(text);
    }
    if let Some(news) = configuration.changes.apply(&mut metadata) {
        console.say(plain(&news));
    }
    Ok(metadata)
}

fn started_from(base: &Base, directory: &Path, console: &Console) -> Metadata {
    let own = directory.join("ch/metadata.json");
    if own.symlink_metadata().is_ok() {
        console.say(format!(
            "metadata: from {}, not from the image's own ch/metadata.json",
            plain(&base.path.display().to_string())
        ));
    }
    base.metadata.clone()
}

/// Metadata that cannot be used at all.
fn failure(error: &MetadataError) -> Failure {
    let message = format!(
        "can't push: the image's metadata: {}",
        plain(&error.to_string())
    );
    Failure::new(Exit::Image, READING, message)
        .hinting("without the file, the image is pushed with default metadata")
}

const READING: &str = "reading the image's metadata";

const HOW_TO_GIVE_SOME: &str =
    "--entrypoint, --cmd, --env, --user, --config and others give it some";
