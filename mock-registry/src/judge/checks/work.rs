//! C19–C30: work not done.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, check};
use crate::fault::Step;
use crate::judge::evidence::Evidence;
use crate::judge::finding::Finding;
use crate::judge::finding::Severity::{May, Must, Should};
use crate::record::Exchange;

pub(super) const ALL: &[Check] = &[
    check("C19", Should, "does not upload what is there", known_blobs),
    check("C20", Should, "uploads each blob once", once_each),
    check(
        "C21",
        Should,
        "tries a mount when told of a source",
        mount_tried,
    ),
    check(
        "C22",
        Must,
        "goes on with the session that a mount opened instead",
        mount_session,
    ),
    check(
        "C23",
        Must,
        "uploads when a mount is refused, however",
        mount_refused,
    ),
    check(
        "C24",
        May,
        "mounts without naming a source only where that is harmless",
        anonymous_mount,
    ),
    check(
        "C25",
        Should,
        "does not send a manifest that is there",
        known_manifest,
    ),
    check(
        "C26",
        Should,
        "cancels the sessions it gives up",
        sessions_closed,
    ),
    check("C27", Should, "uses its connections again", connections),
    check("C28", Should, "bounds how much it does at once", parallel),
    check("C29", Should, "resumes a cut chunked upload", resumes),
    check(
        "C30",
        Should,
        "asks for one token per scope, not one per request",
        tokens,
    ),
];

fn known_blobs(e: &Evidence) -> Finding {
    if e.scenario.runs < 2 || e.store.known.is_empty() {
        return Finding::skip();
    }
    let known = &e.store.known;
    let again = e.step(Step::Put).filter(|exchange| {
        exchange
            .param("digest")
            .is_some_and(|digest| known.contains(&digest))
    });
    let again: Vec<_> = again
        .map(|x| (x.id, "this blob was there".to_owned()))
        .collect();
    let looks = e
        .asked()
        .filter(|x| matches!(x.step, Step::Head | Step::Mount | Step::ManifestHead));
    Finding::of(looks.map(|exchange| exchange.id).collect(), again)
}

fn once_each(e: &Evidence) -> Finding {
    if !e.is_calm() {
        return Finding::skip();
    }
    let mut seen = BTreeSet::new();
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.step(Step::Put).filter(|exchange| exchange.succeeded()) {
        if seen.insert(exchange.param("digest")) {
            shown.push(exchange.id);
        } else {
            against.push((exchange.id, "this blob had been uploaded".into()));
        }
    }
    Finding::of(shown, against)
}

fn mount_tried(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for mount in e.step(Step::Mount) {
        let source = plain(&mount.param("from").unwrap_or_default());
        let asked = e
            .step(Step::Token)
            .any(|token| asks_to_pull(token, &source));
        let by_token = e.step(Step::Token).next().is_some();
        if by_token && !source.is_empty() && !asked {
            let why = format!("no token was asked for that may pull from {source}");
            against.push((mount.id, why));
        } else {
            shown.push(mount.id);
        }
    }
    Finding::of(shown, against)
}

fn asks_to_pull(token: &Exchange, repository: &str) -> bool {
    let form = token.body.text.as_deref().unwrap_or_default();
    let asked = plain(&format!("{}&{form}", token.query()));
    asked.contains(&format!("repository:{repository}:"))
}

/// A text of a query, with what names and scopes are made of as it is.
fn plain(text: &str) -> String {
    let text = text.replace("%3A", ":").replace("%3a", ":");
    text.replace("%2F", "/").replace("%2f", "/")
}

fn mount_session(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for mount in e
        .step(Step::Mount)
        .filter(|exchange| exchange.status() == Some(202))
    {
        let location = mount.answer_header("location").unwrap_or_default();
        let session = location.split('?').next().unwrap_or_default();
        let session = session.rsplit('/').next().unwrap_or_default();
        let used = e
            .step(Step::Upload)
            .any(|exchange| exchange.subject == session);
        if used || !e.claims_success() {
            shown.push(mount.id);
        } else {
            against.push((mount.id, "the session of this answer was never used".into()));
        }
    }
    Finding::of(shown, against)
}

fn mount_refused(e: &Evidence) -> Finding {
    let refused = e.step(Step::Mount).filter(|exchange| !exchange.succeeded());
    let refused: Vec<u64> = refused.map(|exchange| exchange.id).collect();
    if refused.is_empty() || e.scenario.expect != crate::judge::Expect::Success {
        return Finding::skip();
    }
    match e.ending() {
        Ok(()) => Finding::pass(refused),
        Err(why) => Finding::fail(why, refused),
    }
}

fn anonymous_mount(e: &Evidence) -> Finding {
    let mounts = e
        .step(Step::Mount)
        .filter(|exchange| exchange.param("from").is_none());
    let mounts: Vec<u64> = mounts.map(|exchange| exchange.id).collect();
    match e.ending() {
        Err(why) if !mounts.is_empty() && e.is_calm() => Finding::fail(why, mounts),
        _ => Finding::of(mounts, Vec::new()),
    }
}

fn known_manifest(e: &Evidence) -> Finding {
    if !e.is_repetition() {
        return Finding::skip();
    }
    let sent: Vec<u64> = e.step(Step::Manifest).map(|exchange| exchange.id).collect();
    if sent.is_empty() {
        return Finding::pass(
            e.step(Step::ManifestHead)
                .map(|exchange| exchange.id)
                .collect(),
        );
    }
    Finding::warn("the manifest was there, and the tag named it", sent)
}

fn sessions_closed(e: &Evidence) -> Finding {
    let mut known = BTreeMap::new();
    for exchange in e.asked() {
        let opens = matches!(exchange.step, Step::Post | Step::Mount);
        // A session whose URL never came through cannot be cancelled.
        let location = exchange
            .answer_header("location")
            .filter(|_| exchange.faults.is_empty());
        if let (true, Some(202), Some(location)) = (opens, exchange.status(), location) {
            let path = location.split('?').next().unwrap_or_default();
            known.insert(
                path.rsplit('/').next().unwrap_or_default().to_owned(),
                exchange.id,
            );
        }
        if Step::Upload.covers(exchange.step) {
            known.entry(exchange.subject.clone()).or_insert(exchange.id);
        }
    }
    // A registry that does not cancel is not the client's fault.
    let tried: BTreeSet<&str> = e.step(Step::Cancel).map(|x| x.subject.as_str()).collect();
    let open = e.store.open.iter().filter_map(|session| {
        if tried.contains(session.id.as_str()) {
            return None;
        }
        let id = known.get(&session.id)?;
        Some((*id, format!("the session {} is left open", session.id)))
    });
    Finding::of(known.values().copied().collect(), open.collect())
}

fn connections(e: &Evidence) -> Finding {
    // A registry that hangs up takes its connections with it.
    if !e.is_calm() || e.asked().any(|exchange| exchange.answer.is_none()) {
        return Finding::skip();
    }
    let used: BTreeSet<u64> = e.asked().map(|exchange| exchange.connection).collect();
    let busy = e.asked().map(|exchange| exchange.busy).max().unwrap_or(0);
    let shown: Vec<u64> = e.asked().map(|exchange| exchange.id).collect();
    // One more than ever at once, one for the token endpoint, and one to find out about TLS.
    if used.len() as u64 > busy + 3 {
        let requests = shown.len();
        let count = used.len();
        let why = format!("{count} connections for {requests} requests, at most {busy} at once");
        return Finding::fail(why, shown);
    }
    Finding::of(shown, Vec::new())
}

fn parallel(e: &Evidence) -> Finding {
    let most = e.asked().max_by_key(|exchange| exchange.busy);
    match most {
        Some(exchange) if exchange.busy > MOST => Finding::fail(
            format!("{} requests at once", exchange.busy),
            vec![exchange.id],
        ),
        Some(exchange) => Finding::pass(vec![exchange.id]),
        None => Finding::skip(),
    }
}

fn resumes(e: &Evidence) -> Finding {
    let cut: Vec<_> = e
        .step(Step::Patch)
        .filter(|exchange| !exchange.body.complete && exchange.body.size > 0)
        .collect();
    let Some(first) = cut.first().filter(|_| e.claims_success()) else {
        return Finding::skip();
    };
    let went_on = e
        .step(Step::Patch)
        .any(|x| x.id > first.id && x.subject == first.subject);
    let ids = cut.iter().map(|exchange| exchange.id).collect();
    if went_on {
        Finding::pass(ids)
    } else {
        Finding::fail("the upload began again in a new session", ids)
    }
}

fn tokens(e: &Evidence) -> Finding {
    if !e.is_calm() {
        return Finding::skip();
    }
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut shown = Vec::new();
    for exchange in e.step(Step::Token).filter(|exchange| exchange.succeeded()) {
        shown.push(exchange.id);
        let form = exchange.body.text.clone().unwrap_or_default();
        *seen
            .entry(format!("{}{form}", exchange.query()))
            .or_default() += 1;
    }
    match seen.values().max() {
        Some(count) if *count > 1 => {
            Finding::fail(format!("the same scope was asked for {count} times"), shown)
        }
        _ => Finding::of(shown, Vec::new()),
    }
}

/// More than this at once is nobody's bound.
const MOST: u64 = 32;
