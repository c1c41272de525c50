//! `longshore cache`: what is remembered of earlier pushes.

use longshore_image::CacheSize;
use serde_json::json;

use crate::console::{self, Console, plain, words};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::{CachePlan, CacheTask};

/// Tells about the cache, or empties it.
///
/// # Errors
/// It cannot be read or removed.
pub fn run(plan: &CachePlan, console: &Console) -> Result<(), Failure> {
    let directory = plain(&plan.directory.display().to_string());
    let (done, what) = match plan.task {
        CacheTask::Info => (plan.cache.size(), "read"),
        CacheTask::Prune => (plan.cache.prune(), "empty"),
    };
    let size = done.map_err(|error| {
        let message = format!("cannot {what} the cache in {directory}");
        Failure::new(Exit::Unexpected, "looking after the cache", message).because(&error)
    })?;
    let CacheSize { files, bytes, .. } = size;
    if console.is_json() {
        let text = json!({"directory": plan.directory, "files": files, "bytes": bytes});
        return console::result(&text.to_string());
    }
    let size = words::size(bytes);
    console::result(&match plan.task {
        CacheTask::Info => format!("{directory}: {files} files, {size}"),
        CacheTask::Prune => format!("{directory}: removed {files} files, {size}"),
    })
}
