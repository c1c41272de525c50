//! Everything that a verdict rests on.

use std::time::Duration;

use super::scenario::{Expect, Scenario};
use crate::core::OpenSession;
use crate::fault::Step;
use crate::record::{Exchange, Exchanges, Listener};

/// What a client did in one scenario.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What it was asked, and what went wrong.
    pub scenario: Scenario,
    /// The repository it was told to push to.
    pub repository: String,
    /// The tag it was told to set.
    pub tag: String,
    /// What it sent.
    pub exchanges: Exchanges,
    /// How it ended.
    pub client: ClientEnd,
    /// What the registry holds in the end.
    pub store: StoreEnd,
}

/// How a client ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientEnd {
    /// Its exit code; `None` if it was killed, or if nobody knows.
    pub exit: Option<i32>,
    /// It had to be killed, for it took too long.
    pub timed_out: bool,
    /// What it printed, secrets replaced by labels.
    pub output: String,
    /// Which secrets it printed.
    pub leaked: Vec<String>,
    /// How long it took.
    pub took: Duration,
    /// The most memory it had, in bytes, if that is known.
    pub memory: Option<u64>,
    /// Whether there was a client to watch at all: not in free-form sessions.
    pub watched: bool,
}

/// What a registry holds in the end.
#[derive(Clone, Debug, Default)]
pub struct StoreEnd {
    /// The digest of the manifest that the tag names.
    pub digest: Option<String>,
    /// The digest that the tag named before.
    pub before: Option<String>,
    /// Why what the tag names is not complete; `None` if it is.
    pub missing: Option<String>,
    /// Sessions that nobody finished.
    pub open: Vec<OpenSession>,
    /// Digests that were there before.
    pub known: Vec<String>,
    /// The digest of somebody else's manifest that the fallback tag of the subject named before.
    pub referrer: Option<String>,
}

impl Evidence {
    /// Whether the client says that it succeeded.
    #[must_use]
    pub fn claims_success(&self) -> bool {
        self.client.exit == Some(0)
    }

    /// Whether the image is in the registry, under its tag.
    #[must_use]
    pub fn is_pushed(&self) -> bool {
        self.store.missing.is_none() && self.store.digest != self.store.before
            || (self.store.missing.is_none() && self.is_repetition())
    }

    /// Whether a fault of the scenario came to play.
    #[must_use]
    pub fn was_troubled(&self) -> bool {
        let connects = self
            .scenario
            .faults
            .iter()
            .any(|fault| fault.entry().steps.contains(&Step::Connect));
        connects
            || self
                .exchanges
                .iter()
                .any(|exchange| !exchange.faults.is_empty())
    }

    /// Whether the scenario goes by without trouble.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.scenario.faults.is_empty()
    }

    /// Whether the same was pushed before, to the same place.
    pub(super) fn is_repetition(&self) -> bool {
        self.scenario.runs > 1 && self.scenario.first_to.is_none()
    }

    /// What the registry was asked.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Exchange> {
        self.exchanges
            .iter()
            .filter(|exchange| exchange.listener == Listener::Registry)
    }

    /// What came to the second origin.
    pub(super) fn strayed(&self) -> impl Iterator<Item = &Exchange> {
        self.exchanges
            .iter()
            .filter(|exchange| exchange.listener == Listener::Elsewhere)
    }

    pub(super) fn step(&self, step: Step) -> impl Iterator<Item = &Exchange> {
        self.asked()
            .filter(move |exchange| step.covers(exchange.step))
    }

    /// Whether there were credentials to be careful with.
    pub(super) fn has_secrets(&self) -> bool {
        self.exchanges
            .iter()
            .any(|exchange| !exchange.secrets.is_empty())
    }

    /// Whether this fault came to play.
    pub(super) fn played(&self, names: &[&str]) -> bool {
        self.exchanges.iter().any(|exchange| {
            exchange
                .faults
                .iter()
                .any(|fault| names.contains(&fault.as_str()))
        })
    }

    /// Whether the scenario ended as it should, or why not.
    ///
    /// # Errors
    /// It did not.
    pub fn ending(&self) -> Result<(), String> {
        let client = &self.client;
        if client.timed_out {
            return Err(format!("still running after {} s", client.took.as_secs()));
        }
        let failed = !self.claims_success();
        match self.scenario.expect {
            Expect::Success if failed => Err(format!(
                "the push had to succeed; it ended with {}",
                client
                    .exit
                    .map_or("a signal".into(), |code| format!("exit code {code}"))
            )),
            Expect::Success | Expect::Any if !failed && !self.is_pushed() => Err(format!(
                "success was reported, but {}",
                self.store
                    .missing
                    .as_deref()
                    .unwrap_or("the tag was not set")
            )),
            Expect::Failure if !failed => Err("the push had to fail; it reported success".into()),
            _ if failed && client.exit.is_none() => Err("ended by a signal".into()),
            _ => Ok(()),
        }
    }

    /// Whether a failing client's message named what it should, or what that is.
    ///
    /// # Errors
    /// It did not.
    pub fn wording(&self) -> Result<(), String> {
        if self.claims_success() || self.says_what_it_should() {
            return Ok(());
        }
        let says = self.scenario.says.join(", ");
        Err(format!("the message names none of {says}"))
    }

    /// The exchanges in which something went wrong, or the last if none did.
    pub(super) fn troubled(&self) -> Vec<u64> {
        let bad = self.exchanges.iter().filter(|exchange| {
            // Being challenged and looking for what is not there is how every push begins.
            let wrong = match exchange.status() {
                None => true,
                Some(401) => exchange.header("authorization").is_some(),
                Some(404) => exchange.method != "HEAD",
                Some(status) => status >= 400,
            };
            wrong || !exchange.faults.is_empty()
        });
        let bad: Vec<u64> = bad.map(|exchange| exchange.id).collect();
        if bad.is_empty() {
            return self
                .exchanges
                .iter()
                .next_back()
                .map(|x| x.id)
                .into_iter()
                .collect();
        }
        bad
    }

    fn says_what_it_should(&self) -> bool {
        let output = self.client.output.to_lowercase();
        let says = &self.scenario.says;
        says.is_empty()
            || says
                .iter()
                .any(|text| output.contains(&text.to_lowercase()))
    }
}
