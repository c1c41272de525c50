//! Pushes that are cancelled: what they leave at a registry.

use std::fs;
use std::path::Path;
use std::time::Duration;

use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Longshore, Push, Stop};
use longshore_tests::real::scratch::{must, scratch};
use longshore_tests::real::tools::said;

use crate::harness::{Shared, Told};

/// Cancelled at different moments, a push rarely leaves data in the registry's upload sessions, and never
/// without saying so.
///
/// A blob that is sent with its length announced (`--pack-first`) cannot be ended before its end, and
/// docker-registry 2.8.2 answers 404 to every request for the session of a body that broke off: the
/// program says that it is left.
pub(crate) fn no_data_stays(_: &Shared) -> Told {
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let (endpoint, folder) = (registry.endpoint(), scratch());
    let directory = folder.path();
    fill(directory);
    for transport in ["blocking", "async"] {
        for mode in [&[][..], &["--stream"], &["--pack-first"]] {
            let mut left = 0;
            for turn in 0..TURNS {
                let options = [&["--no-cache", "--transport", transport], mode].concat();
                let push = Push {
                    options: &options,
                    ..Push::new(directory, &endpoint, "team/system:1")
                };
                let stop = match turn % 2 {
                    0 => Stop::Interrupt,
                    _ => Stop::Terminate,
                };
                let before = registry.uploads_with_data();
                let is_begun = || registry.uploads_with_data() > before;
                let pause = Duration::from_millis(20 * turn);
                let output = Longshore::new().stop_push(&push, stop, is_begun, pause);
                let more = registry.uploads_with_data() - before;
                let case = format!("{transport} {mode:?} {stop:?} after {pause:?}");
                let is_told = said(&output).contains("could not be deleted");
                assert!(more == 0 || is_told, "{case}: silently\n{}", said(&output));
                left += more;
                // When the body has just begun, the registry may not answer it in time.
                let is_cuttable = mode != ["--pack-first"];
                let is_rare = left <= TURNS as usize / 4;
                assert!(
                    !is_cuttable || is_rare,
                    "{case}: {left} left\n{}",
                    said(&output)
                );
            }
        }
    }
    Told::Whole
}

/// An image that takes a moment to pack and to send: bytes that no compression makes smaller.
fn fill(directory: &Path) {
    for name in ["bin", "dev", "etc", "proc", "sys", "usr"] {
        let path = directory.join(name);
        must(&path, fs::create_dir(&path));
    }
    let mut state = 1_u64;
    for number in 0..16 {
        let bytes: Vec<u8> = (0..1 << 20)
            .flat_map(|_| {
                // Marsaglia's xorshift64.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()
            })
            .collect();
        let path = directory.join("bin").join(number.to_string());
        must(&path, fs::write(&path, bytes));
    }
}

const TURNS: u64 = 20;
