//! How many files this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Directories and files of a tree that is far away are opened ahead, many at once: shells allow a
/// thousand open ones, the system many more. Where it is not allowed, fewer are opened at once.
pub(crate) fn allow_many() {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.map_or(MOST, |maximum| maximum.min(MOST));
    if limit.current.is_some_and(|current| current < most) {
        let current = Some(most);
        let maximum = limit.maximum;
        let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
    }
}

/// No more than that are of use. Programs that this one starts have the same limit, and some of them
/// close every descriptor there may be.
const MOST: u64 = 8192;
