//! Temporary folders, and what happens when the machine will not do as it is told.

use std::fmt::Display;
use std::path::Path;

use tempfile::TempDir;

/// A folder that goes away with the value.
pub fn scratch() -> TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"))
}

/// The result, or a panic that names the path.
#[track_caller]
pub fn must<T, E: Display>(path: &Path, result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
