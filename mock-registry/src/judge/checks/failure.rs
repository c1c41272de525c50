//! C45–C64: behaviour in failure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Check, by_the_end, check};
use crate::fault::Step;
use crate::judge::evidence::Evidence;
use crate::judge::finding::Finding;
use crate::judge::finding::Severity::{Must, Should};
use crate::record::Exchange;

pub(super) const ALL: &[Check] = &[
    check("C45", Must, "obeys Retry-After", retry_after),
    check("C46", Must, "bounds its retries", bounded),
    check("C47", Should, "waits longer from retry to retry", growing),
    check(
        "C48",
        Must,
        "does not repeat what was refused for good",
        final_answers,
    ),
    check("C49", Must, "recovers from a lost session", by_the_end),
    check("C50", Must, "copes with 416", by_the_end),
    check(
        "C51",
        Must,
        "trusts Range no further than it sent, and loses no bytes",
        by_the_end,
    ),
    check("C52", Should, "takes other 2xx statuses", by_the_end),
    check(
        "C53",
        Should,
        "changes between whole blobs and chunks",
        by_the_end,
    ),
    check(
        "C54",
        Must,
        "uploads again what a manifest is refused for",
        by_the_end,
    ),
    check(
        "C55",
        Must,
        "moves no tag unless everything under it is stored",
        tag,
    ),
    check(
        "C56",
        Must,
        "reports success only for what was confirmed",
        confirmed,
    ),
    check(
        "C57",
        Must,
        "fails with a code, and says why in clean words",
        words,
    ),
    check(
        "C58",
        Must,
        "reports an early answer, not a broken pipe",
        early,
    ),
    check("C59", Must, "stays within bounds of memory", memory),
    check("C60", Must, "ends when the other side stalls", stalls),
    check(
        "C61",
        Should,
        "survives not knowing what came of a request",
        by_the_end,
    ),
    check(
        "C62",
        Must,
        "makes no GET of a redirected upload",
        redirected,
    ),
    check("C63", Must, "limits redirects", redirects),
    check(
        "C64",
        Should,
        "shows warnings once each, and goes on",
        warnings,
    ),
];

fn retry_after(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    let told = e
        .asked()
        .filter(|exchange| matches!(exchange.status(), Some(429 | 503)));
    for exchange in told {
        let Some(wait) = exchange
            .answer_header("retry-after")
            .and_then(|t| pause(t, exchange))
        else {
            continue;
        };
        let mut later = e
            .asked()
            .filter(|x| x.at >= exchange.done() && x.id != exchange.id);
        // Only the same request: others may have been under way.
        let again = later.find(|x| x.step == exchange.step && x.repository == exchange.repository);
        let Some(again) = again else {
            continue;
        };
        let gap = again.at.saturating_sub(exchange.done());
        shown.extend([exchange.id, again.id]);
        if gap + LENIENCE < wait {
            let why = format!(
                "again after {:.1} s instead of {} s",
                gap.as_secs_f64(),
                wait.as_secs()
            );
            against.push((again.id, why));
        }
    }
    Finding::of(shown, against)
}

/// How long a header says to wait; the forms that are nonsense say nothing.
fn pause(text: &str, exchange: &Exchange) -> Option<Duration> {
    if exchange.faults.iter().any(|fault| fault == "429-date") {
        // Its default is a second after the answer's own date.
        return Some(Duration::from_secs(u64::from(text.ends_with(":01 GMT"))));
    }
    let seconds = text.parse::<u64>().ok()?;
    (seconds <= LONGEST_PAUSE).then(|| Duration::from_secs(seconds))
}

fn bounded(e: &Evidence) -> Finding {
    let groups = failing(e);
    if e.client.timed_out && !groups.is_empty() {
        return Finding::fail("it was still running at the time limit", e.troubled());
    }
    let worst = groups.into_values().max_by_key(Vec::len);
    match worst {
        Some(group) if group.len() > MOST_TRIES => {
            let why = format!("the same request failed {} times", group.len());
            Finding::fail(why, group.iter().map(|exchange| exchange.id).collect())
        }
        Some(group) if group.len() > 1 => {
            Finding::pass(group.iter().map(|exchange| exchange.id).collect())
        }
        _ => Finding::skip(),
    }
}

fn growing(e: &Evidence) -> Finding {
    let series = failing(e).into_values().filter(|group| group.len() >= 4);
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for group in series {
        // A pause that the registry asked for says nothing about the client's own.
        if group
            .iter()
            .any(|exchange| exchange.answer_header("retry-after").is_some())
        {
            continue;
        }
        let gaps: Vec<Duration> = group
            .windows(2)
            .map(|pair| pair[1].at.saturating_sub(pair[0].done()))
            .collect();
        let half = gaps.len() / 2;
        let early: Duration = gaps[..half].iter().sum::<Duration>() / half as u32;
        let late: Duration = gaps[half..].iter().sum::<Duration>() / (gaps.len() - half) as u32;
        if late <= early || late < Duration::from_millis(50) {
            let why = format!(
                "{:.1} s, later {:.1} s",
                early.as_secs_f64(),
                late.as_secs_f64()
            );
            against.push((group[0].id, why));
        }
        shown.extend(group.iter().map(|exchange| exchange.id));
    }
    Finding::of(shown, against)
}

fn final_answers(e: &Evidence) -> Finding {
    let mut seen: BTreeMap<String, &Exchange> = BTreeMap::new();
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.asked() {
        let key = key(exchange);
        if let Some(refused) = seen.get(&key)
            && exchange.at >= refused.done()
        {
            let status = refused.status().unwrap_or_default();
            against.push((exchange.id, format!("again after {status}")));
        }
        let code = exchange.error_code().unwrap_or_default();
        let refused = match exchange.status() {
            Some(403) => code == "DENIED" && !exchange.faults.iter().any(|f| f == "403-transient"),
            Some(400) => {
                code == "MANIFEST_INVALID" || code == "NAME_INVALID" || code == "TAG_INVALID"
            }
            Some(415 | 507) => true,
            _ => false,
        };
        if refused && exchange.step != Step::Mount {
            shown.push(exchange.id);
            seen.insert(key, exchange);
        }
    }
    Finding::of(shown, against)
}

fn tag(e: &Evidence) -> Finding {
    let tried = e
        .step(Step::Manifest)
        .map(|exchange| exchange.id)
        .collect::<Vec<_>>();
    let moved = e.store.digest != e.store.before;
    match &e.store.missing {
        Some(why) if moved => Finding::fail(format!("the tag moved, but {why}"), tried),
        _ if e.claims_success() || tried.is_empty() => Finding::skip(),
        _ => Finding::pass(tried),
    }
}

fn confirmed(e: &Evidence) -> Finding {
    if !e.client.watched || !e.claims_success() {
        return Finding::skip();
    }
    let sent = e
        .asked()
        .filter(|x| matches!(x.step, Step::Manifest | Step::ManifestHead));
    let sent: Vec<u64> = sent.map(|exchange| exchange.id).collect();
    if !e.is_pushed() {
        let why = e
            .store
            .missing
            .clone()
            .unwrap_or_else(|| "the tag was not set".into());
        return Finding::fail(format!("it reported success, but {why}"), sent);
    }
    Finding::pass(sent)
}

fn words(e: &Evidence) -> Finding {
    if !e.client.watched {
        return Finding::skip();
    }
    let raw = e
        .client
        .output
        .chars()
        .any(|c| c == '\u{1b}' || c == '\u{7}' || c == '\0');
    let ours = e.played(&["html-error", "odd-error"]);
    if raw && ours {
        return Finding::fail("control characters of an answer came through", e.troubled());
    }
    if e.claims_success() && !e.is_pushed() {
        return Finding::fail("exit code 0 for a push that failed", e.troubled());
    }
    if e.client.exit.is_some() && !e.claims_success() && e.client.output.trim().is_empty() {
        return Finding::fail("it failed without a word", e.troubled());
    }
    Finding::skip()
}

fn early(e: &Evidence) -> Finding {
    if !e.played(&["early-response"]) || !e.client.watched {
        return Finding::skip();
    }
    let output = e.client.output.to_lowercase();
    let noise = ["broken pipe", "connection reset", "epipe"];
    match noise
        .iter()
        .find(|noise| output.contains(**noise) && !output.contains("413"))
    {
        Some(noise) => Finding::fail(format!("it says {noise:?}"), e.troubled()),
        None => Finding::skip(),
    }
}

fn memory(e: &Evidence) -> Finding {
    match e.client.memory {
        Some(bytes) if bytes > MOST_MEMORY => {
            Finding::fail(format!("{} MiB of memory", bytes >> 20), e.troubled())
        }
        _ => Finding::skip(),
    }
}

fn stalls(e: &Evidence) -> Finding {
    if e.client.timed_out && e.played(&["stall", "slow-read", "slow-headers", "slow-commit"]) {
        let seconds = e.client.took.as_secs();
        return Finding::fail(format!("still waiting after {seconds} s"), e.troubled());
    }
    Finding::skip()
}

fn redirected(e: &Evidence) -> Finding {
    let mut shown = Vec::new();
    let mut against = Vec::new();
    for exchange in e.step(Step::Upload) {
        if !matches!(exchange.status(), Some(301..=303)) {
            continue;
        }
        shown.push(exchange.id);
        let gets = e
            .exchanges
            .iter()
            .filter(|x| x.id > exchange.id && x.method == "GET");
        let got = gets.filter(|x| x.path() == exchange.path());
        against.extend(got.map(|x| (x.id, "a GET of what was to be PUT".to_owned())));
    }
    Finding::of(shown, against)
}

fn redirects(e: &Evidence) -> Finding {
    let followed = e.asked().filter(|x| matches!(x.status(), Some(301..=308)));
    let followed: Vec<&Exchange> = followed.filter(|x| x.step == Step::Head).collect();
    let mut each: BTreeMap<&str, usize> = BTreeMap::new();
    followed
        .iter()
        .for_each(|x| *each.entry(x.subject.as_str()).or_default() += 1);
    let ids = followed.iter().map(|exchange| exchange.id).collect();
    match each.values().max() {
        Some(count) if *count > MOST_REDIRECTS => {
            Finding::fail(format!("{count} redirects of one request"), ids)
        }
        _ => Finding::of(ids, Vec::new()),
    }
}

fn warnings(e: &Evidence) -> Finding {
    if !e.played(&["warning-headers"]) || !e.client.watched {
        return Finding::skip();
    }
    let shown = e.client.output.matches("a warning for you").count();
    match shown {
        1 => Finding::pass(e.troubled()),
        0 => Finding::fail("the warning is not shown", e.troubled()),
        _ => Finding::fail(format!("the warning is shown {shown} times"), e.troubled()),
    }
}

/// Requests that failed, grouped by what they were.
fn failing(e: &Evidence) -> BTreeMap<String, Vec<&Exchange>> {
    let mut groups: BTreeMap<String, Vec<&Exchange>> = BTreeMap::new();
    for exchange in e.asked() {
        let retried = exchange
            .status()
            .is_none_or(|status| status == 429 || status >= 500);
        if retried {
            groups.entry(key(exchange)).or_default().push(exchange);
        }
    }
    groups
}

/// What makes two requests the same: sessions differ from try to try, and POSTs look all alike.
fn key(exchange: &Exchange) -> String {
    let blob = exchange.param("digest").or_else(|| exchange.param("mount"));
    let subject = match exchange.step {
        Step::Put => blob.unwrap_or_else(|| exchange.subject.clone()),
        Step::Post | Step::Mount => blob.unwrap_or_else(|| format!("c{}", exchange.connection)),
        // Another manifest for the same tag is another request.
        Step::Manifest => {
            let digest = exchange.body.digest.clone().unwrap_or_default();
            format!("{} {digest}", exchange.subject)
        }
        _ => exchange.subject.clone(),
    };
    format!("{} {} {subject}", exchange.step, exchange.repository)
}

const LENIENCE: Duration = Duration::from_millis(60);
const LONGEST_PAUSE: u64 = 300;
const MOST_TRIES: usize = 12;
const MOST_REDIRECTS: usize = 21;
const MOST_MEMORY: u64 = 512 << 20;
