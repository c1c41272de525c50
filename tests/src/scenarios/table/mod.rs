//! The scenarios.

mod authentication;
mod cancels;
mod cells;
mod manifests;
mod mounts;
mod profiles;
mod uploads;

use super::scenario::Scenario;

/// All of them.
#[must_use]
pub fn all() -> Vec<Scenario> {
    let parts = [
        authentication::scenarios(),
        uploads::scenarios(),
        mounts::scenarios(),
        manifests::scenarios(),
        cancels::scenarios(),
        profiles::scenarios(),
        cells::scenarios(),
    ];
    parts.into_iter().flatten().collect()
}
