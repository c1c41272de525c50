//! The report as a page that needs nothing but itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::files::escape;
use super::{CheckReport, Instance, Report, ScenarioReport};
use crate::judge::finding::{Severity, Verdict};
use crate::record::{Exchange, Listener};

pub(super) fn page(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut out, report);
    out
}

fn write_page(out: &mut String, report: &Report) -> std::fmt::Result {
    write!(
        out,
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n\
         <title>How this client pushes</title>\n<style>{STYLE}</style>\n<main>\n\
         <h1>How this client pushes</h1>\n<pre class=client>{}</pre>\n",
        escape(&report.client)
    )?;
    write_summary(out, report)?;
    for (title, verdict) in [
        ("Failed", Verdict::Fail),
        ("To be looked at", Verdict::Warn),
        ("Passed", Verdict::Pass),
    ] {
        let mut found: Vec<_> = report
            .checks
            .iter()
            .filter(|c| c.verdict == verdict)
            .collect();
        found.sort_by_key(|check| std::cmp::Reverse(check.severity));
        if !found.is_empty() {
            writeln!(out, "<h2>{title} <small>{}</small></h2>", found.len())?;
        }
        for check in found {
            write_check(out, report, check)?;
        }
    }
    write_unexercised(out, report)?;
    writeln!(
        out,
        "<h2>Scenarios <small>{}</small></h2>",
        report.scenarios.len()
    )?;
    for scenario in &report.scenarios {
        write_scenario(out, scenario)?;
    }
    writeln!(out, "</main>")
}

fn write_summary(out: &mut String, report: &Report) -> std::fmt::Result {
    out.push_str("<div class=tiles>");
    let must = report.failed(Severity::Must).count();
    let should = report.failed(Severity::Should).count();
    for (class, count, label) in [
        ("fail", must, "MUST failed"),
        (
            "soft",
            should + report.failed(Severity::May).count(),
            "SHOULD failed",
        ),
        ("warn", report.count(Verdict::Warn), "warnings"),
        ("pass", report.count(Verdict::Pass), "passed"),
        ("none", report.count(Verdict::NotExercised), "not exercised"),
    ] {
        let class = if count == 0 && class != "pass" {
            "none"
        } else {
            class
        };
        write!(
            out,
            "<div class=\"tile {class}\"><b>{count}</b>{label}</div>"
        )?;
    }
    out.push_str("</div>\n<div class=map>");
    for check in &report.checks {
        let (class, id) = (class(check), check.id);
        let title = escape(check.title);
        write!(
            out,
            "<a class={class} href=\"#{id}\" title=\"{title}\">{id}</a>"
        )?;
    }
    out.push_str("</div>\n");
    Ok(())
}

fn write_check(out: &mut String, report: &Report, check: &CheckReport) -> std::fmt::Result {
    let open = if check.verdict >= Verdict::Warn {
        " open"
    } else {
        ""
    };
    writeln!(
        out,
        "<details class=\"check {}\" id={}{open}><summary><span class=id>{}</span>\
         <span class=sev>{}</span><span class=what>{}</span><span class=verdict>{}</span></summary>",
        class(check),
        check.id,
        check.id,
        check.severity.name(),
        escape(check.title),
        check.verdict.name(),
    )?;
    let bad = check
        .instances
        .iter()
        .filter(|i| i.finding.verdict >= Verdict::Warn);
    for instance in bad {
        let Some(scenario) = report
            .scenarios
            .iter()
            .find(|s| s.name == instance.scenario)
        else {
            continue;
        };
        write_instance(out, instance, scenario)?;
    }
    let good: Vec<&str> = check
        .instances
        .iter()
        .filter(|instance| instance.finding.verdict == Verdict::Pass)
        .map(|instance| instance.scenario.as_str())
        .collect();
    if !good.is_empty() {
        out.push_str("<p class=good>passes in ");
        for name in good {
            write!(
                out,
                "<a href=\"#s-{name}\">{name}</a> ",
                name = escape(name)
            )?;
        }
        out.push_str("</p>\n");
    }
    out.push_str("</details>\n");
    Ok(())
}

fn write_instance(
    out: &mut String,
    instance: &Instance,
    scenario: &ScenarioReport,
) -> std::fmt::Result {
    writeln!(
        out,
        "<div class=instance><p><a href=\"#s-{name}\">{name}</a> <span class=about>{}</span></p>\
         <p class=why>{}</p>",
        escape(&scenario.about),
        escape(&instance.finding.why),
        name = escape(&instance.scenario),
    )?;
    write_sequence(out, scenario, &instance.finding.exchanges, SHOWN)?;
    if !scenario.output.trim().is_empty() {
        let tail: Vec<&str> = scenario.output.lines().rev().take(4).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        writeln!(out, "<pre class=output>{}</pre>", escape(&tail.join("\n")))?;
    }
    out.push_str("</div>\n");
    Ok(())
}

fn write_scenario(out: &mut String, scenario: &ScenarioReport) -> std::fmt::Result {
    let (class, verdict) = match (&scenario.trouble, scenario.played) {
        (_, false) => ("none", "not played"),
        (Some(_), _) => ("fail", "not as it should"),
        (None, _) => ("pass", "as it should"),
    };
    let exit = scenario
        .exit
        .map_or("—".into(), |code| format!("exit {code}"));
    writeln!(
        out,
        "<details class=\"check {class}\" id=\"s-{name}\"><summary><span class=id></span>\
         <span class=what><b>{name}</b> {}</span><span class=sev>{exit}, {:.1} s</span>\
         <span class=verdict>{verdict}</span></summary>",
        escape(&scenario.about),
        scenario.seconds,
        name = escape(&scenario.name),
    )?;
    for fault in &scenario.faults {
        writeln!(
            out,
            "<p class=why><code>--fault '{}'</code></p>",
            escape(fault)
        )?;
    }
    if let Some(trouble) = &scenario.trouble {
        writeln!(out, "<p class=why>{}</p>", escape(trouble))?;
    }
    write_sequence(out, scenario, &[], usize::MAX)?;
    if !scenario.output.trim().is_empty() {
        writeln!(
            out,
            "<pre class=output>{}</pre>",
            escape(scenario.output.trim_end())
        )?;
    }
    out.push_str("</details>\n");
    Ok(())
}

/// The exchanges as a sequence: those of interest with one or two around each, or all.
fn write_sequence(
    out: &mut String,
    scenario: &ScenarioReport,
    marked: &[u64],
    most: usize,
) -> std::fmt::Result {
    let marked: BTreeSet<u64> = marked.iter().copied().collect();
    let near = |id: u64| marked.is_empty() || marked.iter().any(|mark| id.abs_diff(*mark) <= 1);
    let all: Vec<&Exchange> = scenario.exchanges.iter().filter(|x| near(x.id)).collect();
    if all.is_empty() {
        return Ok(());
    }
    out.push_str("<table><tr><th>#<th>s<th>con<th>request<th>body<th><th>answer<th>took</tr>\n");
    let mut last = 0;
    for exchange in all.iter().take(most) {
        if exchange.id > last + 1 && last > 0 {
            out.push_str("<tr class=gap><td colspan=8>⋮</tr>\n");
        }
        last = exchange.id;
        write_exchange(out, exchange, marked.contains(&exchange.id))?;
    }
    if all.len() > most {
        let rest = all.len() - most;
        writeln!(
            out,
            "<tr class=gap><td colspan=8>{rest} more in the scenario</tr>"
        )?;
    }
    out.push_str("</table>\n");
    Ok(())
}

fn write_exchange(out: &mut String, exchange: &Exchange, marked: bool) -> std::fmt::Result {
    let mut notes = String::new();
    for fault in &exchange.faults {
        write!(notes, "<span class=fault>{}</span>", escape(fault))?;
    }
    for secret in exchange
        .secrets
        .iter()
        .filter(|s| s.place != "authorization")
    {
        write!(
            notes,
            "<span class=secret>{} in {}</span>",
            escape(&secret.label),
            escape(&secret.place)
        )?;
    }
    if let Some(value) = exchange.header("authorization") {
        write!(notes, "<span class=auth>{}</span>", escape(value))?;
    }
    if exchange.listener == Listener::Elsewhere {
        notes.push_str("<span class=secret>at another origin</span>");
    }
    let answer = match (&exchange.answer, exchange.status()) {
        (Some(answer), Some(status)) => {
            let code = exchange.error_code().unwrap_or_default();
            let size = if answer.size > 0 {
                size(answer.size)
            } else {
                String::new()
            };
            let kind = if status < 400 { "ok" } else { "bad" };
            format!(
                "<b class={kind}>{status}</b> {} <i>{size}</i>",
                escape(&code)
            )
        }
        _ => "<b class=bad>none</b>".into(),
    };
    let title: Vec<String> = exchange
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let body = if exchange.body.size > 0 {
        size(exchange.body.size)
    } else {
        String::new()
    };
    let arrow = if exchange.body.complete { "→" } else { "⇥" };
    let class = if marked { " class=marked" } else { "" };
    writeln!(
        out,
        "<tr{class}><td>{}<td>{:.3}<td>{}<td title=\"{}\"><code><b>{}</b> {}</code>{notes}<td>{body}<td>{arrow}\
         <td>{answer}<td>{:.1} ms</tr>",
        exchange.id,
        exchange.at.as_secs_f64(),
        exchange.connection,
        escape(&title.join("\n")),
        escape(&exchange.method),
        escape(&shorten(&exchange.target)),
        exchange.took.as_secs_f64() * 1e3,
    )
}

fn write_unexercised(out: &mut String, report: &Report) -> std::fmt::Result {
    let found = report
        .checks
        .iter()
        .filter(|c| c.verdict == Verdict::NotExercised);
    let found: Vec<&CheckReport> = found.collect();
    if found.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h2>Not exercised <small>{}</small></h2><ul class=rest>",
        found.len()
    )?;
    for check in found {
        let (id, severity) = (check.id, check.severity.name());
        writeln!(
            out,
            "<li id={id}><b>{id}</b> {severity} {}",
            escape(check.title)
        )?;
    }
    writeln!(out, "</ul>")
}

fn class(check: &CheckReport) -> &'static str {
    match (check.verdict, check.severity) {
        (Verdict::Fail, Severity::Must) => "fail",
        (Verdict::Fail, _) => "soft",
        (Verdict::Warn, _) => "warn",
        (Verdict::Pass, _) => "pass",
        (Verdict::NotExercised, _) => "none",
    }
}

/// A target with its long parts cut in the middle.
fn shorten(target: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        if run.len() > 24 {
            out.push_str(&run[..12]);
            out.push('…');
        } else {
            out.push_str(run);
        }
        run.clear();
    };
    for c in target.chars() {
        if c.is_ascii_alphanumeric() || c == '-' {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut out);
    out.chars().take(120).collect()
}

fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} B"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

const SHOWN: usize = 14;
const STYLE: &str = include_str!("style.css");
