//! Images that are remembered.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use longshore_mock_registry::MockRegistry;
use serde_json::Value;

use super::{Ran, TestEnv, at, open_registry};

/// Pushes an image into a registry until its layer is remembered, and says what came of the last
/// push.
pub(crate) fn remembering() -> (TestEnv, MockRegistry, Value) {
    let env = TestEnv::with_image();
    let (registry, json) = remember(&env, &[]);
    (env, registry, json)
}

/// The same for the image that is in `env`. That is not the first time: what was just written is
/// not trusted to look different when it is written once more.
pub(crate) fn remember(env: &TestEnv, options: &[&str]) -> (MockRegistry, Value) {
    let registry = open_registry();
    let start = Instant::now();
    loop {
        let options: Vec<&str> = [&["--json"], options].concat();
        let ran: Ran = env.push(&options, &at(&registry, "app"));
        let json = ran.assert_done().json();
        if !layers(env).is_empty() {
            return (registry, json);
        }
        assert!(start.elapsed() < LONGEST_WAIT, "never remembered: {ran}");
    }
}

/// The files of all layers that are remembered.
pub(crate) fn layers(env: &TestEnv) -> Vec<PathBuf> {
    files(env, "layers")
}

/// The files of all places that are remembered.
pub(crate) fn places(env: &TestEnv) -> Vec<PathBuf> {
    files(env, "places")
}

fn files(env: &TestEnv, folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(env.path("home/.cache/longshore/v1").join(folder));
    let paths = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    paths.collect()
}

/// What a push says that knows the layer.
pub(crate) const UNCHANGED: &str = "the image has not changed since it was packed";

/// Longer than anything takes that works.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
