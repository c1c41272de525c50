//! Whole pushes in the simulator: the bytes choose the registry, the image, the settings and what
//! goes wrong when.

use crate::simulator::{Plan, run};

/// No plan violates an invariant, and a push that had to succeed did.
pub(super) fn session(bytes: &[u8]) {
    let plan = Plan::from_bytes(bytes);
    if let Err(violation) = run(&plan) {
        panic!("{}\n{}", violation.what, violation.trace);
    }
}
