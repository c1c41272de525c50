//! The judge on the command line.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use longshore_mock_registry::judge::{
    Report, Scenario, ScenarioReport, Settings, Severity, Verdict, checks, run,
};

use super::{Outcome, about};

/// Lets a client push, and judges it. Its command is run once for each scenario, with these
/// replaced: {registry} {repo} {tag} {oci} {archive} {dir} {ca} {user} {password}. The same are in
/// $MOCK_REGISTRY and so on; there is a $MOCK_CA only where the registry speaks TLS.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Judge {
    /// Play this scenario only. Repeatable; a * stands for anything.
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,
    /// Play the scenarios of this file instead of the embedded ones.
    #[arg(long, value_name = "FILE")]
    scenario_file: Option<PathBuf>,
    /// Play so many scenarios at once.
    #[arg(long, short, default_value_t = 4, value_name = "N")]
    jobs: usize,
    /// Stop the client after so many seconds, instead of as the scenario says.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Speak TLS in all scenarios, for clients that speak nothing else.
    #[arg(long)]
    tls: bool,
    /// Write the report there as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report there as JUnit's XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write the report there as a page of its own.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// List the scenarios and the checks, and do nothing.
    #[arg(long)]
    list: bool,
    /// The client.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Judge {
    pub(super) fn run(self) -> Outcome {
        let mut out = io::stdout().lock();
        let scenarios = self.chosen()?;
        if self.list {
            for scenario in &scenarios {
                writeln!(out, "{:<24} {}", scenario.name, scenario.about)?;
            }
            writeln!(out)?;
            for check in checks() {
                writeln!(
                    out,
                    "{:<4} {:<6} {}",
                    check.id,
                    check.severity.name(),
                    check.title
                )?;
            }
            return Ok(());
        }
        let settings = Settings {
            command: self.command.clone(),
            jobs: self.jobs,
            limit: self.timeout.map(Duration::from_secs),
        };
        let report = run(&scenarios, &settings, &tell)?;
        self.write(&report)?;
        out.write_all(report.text().as_bytes())?;
        let broken = report.failed(Severity::Must).count();
        if broken > 0 {
            return Err(format!("the client fails {broken} checks that it must pass").into());
        }
        Ok(())
    }

    fn chosen(&self) -> Result<Vec<Scenario>, Box<dyn Error>> {
        let mut all = match &self.scenario_file {
            None => Scenario::builtin(),
            Some(path) => {
                let text = fs::read_to_string(path).map_err(|e| about(path, &e))?;
                Scenario::read(&text).map_err(|e| about(path, &e))?
            }
        };
        for scenario in &mut all {
            scenario.tls |= self.tls;
        }
        for pattern in &self.scenarios {
            if !all.iter().any(|scenario| fits(&scenario.name, pattern)) {
                return Err(format!("there is no scenario {pattern:?}; see judge --list").into());
            }
        }
        if !self.scenarios.is_empty() {
            all.retain(|scenario| self.scenarios.iter().any(|p| fits(&scenario.name, p)));
        }
        Ok(all)
    }

    fn write(&self, report: &Report) -> Outcome {
        let forms = [&self.json, &self.junit, &self.html];
        let texts = [Report::json, Report::junit, Report::html];
        for (path, text) in forms.into_iter().zip(texts) {
            if let Some(path) = path {
                fs::write(path, text(report)).map_err(|e| about(path, &e))?;
            }
        }
        Ok(())
    }
}

fn tell(scenario: &ScenarioReport) {
    let failed = scenario
        .findings
        .values()
        .filter(|f| f.verdict == Verdict::Fail)
        .count();
    let end = scenario.trouble.as_deref().unwrap_or("as it should");
    let played = if scenario.played {
        ""
    } else {
        " (its fault was not reached)"
    };
    // With stderr gone there is nobody to tell.
    let _ = writeln!(
        io::stderr(),
        "{:<24} {:>5.1} s  {failed} failed  {end}{played}",
        scenario.name,
        scenario.seconds
    );
}

fn fits(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((before, after)) => {
            name.len() >= before.len() + after.len()
                && name.starts_with(before)
                && name.ends_with(after)
        }
    }
}
