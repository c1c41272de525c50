//! The way of a blob as a picture, drawn by asking every state what it makes of every verdict.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::classify::{Outcome, Step, classify};
use crate::payload::FailureKind;
use crate::wire::location::Refusal;

const VERDICTS: [(Verdict, &str); 16] = [
    (Verdict::Accept, "accept"),
    (Verdict::Opened, "opened"),
    (Verdict::Absent, "absent"),
    (Verdict::Unclear, "unclear"),
    (Verdict::Retry, "retry"),
    (Verdict::Doubt, "doubt"),
    (Verdict::Dispute, "dispute"),
    (Verdict::Resume, "resume"),
    (Verdict::Later, "later"),
    (Verdict::Restart, "restart"),
    (Verdict::Smaller, "smaller"),
    (Verdict::Whole(PushErrorKind::Rejected), "whole"),
    (Verdict::Missing, "missing"),
    (Verdict::Fail(PushErrorKind::Rejected), "fail"),
    // Taken care of before a state is asked.
    (Verdict::Redirect, ""),
    (Verdict::Reauthenticate, ""),
];

/// What leads from one state to another, as the states themselves say.
type Edges = BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>>;

/// The requests that a state sends.
type Requests = BTreeMap<&'static str, BTreeSet<String>>;

#[test]
fn the_picture_in_the_documentation_is_what_the_states_do() {
    let (edges, requests) = edges();
    let picture = mermaid(&edges, &requests);
    let page = include_str!("../../../docs/protocol.md");
    assert!(
        page.contains(&picture),
        "docs/protocol.md should hold:\n{picture}"
    );
}

#[test]
fn every_state_can_be_left_and_every_way_ends() {
    let (edges, _) = edges();
    let mut ends: BTreeSet<&str> = BTreeSet::from(["done", "failed"]);
    loop {
        let before = ends.len();
        let more: Vec<&str> = edges
            .keys()
            .filter(|(_, to)| ends.contains(to))
            .map(|(from, _)| *from)
            .collect();
        ends.extend(more);
        if ends.len() == before {
            break;
        }
    }
    for (from, _) in edges.keys() {
        assert!(ends.contains(from), "{from} leads nowhere");
    }
}

fn edges() -> (Edges, Requests) {
    let (mut edges, mut requests) = (Edges::new(), Requests::new());
    let repository = "team/app".parse().expect("it has the form");
    let api = Api::new(url().origin().clone(), repository);
    for make in [check, doubt, dispute, mount, start, upload, probe, commit] {
        for (verdict, label) in VERDICTS.into_iter().filter(|(_, label)| !label.is_empty()) {
            for (known, replay, chunk, mounts) in [
                (true, Replay::Anywhere, None, true),
                (true, Replay::Anywhere, None, false),
                (true, Replay::Anywhere, Some(SIZE / 4), true),
                (true, Replay::FromStart, None, true),
                (false, Replay::FromStart, None, true),
            ] {
                for reply in replies() {
                    let mut facts = facts(known, replay);
                    facts.parts = chunk.map_or(Parts::Whole, Parts::Learnt);
                    facts.mount_from = facts.mount_from.filter(|_| mounts);
                    let state = make();
                    let from = name(&state);
                    // Only what has a name can be looked for, mounted or committed.
                    let is_named = matches!(from, "check" | "look" | "mount" | "commit");
                    if is_named && !known || from == "mount" && !mounts {
                        continue;
                    }
                    let draft = state.draft(&facts, &api).expect("nothing was taken yet");
                    requests.entry(from).or_default().insert(request(&draft));
                    if !possible(draft.step).contains(label) {
                        continue;
                    }
                    let turn = state.advance(verdict, &reply, &mut facts);
                    let to = match turn.pace {
                        Pace::Fail(..) => "failed",
                        _ => name(&turn.state),
                    };
                    if label != "retry" || from != to {
                        edges.entry((from, to)).or_default().insert(label);
                    }
                }
            }
        }
    }
    (edges, requests)
}

/// A request as a picture has it: its method, and what its query is about.
fn request(draft: &Draft) -> String {
    let uri = draft.url.to_uri().expect("it can be asked for");
    let name = uri.query().and_then(|query| query.split('=').next());
    match name {
        Some(name) => format!("{} ?{name}=", draft.method),
        None => draft.method.to_string(),
    }
}

/// The verdicts that the table has for a step.
fn possible(step: Step) -> BTreeSet<&'static str> {
    let codes = ["", "BLOB_UPLOAD_INVALID", "NAME_INVALID"];
    let answers = (200..600).flat_map(|status| {
        codes.map(|code| Outcome::Answer {
            status: http::StatusCode::from_u16(status).expect("it is in range"),
            code,
            message: "",
            fresh: true,
        })
    });
    let failures = [
        FailureKind::Connect,
        FailureKind::Interrupted,
        FailureKind::Source,
    ]
    .into_iter()
    .flat_map(|kind| [false, true].map(|complete| Outcome::Failure { kind, complete }));
    let verdicts: Vec<Verdict> = answers
        .chain(failures)
        .map(|outcome| classify(step, outcome))
        .collect();
    VERDICTS
        .into_iter()
        .filter(|(verdict, _)| match verdict {
            Verdict::Fail(_) => verdicts.iter().any(|had| matches!(had, Verdict::Fail(_))),
            other => verdicts.contains(other),
        })
        .map(|(_, label)| label)
        .collect()
}

fn mermaid(edges: &Edges, requests: &Requests) -> String {
    let mut lines = vec!["```mermaid".to_owned(), "stateDiagram-v2".to_owned()];
    for (state, requests) in requests {
        let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
        let requests = requests.join(" or ");
        lines.push(format!("    state \"{state}: {requests}\" as {state}"));
    }
    lines.push("    [*] --> check: digest known".to_owned());
    lines.push("    [*] --> start: digest not known".to_owned());
    for ((from, to), labels) in edges {
        // Every state fails on a verdict that says so; drawing that would hide the rest.
        let labels: Vec<&str> = labels
            .iter()
            .copied()
            .filter(|label| *label != "fail")
            .collect();
        if labels.is_empty() {
            continue;
        }
        lines.push(format!("    {from} --> {to}: {}", labels.join(", ")));
    }
    lines.push("    done --> [*]".to_owned());
    lines.push("```".to_owned());
    lines.join("\n")
}

fn name(state: &State) -> &'static str {
    match state {
        State::Check(check) if check.session().is_some() => "look",
        State::Check(_) => "check",
        State::Start(start) if start.is_plain() => "start",
        State::Start(_) => "mount",
        State::Upload(_) => "upload",
        State::Probe(_) => "probe",
        State::Commit(_) => "commit",
        State::Done(_) => "done",
    }
}

fn check() -> State {
    State::Check(Check::first())
}

fn doubt() -> State {
    State::Check(Check::doubt(session()))
}

fn dispute() -> State {
    State::Check(Check::dispute(session()))
}

fn mount() -> State {
    State::Start(Start::first(&facts(true, Replay::Anywhere)))
}

fn start() -> State {
    State::Start(Start::plain())
}

fn upload() -> State {
    State::Upload(Upload::new(session()))
}

fn probe() -> State {
    State::Probe(Probe::new(session()))
}

fn commit() -> State {
    State::Commit(Commit::new(session()))
}

fn url() -> HttpUrl {
    HttpUrl::parse("https://q.example/up/1").expect("it is a URL")
}

fn session() -> Session {
    Session {
        url: url(),
        chunk_min: None,
        chunk_max: None,
    }
}

fn facts(known: bool, replay: Replay) -> Facts {
    Facts {
        id: BlobId(0),
        content: known.then(|| Content {
            digest: Digest::sha256(b"blob"),
            size: SIZE,
        }),
        media_type: MediaType::OCI_LAYER,
        replay,
        mount_from: "other/app".parse().ok(),
        taken: false,
        reached: SIZE,
        parts: Parts::Whole,
        smallest_part: 1 << 20,
        sessions: 0,
        forced: false,
    }
}

/// Answers with and without what a state may look for.
fn replies() -> Vec<Reply> {
    let plain = |claim, receipt| Reply {
        refuses_range: false,
        is_success: true,
        location: Ok(url()),
        chunk_min: None,
        chunk_max: None,
        claim,
        echo: None,
        length: None,
        receipt,
    };
    let end = Content {
        digest: Digest::sha256(b"blob"),
        size: SIZE,
    };
    let whole = Receipt {
        sent: SIZE,
        end: Some(end),
    };
    let mut replies = vec![
        plain(None, Receipt::default()),
        plain(None, whole.clone()),
        plain(Some(Claim::Bytes(SIZE)), whole),
        plain(Some(Claim::Bytes(1)), Receipt::default()),
    ];
    let mut nowhere = plain(None, Receipt::default());
    nowhere.location = Err(Refusal::Missing);
    replies.push(nowhere);
    replies
}

/// Large enough to be sent in parts.
const SIZE: u64 = 8 << 20;
