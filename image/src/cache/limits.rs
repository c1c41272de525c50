//! How much a registry takes in one request.

use std::fs::File;
use std::time::{Duration, SystemTime};

use longshore_protocol::Digest;
use serde::{Deserialize, Serialize};

/// The name of a registry in the cache.
pub(super) fn name(registry: &str) -> String {
    Digest::sha256(registry.as_bytes()).hex().to_owned()
}

pub(super) fn text(registry: &str, largest: u64) -> String {
    let record = Record {
        registry: registry.to_owned(),
        largest,
    };
    serde_json::to_string(&record).expect("a string and a number")
}

pub(super) fn parse(text: &str, registry: &str) -> Option<u64> {
    let record: Record = serde_json::from_str(text).ok()?;
    (record.registry == registry).then_some(record.largest)
}

/// Whether a file is so old that what it says is found out anew: a limit may have been raised.
pub(super) fn is_old(file: &File) -> bool {
    let written = file.metadata().and_then(|found| found.modified());
    let age = written.map(|written| SystemTime::now().duration_since(written));
    // A time in the future is no age.
    !matches!(age, Ok(Ok(age)) if age < KEPT)
}

#[derive(Deserialize, Serialize)]
struct Record {
    registry: String,
    /// In bytes.
    largest: u64,
}

const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
