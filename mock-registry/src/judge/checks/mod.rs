//! The checks, a file for each group.

mod auth;
mod failure;
mod needs;
mod newer;
mod requests;
mod work;

use super::evidence::Evidence;
use super::finding::{Finding, Severity};

/// Something that a registry can see of how good a client is.
pub struct Check {
    /// Its number, as in `C4`.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What the client does, if it is good.
    pub title: &'static str,
    look: fn(&Evidence) -> Finding,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Check({})", self.id)
    }
}

impl Check {
    /// What it takes to see it, or what of it cannot be seen; empty where any push shows it.
    #[must_use]
    pub fn needs(&self) -> &'static str {
        needs::needs(self.id)
    }

    /// What it comes to in one scenario.
    #[must_use]
    pub fn judge(&self, evidence: &Evidence) -> Finding {
        let seen = (self.look)(evidence);
        let decided = evidence.scenario.decides.iter().any(|id| id == self.id);
        // What was never played decides nothing.
        if !decided || !(evidence.is_calm() || evidence.was_troubled()) {
            return seen;
        }
        let mut ending = evidence.ending();
        if ABOUT_WORDS.contains(&self.id) {
            ending = ending.and_then(|()| evidence.wording());
        }
        let ending = match ending {
            Ok(()) => Finding::pass(evidence.troubled()),
            Err(why) => Finding::fail(why, evidence.troubled()),
        };
        // Where both say the same, the requests that a check picked show more.
        if seen.verdict == ending.verdict && !seen.exchanges.is_empty() {
            return seen;
        }
        ending.worst(seen)
    }
}

/// All checks, in the order of their numbers.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [
        requests::ALL,
        work::ALL,
        auth::ALL,
        failure::ALL,
        newer::ALL,
    ]
    .into_iter()
    .flatten()
}

const fn check(
    id: &'static str,
    severity: Severity,
    title: &'static str,
    look: fn(&Evidence) -> Finding,
) -> Check {
    Check {
        id,
        severity,
        title,
        look,
    }
}

/// A check that only the end of a scenario decides.
fn by_the_end(_: &Evidence) -> Finding {
    Finding::skip()
}

/// The checks for which it matters what a failing client says.
const ABOUT_WORDS: [&str; 2] = ["C57", "C58"];
