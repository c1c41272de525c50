//! The report for machines.

use std::fmt::Write as _;

use longshore_protocol::text::is_hidden;

use super::Report;
use crate::judge::finding::{Severity, Verdict};

pub(super) fn json(report: &Report) -> String {
    // Text keys and finite numbers only: there is nothing in it that could fail.
    serde_json::to_string_pretty(report).unwrap_or_default() + "\n"
}

pub(super) fn junit(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = write_junit(&mut out, report);
    out
}

fn write_junit(out: &mut String, report: &Report) -> std::fmt::Result {
    let failures = report.failed(Severity::Must).count();
    let skipped = report.count(Verdict::NotExercised);
    writeln!(
        out,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" skipped=\"{skipped}\">",
        escape(&report.client),
        report.checks.len(),
    )?;
    for check in &report.checks {
        let (id, severity, title) = (check.id, check.severity.name(), escape(check.title));
        write!(
            out,
            "  <testcase classname=\"{severity}\" name=\"{id} {title}\">"
        )?;
        let reasons: Vec<String> = check
            .instances
            .iter()
            .filter(|instance| instance.finding.verdict >= Verdict::Warn)
            .map(|instance| format!("{}: {}", instance.scenario, instance.finding.why))
            .collect();
        let reasons = escape(&reasons.join("\n"));
        match check.verdict {
            // Only what makes a client broken makes a build red.
            Verdict::Fail if check.severity == Severity::Must => {
                write!(out, "<failure message=\"{title}\">{reasons}</failure>")?;
            }
            Verdict::Fail | Verdict::Warn => write!(out, "<system-out>{reasons}</system-out>")?,
            Verdict::NotExercised => write!(out, "<skipped/>")?,
            Verdict::Pass => {}
        }
        writeln!(out, "</testcase>")?;
    }
    writeln!(out, "</testsuite>")
}

/// Text as XML and HTML have it; what they cannot have is left out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if is_hidden(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
