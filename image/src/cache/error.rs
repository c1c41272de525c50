//! Why a cache is not used.

use std::io;

/// Why a directory is not used as a cache, or what went wrong in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// There is something in the directory, and no mark that it is a cache.
    #[error("it has other files in it and is no cache of this program; an empty directory will do")]
    Foreign,
    /// Others could have put anything in it.
    #[error(
        "its owner is user {owner} and its mode {mode:04o}; it is used if it belongs to you or \
         root and no others may write to it"
    )]
    Untrusted {
        /// Whose it, or a directory in it, is.
        owner: u32,
        /// The mode of that.
        mode: u32,
    },
    /// The system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
}
