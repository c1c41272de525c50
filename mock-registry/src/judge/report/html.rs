//! The report as a page that needs nothing but itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::files::escape;
use super::{CheckReport, Instance, Report, ScenarioReport};
use crate::fault::Step;
use crate::judge::finding::{Finding, Severity, Verdict};
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
    for group in GROUPS {
        let found: Vec<_> = report
            .checks
            .iter()
            .filter(|c| class(c) == group.class)
            .collect();
        if found.is_empty() {
            continue;
        }
        let (class, title) = (group.class, group.title);
        writeln!(
            out,
            "<section class={class}><h2>{title} <small>{}</small></h2>",
            found.len()
        )?;
        for check in found {
            write_check(out, report, check)?;
        }
        writeln!(out, "</section>")?;
    }
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

/// Checks that came to the same.
struct Group {
    class: &'static str,
    title: &'static str,
    label: &'static str,
}

/// A tile for each group, which shows that group alone when it is chosen, and a map of all checks.
///
/// The choice is a row of radio buttons, so that the page needs no script.
fn write_summary(out: &mut String, report: &Report) -> std::fmt::Result {
    out.push_str("<input type=radio name=show id=show-all checked>");
    for group in GROUPS {
        write!(out, "<input type=radio name=show id=show-{}>", group.class)?;
    }
    write!(
        out,
        "\n<div class=tiles><label class=\"tile all\" for=show-all><b>{}</b>checks</label>",
        report.checks.len()
    )?;
    for Group { class, label, .. } in GROUPS {
        let found = report
            .checks
            .iter()
            .filter(|check| self::class(check) == class);
        let count = found.count();
        let empty = if count == 0 { " empty" } else { "" };
        write!(
            out,
            "<label class=\"tile {class}{empty}\" for=show-{class}><b>{count}</b>{label}</label>"
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
    if !check.needs.is_empty() {
        writeln!(out, "<p class=needs>{}</p>", escape(check.needs))?;
    } else if check.verdict == Verdict::NotExercised {
        out.push_str("<p class=needs>None of the scenarios played led to it.</p>\n");
    }
    let bad = |instance: &&Instance| instance.finding.verdict >= Verdict::Warn;
    for instance in check.instances.iter().filter(bad) {
        write_instance(out, report, instance)?;
    }
    let good: Vec<&Instance> = check.instances.iter().filter(|i| !bad(i)).collect();
    // One of those that show it is enough to see how.
    let example = good
        .iter()
        .find(|instance| !instance.finding.exchanges.is_empty());
    if let (Some(example), Verdict::Pass) = (example, check.verdict) {
        write_instance(out, report, example)?;
    }
    if !good.is_empty() {
        write!(out, "<p class=good>passes in {}: ", good.len())?;
        for instance in good {
            let name = escape(&instance.scenario);
            write!(out, "<a href=\"#s-{name}\">{name}</a> ")?;
        }
        out.push_str("</p>\n");
    }
    out.push_str("</details>\n");
    Ok(())
}

fn write_instance(out: &mut String, report: &Report, instance: &Instance) -> std::fmt::Result {
    let mut scenarios = report.scenarios.iter();
    let Some(scenario) = scenarios.find(|s| s.name == instance.scenario) else {
        return Ok(());
    };
    let Finding {
        verdict,
        why,
        exchanges,
    } = &instance.finding;
    writeln!(
        out,
        "<div class=instance><p><a href=\"#s-{name}\">{name}</a> <span class=about>{}</span></p>",
        escape(&scenario.about),
        name = escape(&instance.scenario),
    )?;
    if !why.is_empty() {
        writeln!(out, "<p class=why>{}</p>", escape(why))?;
    }
    let failed = *verdict >= Verdict::Warn;
    write_sequence(
        out,
        scenario,
        exchanges,
        if failed { SHOWN } else { EXAMPLE },
    )?;
    if failed && !scenario.output.trim().is_empty() {
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
    let span = Span::of(&scenario.exchanges);
    out.push_str(
        "<table><tr><th>#<th class=num>at<th class=when><th>con.<th>request<th class=num>body<th>\
         <th>answer<th class=num>took</tr>\n",
    );
    let mut last = 0;
    for exchange in all.iter().take(most) {
        if exchange.id > last + 1 && last > 0 {
            out.push_str("<tr class=gap><td colspan=9>⋮</tr>\n");
        }
        last = exchange.id;
        write_exchange(out, exchange, span, marked.contains(&exchange.id))?;
    }
    if all.len() > most {
        let rest = all.len() - most;
        writeln!(
            out,
            "<tr class=gap><td colspan=9>{rest} more in the scenario</tr>"
        )?;
    }
    out.push_str("</table>\n");
    Ok(())
}

/// From the first request of a scenario to the last answer, in seconds.
#[derive(Clone, Copy)]
struct Span {
    start: f64,
    length: f64,
}

impl Span {
    fn of(exchanges: &[Exchange]) -> Self {
        let start = exchanges.iter().map(|exchange| exchange.at).min();
        let end = exchanges.iter().map(Exchange::done).max();
        let start = start.unwrap_or_default().as_secs_f64();
        Self {
            start,
            length: (end.unwrap_or_default().as_secs_f64() - start).max(1e-6),
        }
    }

    /// Where in it a time lies, in percent.
    fn share(self, seconds: f64) -> f64 {
        (100.0 * seconds / self.length).clamp(0.0, 100.0)
    }
}

/// One line, with a bar that shows when it was.
fn write_exchange(
    out: &mut String,
    exchange: &Exchange,
    span: Span,
    marked: bool,
) -> std::fmt::Result {
    let mut notes = String::new();
    for fault in &exchange.faults {
        write!(notes, "<span class=fault>{}</span>", escape(fault))?;
    }
    for secret in exchange
        .secrets
        .iter()
        .filter(|s| s.place != "authorization")
    {
        // What a token endpoint is given in a form is what it is there for.
        let at_home = exchange.step == Step::Token && secret.place == "body";
        let class = if at_home { "auth" } else { "secret" };
        write!(
            notes,
            "<span class={class}>{} in {}</span>",
            escape(&secret.label),
            escape(&secret.place)
        )?;
    }
    if let Some(value) = exchange.header("authorization") {
        write!(notes, "<span class=auth>{}</span>", escape(value))?;
    }
    for flaw in &exchange.flaws {
        write!(notes, "<span class=secret>{}</span>", escape(flaw))?;
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
    let (at, took) = (
        exchange.at.as_secs_f64() - span.start,
        exchange.took.as_secs_f64(),
    );
    writeln!(
        out,
        "<tr{class}><td>{}<td class=num>{}<td class=when>\
         <i style=\"margin-left:{:.1}%;width:{:.1}%\"></i><td>{}\
         <td title=\"{}\"><code><b>{}</b> {}</code>{notes}<td class=num>{body}<td class=arrow>{arrow}\
         <td>{answer}<td class=num>{}",
        exchange.id,
        time(at),
        span.share(at),
        span.share(took),
        exchange.connection,
        escape(&title.join("\n")),
        escape(&exchange.method),
        escape(&shorten(&exchange.target)),
        time(took),
    )
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

/// A time in words, given in seconds.
fn time(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

const GROUPS: [Group; 5] = [
    Group {
        class: "fail",
        title: "Failed what it must do",
        label: "MUST failed",
    },
    Group {
        class: "soft",
        title: "Failed what it should do",
        label: "SHOULD failed",
    },
    Group {
        class: "warn",
        title: "To be looked at",
        label: "warnings",
    },
    Group {
        class: "pass",
        title: "Passed",
        label: "passed",
    },
    Group {
        class: "none",
        title: "Not exercised",
        label: "not exercised",
    },
];
const SHOWN: usize = 14;
const EXAMPLE: usize = 6;
const STYLE: &str = include_str!("style.css");
