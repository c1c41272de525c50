//! The report on a terminal.

use std::fmt::Write as _;

use longshore_protocol::text::Escaped;

use super::Report;
use crate::judge::finding::{Severity, Verdict};

pub(super) fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out, "{}\n", Escaped::new(&report.client))?;
    for verdict in [Verdict::Fail, Verdict::Warn] {
        let found = report
            .checks
            .iter()
            .filter(|check| check.verdict == verdict);
        for check in found {
            let (id, severity) = (check.id, check.severity.name());
            writeln!(
                out,
                "{:<5} {id:<4} {severity:<6} {}",
                verdict.name(),
                check.title
            )?;
            let bad: Vec<_> = check
                .instances
                .iter()
                .filter(|instance| instance.finding.verdict >= Verdict::Warn)
                .collect();
            for instance in bad.iter().take(SHOWN) {
                let ids = &instance.finding.exchanges;
                let shown: Vec<String> = ids.iter().take(4).map(|id| format!("#{id}")).collect();
                let more = if ids.len() > 4 { " …" } else { "" };
                let why = Escaped::new(&instance.finding.why);
                writeln!(
                    out,
                    "        {}: {why} [{}{more}]",
                    instance.scenario,
                    shown.join(" ")
                )?;
            }
            if bad.len() > SHOWN {
                writeln!(out, "        and in {} more scenarios", bad.len() - SHOWN)?;
            }
        }
    }
    let list = |verdict| {
        let found = report
            .checks
            .iter()
            .filter(move |check| check.verdict == verdict);
        found.map(|check| check.id).collect::<Vec<_>>().join(" ")
    };
    writeln!(out, "\npass           {}", list(Verdict::Pass))?;
    writeln!(out, "not exercised  {}", list(Verdict::NotExercised))?;
    let failed = |severity: Severity| report.failed(severity).count();
    writeln!(
        out,
        "\n{} pass, {} warn, {} fail ({} MUST, {} SHOULD, {} MAY), {} not exercised; {} scenarios",
        report.count(Verdict::Pass),
        report.count(Verdict::Warn),
        report.count(Verdict::Fail),
        failed(Severity::Must),
        failed(Severity::Should),
        failed(Severity::May),
        report.count(Verdict::NotExercised),
        report.scenarios.len(),
    )
}

/// How many scenarios are named for one check.
const SHOWN: usize = 6;
