//! A tree of which nothing can be remembered: it is packed without being looked at before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use longshore_image::{Notice, Watch};

use super::layer::{BUSY_TICK, Maker, QUICK, Source};
use super::unfinished::Unfinished;
use super::upload::Upload;
use crate::console::words;

/// Packs the tree into one layer, and gives that to `upload` when it is packed, or while it is being
/// packed if it turns out to be large. No more than [`QUICK`] is packed before the registry has given
/// permission. What there is to say about the tree is said by the caller.
pub(super) fn make(
    maker: &Maker<'_>,
    label: &str,
    upload: &mut Upload<'_>,
) -> Result<(Source, Vec<Notice>), Unfinished> {
    upload.permit(0)?;
    let notices: Arc<Mutex<Vec<Notice>>> = Arc::default();
    let keep = {
        let notices = Arc::clone(&notices);
        move |news| lock(&notices).push(news)
    };
    let watch = maker.watch.part();
    let pause = PackingPause::new(&watch);
    let job = maker.start(None, keep, watch.clone())?;
    let mut is_large = false;
    while !is_large && job.spooling.wait_for(BUSY_TICK).is_none() {
        // What packing comes to after Ctrl-C is the news then.
        if upload.is_busy() && !maker.interrupt.is_raised() {
            upload.drive(Duration::ZERO)?;
        }
        is_large = job.watch.bytes() >= QUICK;
    }
    if is_large || (maker.interrupt.is_raised() && !upload.is_permitted()) {
        // If permission was waited for when Ctrl-C came, that is what was cancelled.
        upload.ready()?;
    }
    maker.console.say(words::preparing(label));
    let source = if is_large {
        drop(pause);
        match maker.may_overlap() {
            true => maker.overlap(&job, label, upload)?,
            false => maker.pack_first(&job, label, upload)?,
        }
    } else {
        maker.pack_first(&job, label, upload)?
    };
    let notices = std::mem::take(&mut *lock(&notices));
    Ok((source, notices))
}

/// Packing that may not go on for long without permission. It may when this is dropped: a push that
/// is given up leaves no thread behind that waits for ever.
struct PackingPause<'a>(&'a Watch);

impl<'a> PackingPause<'a> {
    fn new(watch: &'a Watch) -> Self {
        watch.hold_after(QUICK);
        Self(watch)
    }
}

impl Drop for PackingPause<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

fn lock(notices: &Mutex<Vec<Notice>>) -> MutexGuard<'_, Vec<Notice>> {
    notices.lock().unwrap_or_else(PoisonError::into_inner)
}
