//! Looking at the tree while the registry is asked for permission.

use std::thread;
use std::time::{Duration, Instant};

use longshore_image::{Notice, Part, Watch, divide};

use super::layer::Maker;
use super::unfinished::Unfinished;
use super::upload::Upload;
use crate::exit::Exit;
use crate::failure::Failure;

/// Divides the tree into layers without reading its files, and drives `upload` meanwhile: whichever
/// is done first does not wait for the other. What the registry refuses ends both. What there is to
/// say about the tree is said by the caller, as a person may just be asked for a password.
pub(super) fn look(
    maker: &Maker<'_>,
    upload: &mut Upload<'_>,
) -> Result<(Vec<Part>, Vec<Notice>), Unfinished> {
    let started = Instant::now();
    let mut notices = Vec::new();
    // One that can be cancelled without cancelling all the rest.
    let watch = Watch::default();
    let (parts, asked) = thread::scope(|scope| {
        let packing = maker.packing;
        let looking = thread::Builder::new()
            .name("look".to_owned())
            .spawn_scoped(scope, || {
                let mut keep = |news| notices.push(news);
                let (directory, options) = (maker.directory, &packing.options);
                divide(directory, options, packing.layers, &mut keep, &watch)
            })
            .map_err(|error| {
                let message = "cannot start a thread to look at the image";
                Failure::new(Exit::Unexpected, "starting", message).because(&error)
            })?;
        let mut asked = Ok(());
        while !looking.is_finished() {
            if maker.interrupt.is_raised() || asked.is_err() {
                watch.cancel();
                break;
            }
            // What has taken long may take a little longer.
            let tick = (started.elapsed() / 8).clamp(SHORTEST_TICK, LONGEST_TICK);
            asked = upload.drive(tick);
        }
        match looking.join() {
            Ok(parts) => Ok((parts, asked)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
    .map_err(|failure: Failure| Unfinished::from(failure))?;
    asked?;
    if maker.interrupt.is_raised() {
        // If permission was waited for as well, that is what was cancelled.
        upload.ready()?;
    }
    let parts = parts.map_err(|error| Failure::pack(&error))?;
    Ok((parts, notices))
}

const SHORTEST_TICK: Duration = Duration::from_millis(1);
const LONGEST_TICK: Duration = Duration::from_millis(20);
