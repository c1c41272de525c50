//! The architecture that an image is labelled with, and what its programs say about it.

use std::path::Path;

use longshore_image::{Metadata, Platform};

use crate::console::Console;

/// Lets the image's programs say what it runs on where nothing else does, and says where they say
/// something else: `given` with `--arch`, or in the metadata.
pub(crate) fn settle(
    metadata: &mut Metadata,
    given: Option<&Platform>,
    directory: &Path,
    console: &Console,
) {
    let first = |words: &Option<Vec<String>>| words.as_ref()?.first().cloned();
    let own = [first(&metadata.entrypoint), first(&metadata.cmd)];
    let own: Vec<&str> = own.iter().flatten().map(String::as_str).collect();
    let Some(found) = Platform::of_programs(directory, &own) else {
        return;
    };
    let (stated, origin) = match (given, &metadata.platform) {
        (Some(given), _) => (given, "--arch"),
        (None, Some(stated)) => (stated, "its metadata"),
        (None, None) => {
            console.detail(format!("architecture: {found}, as its programs are for"));
            metadata.platform = Some(found);
            return;
        }
    };
    if stated.architecture != found.architecture {
        console.warn(format!(
            "the image is labelled {stated} by {origin}, but its programs are for {found}"
        ));
    }
}
