//! Faults out of a seed.

use super::{Fault, Step, catalogue};

/// A handful of faults that a robust client survives, the same for the same seed.
///
/// ```
/// use longshore_mock_registry::fault::chaos;
///
/// let faults = chaos(7);
/// assert!(!faults.is_empty());
/// assert_eq!(format!("{faults:?}"), format!("{:?}", chaos(7)));
/// ```
#[must_use]
pub fn chaos(seed: u64) -> Vec<Fault> {
    let mut state = seed;
    let pool: Vec<_> = catalogue()
        .filter(|entry| entry.survivable && !entry.steps.contains(&Step::Connect))
        // An hour of silence is for those who ask for it.
        .filter(|entry| entry.name != "stall" && entry.name != "cancel-fails")
        .collect();
    let count = 1 + next(&mut state) % 4;
    let mut faults = Vec::new();
    for _ in 0..count {
        let index = usize::try_from(next(&mut state)).unwrap_or(usize::MAX) % pool.len();
        let Ok(mut fault) = Fault::new(pool[index].name) else {
            continue;
        };
        fault = fault.nth(1 + next(&mut state) % 3);
        // What never ends by itself ends here, or the push might not.
        fault = fault.times(1 + next(&mut state) % 2);
        if fault.params.0.contains_key("at") {
            let at = next(&mut state) % (1 << 16);
            fault.params.0.insert("at", at.to_string());
        }
        faults.push(fault);
    }
    faults
}

/// SplitMix64: small, and the same everywhere.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
