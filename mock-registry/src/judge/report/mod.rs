//! Findings put together, and shown.

mod files;
mod html;
mod terminal;

use std::collections::BTreeMap;

use serde::Serialize;

use super::checks::{Check, checks};
use super::evidence::Evidence;
use super::finding::{Finding, Severity, Verdict};
use crate::record::Exchange;

/// What a client's scenarios came to.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The client, as it was called.
    pub client: String,
    /// Each check, with the worst that was found.
    pub checks: Vec<CheckReport>,
    /// Each scenario.
    pub scenarios: Vec<ScenarioReport>,
}

/// What a check came to in all scenarios.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// Its number.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What a good client does.
    pub title: &'static str,
    /// What it takes to see it, or what of it cannot be seen; empty where any push shows it.
    pub needs: &'static str,
    /// The worst outcome.
    pub verdict: Verdict,
    /// The outcome in each scenario that exercised it, the worst first.
    pub instances: Vec<Instance>,
}

/// What a check came to in one scenario.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Instance {
    /// The scenario.
    pub scenario: String,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// One scenario, and what was found in it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ScenarioReport {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub about: String,
    /// The faults, as flags.
    pub faults: Vec<String>,
    /// Whether it ended as it should; else why not.
    pub trouble: Option<String>,
    /// Whether its faults came to play.
    pub played: bool,
    /// The client's exit code.
    pub exit: Option<i32>,
    /// How long the client took, in seconds.
    pub seconds: f64,
    /// What the client printed.
    pub output: String,
    /// What it sent.
    pub exchanges: Vec<Exchange>,
    /// What each check came to.
    pub findings: BTreeMap<&'static str, Finding>,
}

impl ScenarioReport {
    pub(super) fn of(evidence: Evidence) -> Self {
        let findings = checks()
            .map(|check| (check.id, check.judge(&evidence)))
            .collect();
        Self {
            trouble: evidence
                .ending()
                .and_then(|()| evidence.wording())
                .err()
                .filter(|_| evidence.client.watched),
            played: evidence.is_calm() || evidence.was_troubled(),
            exit: evidence.client.exit,
            seconds: evidence.client.took.as_secs_f64(),
            output: evidence.client.output,
            exchanges: evidence.exchanges.iter().cloned().collect(),
            findings,
            faults: evidence
                .scenario
                .faults
                .iter()
                .map(ToString::to_string)
                .collect(),
            name: evidence.scenario.name,
            about: evidence.scenario.about,
        }
    }
}

impl Report {
    pub(super) fn new(client: String, scenarios: Vec<ScenarioReport>) -> Self {
        let checks = checks()
            .map(|check| CheckReport::of(check, &scenarios))
            .collect();
        Self {
            client,
            checks,
            scenarios,
        }
    }

    /// How many checks came to this.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    }

    /// The checks that failed and matter as much.
    pub fn failed(&self, severity: Severity) -> impl Iterator<Item = &CheckReport> {
        self.checks
            .iter()
            .filter(move |check| check.verdict == Verdict::Fail && check.severity == severity)
    }

    /// The report as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        files::json(self)
    }

    /// The report as JUnit's XML, for CI: a test case for each check.
    #[must_use]
    pub fn junit(&self) -> String {
        files::junit(self)
    }

    /// The report as one page that needs nothing else.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// The report as text for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        terminal::text(self)
    }
}

impl CheckReport {
    fn of(check: &Check, scenarios: &[ScenarioReport]) -> Self {
        let found = scenarios.iter().filter_map(|scenario| {
            let finding = scenario.findings.get(check.id)?;
            (finding.verdict != Verdict::NotExercised).then(|| Instance {
                scenario: scenario.name.clone(),
                finding: finding.clone(),
            })
        });
        let mut instances: Vec<Instance> = found.collect();
        instances.sort_by_key(|instance| std::cmp::Reverse(instance.finding.verdict));
        let worst = instances.first().map(|instance| instance.finding.verdict);
        Self {
            id: check.id,
            severity: check.severity,
            title: check.title,
            needs: check.needs(),
            verdict: worst.unwrap_or(Verdict::NotExercised),
            instances,
        }
    }
}
