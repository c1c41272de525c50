//! C1–C18: requests on the wire.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Check, by_the_end, check};
use crate::fault::{Step, path_of};
use crate::judge::evidence::Evidence;
use crate::judge::finding::Finding;
use crate::judge::finding::Severity::{May, Must, Should};
use crate::record::Exchange;

pub(super) const ALL: &[Check] = &[
    check(
        "C1",
        Must,
        "sends every blob before a manifest that names it",
        blobs_first,
    ),
    check(
        "C2",
        Must,
        "sends a manifest whose digest is the one it names",
        manifest_digest,
    ),
    check(
        "C3",
        Must,
        "sends a manifest's own media type as its Content-Type",
        manifest_type,
    ),
    check(
        "C4",
        Must,
        "uses a Location as it is, and adds the digest rightly",
        location_kept,
    ),
    check("C5", Must, "uses the newest Location", location_newest),
    check(
        "C6",
        Must,
        "counts Content-Range rightly: inclusive, contiguous, from 0",
        content_range,
    ),
    check(
        "C7",
        Must,
        "names the whole blob's digest on the closing PUT, once",
        closing_digest,
    ),
    check(
        "C8",
        Must,
        "announces the length of every body, 0 included",
        content_length,
    ),
    check(
        "C9",
        Should,
        "does not depend on chunked transfer encoding",
        by_the_end,
    ),
    check(
        "C10",
        Should,
        "sends blobs as application/octet-stream",
        octet_stream,
    ),
    check(
        "C11",
        Must,
        "pushes blobs of no byte and of one",
        by_the_end,
    ),
    check(
        "C12",
        Should,
        "keeps chunks as large as OCI-Chunk-Min-Length says",
        chunk_min,
    ),
    check(
        "C13",
        Should,
        "keeps chunks as small as OCI-Chunk-Max-Length says",
        chunk_max,
    ),
    check(
        "C14",
        Must,
        "sends valid HTTP: one Host, one length, no body on HEAD",
        valid_http,
    ),
    check(
        "C15",
        Should,
        "says in User-Agent what it is, on every request",
        user_agent,
    ),
    check("C16", Must, "brings no cookies back", cookies),
    check(
        "C17",
        Should,
        "accepts manifests where it asks for them, and nowhere else",
        accept,
    ),
    check(
        "C18",
        May,
        "survives 417, silence and interim answers",
        expect,
    ),
];

fn blobs_first(e: &Evidence) -> Finding {
    let mut there: BTreeSet<String> = e.store.known.iter().cloned().collect();
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    let mut events: Vec<&Exchange> = e.exchanges.iter().collect();
    events.sort_by_key(|exchange| exchange.done());
    for exchange in events {
        if exchange.step == Step::Manifest {
            let missing = named(exchange)
                .into_iter()
                .find(|digest| !there.contains(digest));
            match missing {
                Some(digest) => against.push((exchange.id, format!("{digest} had not come"))),
                None => shown.push(exchange.id),
            }
            there.insert(exchange.subject.clone());
            there.extend(exchange.body.digest.clone());
        } else if exchange.succeeded() {
            match exchange.step {
                Step::Head | Step::ManifestHead => {
                    there.insert(exchange.subject.clone());
                }
                _ => {}
            }
            there.extend(exchange.param("digest"));
            there.extend(
                exchange
                    .param("mount")
                    .filter(|_| exchange.status() == Some(201)),
            );
        } else if matches!(exchange.step, Step::Put) {
            // An answer that was lost or wrong may still stand for a blob that came.
            there.extend(
                exchange
                    .param("digest")
                    .filter(|_| !exchange.faults.is_empty()),
            );
        }
    }
    Finding::of(shown, against)
}

fn manifest_digest(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e
        .step(Step::Manifest)
        .filter(|exchange| exchange.body.complete)
    {
        let digest = exchange.body.digest.as_deref().unwrap_or_default();
        if exchange.subject.starts_with("sha256:") && exchange.subject != digest {
            against.push((exchange.id, format!("the body's digest is {digest}")));
        } else {
            shown.push(exchange.id);
        }
    }
    Finding::of(shown, against)
}

fn manifest_type(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e
        .step(Step::Manifest)
        .filter(|exchange| exchange.body.complete)
    {
        let sent = exchange.header("content-type").unwrap_or_default();
        let own = json(exchange)["mediaType"].as_str().map(str::to_owned);
        if own.as_deref().is_some_and(|own| own != sent) || sent.contains(';') || sent.is_empty() {
            let own = own.unwrap_or_else(|| "nothing".into());
            against.push((
                exchange.id,
                format!("Content-Type {sent:?}, mediaType {own:?}"),
            ));
        } else {
            shown.push(exchange.id);
        }
    }
    Finding::of(shown, against)
}

fn location_kept(e: &Evidence) -> Finding {
    let mut issued: Vec<&str> = Vec::new();
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.exchanges.iter() {
        let uses = matches!(
            exchange.step,
            Step::Patch | Step::Put | Step::Status | Step::Cancel
        );
        if uses {
            let kept = issued.iter().any(|location| {
                let rest = exchange.target.strip_prefix(location);
                let glue = if location.contains('?') { '&' } else { '?' };
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(glue))
            });
            if kept {
                shown.push(exchange.id);
            } else if !issued.is_empty() {
                against.push((exchange.id, "this is no Location that was given out".into()));
            }
        }
        if let Some(location) = exchange.answer_header("location") {
            issued.push(path_of(location).split('#').next().unwrap_or_default());
        }
    }
    Finding::of(shown, against)
}

fn location_newest(e: &Evidence) -> Finding {
    let mut newest: BTreeMap<&str, &str> = BTreeMap::new();
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.exchanges.iter() {
        if !matches!(exchange.step, Step::Patch | Step::Put | Step::Status) {
            continue;
        }
        if let Some(location) = newest.get(exchange.subject.as_str()) {
            if exchange.target.starts_with(location) {
                shown.push(exchange.id);
            } else {
                against.push((exchange.id, "an older Location, or one of its own".into()));
            }
        }
        if let Some(location) = exchange.answer_header("location")
            && exchange.succeeded()
            && exchange.step != Step::Put
        {
            newest.insert(&exchange.subject, path_of(location));
        }
    }
    Finding::of(shown, against)
}

fn content_range(e: &Evidence) -> Finding {
    let mut next: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.step(Step::Upload) {
        let Some(range) = exchange.header("content-range") else {
            // Whatever came without a range was appended.
            *next.entry(&exchange.subject).or_default() += exchange.body.size;
            continue;
        };
        let parsed = range.split_once('-').and_then(|(from, to)| {
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            (digits(from) && digits(to)).then_some(())?;
            Some((from.parse::<u64>().ok()?, to.parse::<u64>().ok()?))
        });
        let Some((from, to)) = parsed.filter(|(from, to)| from <= to) else {
            against.push((exchange.id, format!("{range:?} is no range")));
            continue;
        };
        let length = exchange
            .header("content-length")
            .and_then(|text| text.parse::<u64>().ok());
        let due = next.get(exchange.subject.as_str()).copied().unwrap_or(0);
        if length.is_some_and(|length| length != to - from + 1) {
            against.push((exchange.id, format!("{range} is not as long as the body")));
        } else if from > due {
            against.push((
                exchange.id,
                format!("{range} begins after a gap; {due} was due"),
            ));
        } else {
            shown.push(exchange.id);
        }
        if exchange.succeeded() || !exchange.body.complete {
            next.insert(&exchange.subject, from + exchange.body.size);
        }
    }
    Finding::of(shown, against)
}

fn closing_digest(e: &Evidence) -> Finding {
    let chunked: BTreeSet<&str> = e.step(Step::Patch).map(|x| x.subject.as_str()).collect();
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.step(Step::Put) {
        let pairs = exchange.query().split('&');
        let count = pairs.filter(|pair| pair.starts_with("digest=")).count();
        let digest = exchange.param("digest").unwrap_or_default();
        let whole = !chunked.contains(exchange.subject.as_str())
            && exchange.body.complete
            && digest.starts_with("sha256:")
            && exchange.header("content-range").is_none()
            && exchange.header("content-length") == Some(&exchange.body.size.to_string());
        let body = exchange.body.digest.as_deref();
        if count != 1 {
            against.push((exchange.id, format!("the digest is named {count} times")));
        } else if whole && body.is_some_and(|body| body != digest) {
            against.push((exchange.id, "the body has another digest".into()));
        } else {
            shown.push(exchange.id);
        }
    }
    Finding::of(shown, against)
}

fn content_length(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.asked().filter(|exchange| exchange.protocol == "HTTP/1.1") {
        let wants = matches!(exchange.method.as_str(), "POST" | "PUT" | "PATCH");
        let chunked = exchange.header("transfer-encoding").is_some();
        if (wants && exchange.header("content-length").is_none()) || chunked {
            let how = if chunked { "chunked" } else { "no length" };
            against.push((exchange.id, format!("{} with {how}", exchange.method)));
        } else if wants {
            shown.push(exchange.id);
        }
    }
    Finding::of(shown, against)
}

fn octet_stream(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e
        .step(Step::Upload)
        .filter(|exchange| exchange.body.size > 0)
    {
        match exchange.header("content-type") {
            Some("application/octet-stream") => shown.push(exchange.id),
            other => against.push((exchange.id, format!("Content-Type {other:?}"))),
        }
    }
    Finding::of(shown, against)
}

fn chunk_min(e: &Evidence) -> Finding {
    let min = announced(e, "oci-chunk-min-length");
    chunk_sizes(
        e,
        |size, last| min.is_some_and(|min| !last && size < min),
        min,
    )
}

fn chunk_max(e: &Evidence) -> Finding {
    let max = announced(e, "oci-chunk-max-length");
    chunk_sizes(e, |size, _| max.is_some_and(|max| size > max), max)
}

fn chunk_sizes(e: &Evidence, bad: impl Fn(u64, bool) -> bool, limit: Option<u64>) -> Finding {
    let Some(limit) = limit else {
        return Finding::skip();
    };
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    e.step(Step::Patch).for_each(|x| {
        last.insert(&x.subject, x.id);
    });
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e
        .step(Step::Patch)
        .filter(|exchange| exchange.body.complete)
    {
        let is_last = last.get(exchange.subject.as_str()) == Some(&exchange.id);
        // A chunk may be refused before it is read.
        let length = exchange
            .header("content-length")
            .and_then(|text| text.parse().ok());
        let size = exchange.body.size.max(length.unwrap_or(0));
        if bad(size, is_last) {
            against.push((
                exchange.id,
                format!("a chunk of {size} bytes; the limit is {limit}"),
            ));
        } else {
            shown.push(exchange.id);
        }
    }
    Finding::of(shown, against)
}

fn valid_http(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.asked().filter(|exchange| exchange.protocol == "HTTP/1.1") {
        let hosts = exchange.header_all("host").count();
        let lengths = exchange.header_all("content-length").count();
        let both = lengths > 0 && exchange.header("transfer-encoding").is_some();
        if let Some(flaw) = exchange.flaws.first() {
            against.push((exchange.id, (*flaw).to_owned()));
        } else if hosts != 1 {
            against.push((exchange.id, format!("{hosts} Host headers")));
        } else if lengths > 1 || both {
            against.push((exchange.id, "two lengths of one body".into()));
        } else if exchange.method == "HEAD" && exchange.body.size > 0 {
            against.push((exchange.id, "a HEAD with a body".into()));
        } else {
            shown.push(exchange.id);
        }
    }
    Finding::of(shown, against)
}

fn user_agent(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.asked() {
        match exchange.header("user-agent") {
            Some(agent) if agent.contains('/') => shown.push(exchange.id),
            other => against.push((exchange.id, format!("User-Agent {other:?}"))),
        }
    }
    Finding::of(shown, against)
}

fn cookies(e: &Evidence) -> Finding {
    let set = e
        .exchanges
        .iter()
        .filter(|x| x.answer_header("set-cookie").is_some());
    let shown: Vec<u64> = set.map(|exchange| exchange.id).collect();
    let back = e
        .exchanges
        .iter()
        .filter(|exchange| exchange.header("cookie").is_some());
    let back = back.map(|exchange| (exchange.id, "a cookie came back".to_owned()));
    Finding::of(shown, back.collect())
}

fn accept(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.asked() {
        let accepts = exchange
            .header_all("accept")
            .any(|value| value.contains("manifest"));
        match exchange.step {
            Step::Head | Step::Post | Step::Mount | Step::Patch | Step::Put | Step::Status => {
                if accepts {
                    against.push((exchange.id, "a blob is asked for as a manifest".into()));
                } else {
                    shown.push(exchange.id);
                }
            }
            Step::ManifestHead | Step::ManifestGet if !accepts => {
                against.push((exchange.id, "no type of manifest is accepted".into()));
            }
            _ => {}
        }
    }
    Finding::of(shown, against)
}

fn expect(e: &Evidence) -> Finding {
    let waits = e
        .asked()
        .filter(|exchange| exchange.header("expect").is_some());
    let waits: Vec<u64> = waits.map(|exchange| exchange.id).collect();
    if e.is_calm() && !waits.is_empty() && e.ending().is_ok() {
        return Finding::pass(waits);
    }
    Finding::skip()
}

fn announced(e: &Evidence, name: &str) -> Option<u64> {
    e.asked()
        .find_map(|exchange| exchange.answer_header(name)?.parse().ok())
}

fn json(exchange: &Exchange) -> Value {
    let text = exchange.body.text.as_deref().unwrap_or_default();
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// The digests that a manifest names.
fn named(exchange: &Exchange) -> Vec<String> {
    let manifest = json(exchange);
    let mut found = Vec::new();
    let lists = [&manifest["layers"], &manifest["manifests"]];
    let listed = lists.into_iter().filter_map(Value::as_array).flatten();
    for descriptor in listed.chain([&manifest["config"]]) {
        found.extend(descriptor["digest"].as_str().map(str::to_owned));
    }
    found
}
