//! Why metadata could not be used at all.

use std::io;
use std::path::PathBuf;

use crate::text::Shown;

/// Why an image's metadata could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// The system refused to let it be read.
    #[error("cannot read {}: {source}", Shown::path(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a symbolic link, a directory or the like.
    #[error("{} is not a regular file", Shown::path(path))]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// It is not JSON. The source's text ends with line and column.
    #[error("{} is not JSON: {source}", Shown::path(path))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// It is JSON, but not an object.
    #[error("{} holds JSON that is not an object", Shown::path(path))]
    NotAnObject {
        /// The file.
        path: PathBuf,
    },
    /// It is something else than an image's config.
    #[error("{} is not an image's config: it is {found}", Shown::path(path))]
    NotAConfig {
        /// The file.
        path: PathBuf,
        /// What it is, as far as can be seen.
        found: &'static str,
    },
    /// It is a config for another system.
    #[error("{} is for {}; images are pushed for linux only", Shown::path(path), os.escape_debug())]
    OtherSystem {
        /// The file.
        path: PathBuf,
        /// The system.
        os: String,
    },
    /// It is too large to be metadata.
    #[error(
        "{} is larger than {limit} bytes, too large for metadata",
        Shown::path(path)
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size, in bytes.
        limit: u64,
    },
}
