//! Options of ch-image that mean nothing to a push from here: scripts have them all the same.

use clap::{ArgAction, Args};

/// What ch-image takes with each of its commands and this program has no use for: it has no build
/// cache, no download cache and no lock, and is not written in Python.
#[derive(Args, Debug)]
pub(crate) struct Foreign {
    /// Downloads again.
    #[arg(long, action = ArgAction::Count, global = true, hide = true)]
    always_download: u8,

    /// Where to stop in the debugger.
    #[arg(long = "break", value_name = "MODULE:LINE", global = true, hide = true)]
    stop: Vec<String>,

    /// From which size on the build cache keeps files apart.
    #[arg(long, value_name = "SIZE", global = true, hide = true)]
    cache_large: Vec<String>,

    /// Stack traces.
    #[arg(long, action = ArgAction::Count, global = true, hide = true)]
    debug: u8,

    /// Works on a storage directory that is in use.
    #[arg(long, action = ArgAction::Count, global = true, hide = true)]
    no_lock: u8,

    /// Measures itself. After `push` it is an option of its own, since `demo` has another one of
    /// that name.
    #[arg(long, action = ArgAction::Count, hide = true)]
    pub(super) profile: u8,

    /// Executes all instructions of a build.
    #[arg(long, action = ArgAction::Count, global = true, hide = true)]
    rebuild: u8,
}

impl Foreign {
    /// Those that were given.
    pub(crate) fn given(&self) -> impl Iterator<Item = &'static str> {
        let options = [
            ("--always-download", self.always_download > 0),
            ("--break", !self.stop.is_empty()),
            ("--cache-large", !self.cache_large.is_empty()),
            ("--debug", self.debug > 0),
            ("--no-lock", self.no_lock > 0),
            ("--profile", self.profile > 0),
            ("--rebuild", self.rebuild > 0),
        ];
        let given = options.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(option, _)| option)
    }
}
