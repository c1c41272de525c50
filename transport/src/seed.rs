//! The seed of a push's pauses, where the caller gave none.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use longshore_protocol::Config;

/// The same settings with a seed: the one that is set, or a new one. Pushes that were started
/// together would otherwise try again together, at a registry that had no time for them.
#[must_use]
pub fn seeded(mut config: Config) -> Config {
    config.seed.get_or_insert_with(draw);
    config
}

/// A number that is another in every process and each time. The standard library's keys for hashing
/// come from the system's random numbers; nothing here has to be kept secret.
fn draw() -> u64 {
    RandomState::new().build_hasher().finish()
}
