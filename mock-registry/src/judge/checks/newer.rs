//! C65–C74: the newer parts of the API, and reports.

use super::{Check, by_the_end, check};
use crate::fault::Step;
use crate::judge::evidence::Evidence;
use crate::judge::finding::Finding;
use crate::judge::finding::Severity::{May, Must, Should};
use crate::record::Exchange;

pub(super) const ALL: &[Check] = &[
    check(
        "C65",
        Must,
        "keeps the fallback tag of a subject, where that is needed",
        subject,
    ),
    check(
        "C66",
        Should,
        "keeps foreign entries of the fallback tag",
        fallback_entries,
    ),
    check(
        "C67",
        May,
        "sets several tags at once, where that is known",
        tags_at_once,
    ),
    check("C68", Should, "sends blobs once for several tags", tags),
    check(
        "C69",
        Should,
        "announces another digest algorithm",
        algorithm,
    ),
    check(
        "C70",
        Must,
        "trusts its own hash, and no header instead of it",
        by_the_end,
    ),
    check(
        "C71",
        Should,
        "takes a HEAD without a length as it is, and not one with a wrong one",
        by_the_end,
    ),
    check(
        "C72",
        May,
        "sends small blobs by a single POST",
        single_post,
    ),
    check(
        "C73",
        Must,
        "puts no control characters into requests",
        injected,
    ),
    check("C74", Should, "prints the digest that the tag has", digest),
];

fn subject(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e
        .step(Step::Manifest)
        .filter(|exchange| exchange.succeeded())
    {
        let Some(subject) = subject_of(exchange) else {
            continue;
        };
        let known = exchange.answer_header("oci-subject").is_some();
        let tag = subject.replacen(':', "-", 1);
        let kept = e
            .step(Step::Manifest)
            .any(|x| x.id > exchange.id && x.subject == tag);
        match (known, kept) {
            (false, false) => against.push((exchange.id, format!("the tag {tag} is not kept"))),
            (true, true) => against.push((exchange.id, format!("the tag {tag} is not needed"))),
            _ => shown.push(exchange.id),
        }
    }
    Finding::of(shown, against)
}

fn fallback_entries(e: &Evidence) -> Finding {
    let is_fallback = |exchange: &&Exchange| {
        exchange
            .subject
            .strip_prefix("sha256-")
            .is_some_and(|hex| hex.len() == 64)
    };
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.step(Step::Manifest).filter(is_fallback) {
        let read = e.asked().any(|x| {
            matches!(x.step, Step::ManifestGet | Step::ManifestHead)
                && x.id < exchange.id
                && x.subject == exchange.subject
        });
        let text = exchange.body.text.as_deref().unwrap_or_default();
        let lost = e
            .store
            .referrer
            .as_ref()
            .filter(|digest| !text.contains(digest.as_str()));
        if let Some(digest) = lost {
            against.push((exchange.id, format!("the entry of {digest} is lost")));
        } else if read {
            shown.push(exchange.id);
        } else {
            against.push((
                exchange.id,
                "it was written without having been read".into(),
            ));
        }
    }
    Finding::of(shown, against)
}

fn tags_at_once(e: &Evidence) -> Finding {
    let with = e
        .step(Step::Manifest)
        .filter(|exchange| exchange.param("tag").is_some());
    Finding::of(with.map(|exchange| exchange.id).collect(), Vec::new())
}

fn tags(e: &Evidence) -> Finding {
    let first = e.scenario.first_to.as_ref();
    if let Some(first) = first.filter(|first| first.repository == e.repository) {
        return later_tag(e, &first.tag);
    }
    let put: Vec<&Exchange> = e.step(Step::Manifest).filter(|x| x.succeeded()).collect();
    let several = put.iter().any(|one| {
        let same =
            |two: &&Exchange| two.subject != one.subject && two.body.digest == one.body.digest;
        put.iter().any(same)
    });
    if !several || !e.is_calm() {
        return Finding::skip();
    }
    let mut digests: Vec<_> = e
        .step(Step::Put)
        .filter_map(|x| x.param("digest"))
        .collect();
    let all = digests.len();
    digests.sort();
    digests.dedup();
    let ids = put.iter().map(|exchange| exchange.id).collect();
    if digests.len() < all {
        Finding::fail("blobs came once for each tag", ids)
    } else {
        Finding::pass(ids)
    }
}

/// The same for a tag that is set by a push of its own.
fn later_tag(e: &Evidence, first: &str) -> Finding {
    let put = e
        .step(Step::Manifest)
        .filter(|x| x.succeeded() && x.subject != first);
    let put: Vec<u64> = put.map(|exchange| exchange.id).collect();
    let again = e.step(Step::Put).filter(|x| {
        x.param("digest")
            .is_some_and(|digest| e.store.known.contains(&digest))
    });
    let again = again.map(|x| (x.id, "this blob had come with the first tag".to_owned()));
    Finding::of(put, again.collect())
}

fn algorithm(e: &Evidence) -> Finding {
    let other = e
        .step(Step::Put)
        .any(|x| x.param("digest").is_some_and(|d| !d.starts_with("sha256:")));
    let announced = e
        .step(Step::Post)
        .filter(|x| x.param("digest-algorithm").is_some());
    let announced: Vec<u64> = announced.map(|exchange| exchange.id).collect();
    match (other, announced.is_empty()) {
        (true, true) => Finding::fail("digest-algorithm is not announced", e.troubled()),
        _ => Finding::of(announced, Vec::new()),
    }
}

fn single_post(e: &Evidence) -> Finding {
    let single = e
        .step(Step::Post)
        .filter(|exchange| exchange.param("digest").is_some());
    Finding::of(single.map(|exchange| exchange.id).collect(), Vec::new())
}

fn injected(e: &Evidence) -> Finding {
    let smuggled = e.exchanges.iter().filter(|exchange| {
        exchange.header("x-injected").is_some()
            || exchange.target.to_lowercase().contains("x-injected")
    });
    let smuggled: Vec<_> = smuggled
        .map(|x| (x.id, "a line was smuggled in".to_owned()))
        .collect();
    if smuggled.is_empty() {
        return Finding::skip();
    }
    Finding::of(Vec::new(), smuggled)
}

fn digest(e: &Evidence) -> Finding {
    let (true, Some(digest)) = (e.claims_success() && e.client.watched, &e.store.digest) else {
        return Finding::skip();
    };
    let ids = e.step(Step::Manifest).map(|exchange| exchange.id).collect();
    if e.client.output.contains(digest.as_str()) {
        return Finding::pass(ids);
    }
    Finding::fail("the manifest's digest is not in what it prints", ids)
}

fn subject_of(exchange: &Exchange) -> Option<String> {
    let text = exchange.body.text.as_deref()?;
    let manifest: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(manifest["subject"]["digest"].as_str()?.to_owned())
}
