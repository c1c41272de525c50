//! One scenario for each cell of the machine's own table of verdicts: what comes of a status, or of
//! a broken connection, at each step of a push.

use std::time::Duration;

use longshore_mock_registry::Auth;
use longshore_protocol::{PushErrorKind, Replay};

use super::super::image::{Blob, Image};
use super::super::scenario::{End, Scenario};
use super::super::script::{Act, Canned, Step};

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut lines = TABLE.lines();
    let steps: Vec<&str> = lines
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let mut found = Vec::new();
    for line in lines {
        let (label, verdicts) = line.split_at(line.len().min(LABEL));
        let Some((act, count)) = act(label.trim()) else {
            continue;
        };
        for (step, verdict) in steps.iter().zip(verdicts.split_whitespace()) {
            found.push(cell(label.trim(), step, verdict, act.clone(), count));
        }
    }
    found
}

fn cell(label: &str, step: &str, verdict: &str, act: Act, count: u32) -> Scenario {
    let unknown = |blob: &mut Blob| {
        blob.known = false;
        blob.replay = Replay::FromStart;
    };
    let name = format!("cell {label} at {step} means {verdict}");
    let base = Scenario::new(name);
    let (base, step) = match step {
        "probe" => (base, Step::Probe),
        "token" => (base.auth(Auth::Bearer), Step::Token),
        "preflight" => (base, Step::Open),
        "check" => (base, Step::Check),
        "mount" => {
            let image = Image::one().all(|blob| blob.mountable = true);
            (base.image(image), Step::Mount)
        }
        "open" => (base.set(|it| it.preflight = false), Step::Open),
        "put" => (base, Step::Put),
        "stream" => (base.image(Image::one().all(unknown)), Step::Stream),
        "chunk" => (base.set(|it| it.chunk = Some(400)), Step::Chunk),
        "status" => (base.when(Step::Put, 1, Act::CutAfter(500)), Step::Status),
        "commit" => (base.image(Image::one().all(unknown)), Step::Commit),
        "manifest" => (base, Step::Manifest),
        "confirm" => {
            let unclear = Act::DoneBut(Canned::status(200));
            (base.when(Step::Manifest, 1, unclear), Step::Confirm)
        }
        "delete" => (
            base.image(Image::one().all(|blob| blob.there = true)),
            Step::Delete,
        ),
        other => panic!("the table has a new step, {other}"),
    };
    let base = match label {
        "401" | "401 again" if step != Step::Token => {
            base.when_all(Step::Token, 1, 99, Act::Answer(token()))
        }
        _ => base,
    };
    let end = match verdict {
        // Nothing is asked for with a token yet.
        "DENIED" if label == "401 again" && step == Step::Probe => End::Agreed,
        // A mount that fails is never the end of a push, whatever the table says of it.
        _ if step == Step::Mount && verdict != "redirect" => End::Pushed,
        "WHO?" => End::FailsAnywhere(PushErrorKind::Unauthenticated),
        "DENIED" => End::FailsAnywhere(PushErrorKind::Denied),
        "REJECT" => End::FailsAnywhere(PushErrorKind::Rejected),
        "WHAT?" => End::FailsAnywhere(PushErrorKind::Unintelligible),
        _ => End::Agreed,
    };
    let base = match act {
        Act::Hang => base.set(|it| it.idle = Duration::from_millis(500)),
        _ => base,
    };
    base.when_all(step, 1, count, act).ends(end)
}

/// What happens in that row, and how often. Some rows cannot happen to any step here: names and
/// certificates are for the places where the machine is sent elsewhere.
fn act(label: &str) -> Option<(Act, u32)> {
    let error = |status, code, message| Act::Answer(Canned::error(status, code, message));
    let challenge = || {
        let challenge = "Bearer realm=\"{origin}/token\",service=\"here\"";
        Canned::status(401).header("www-authenticate", challenge)
    };
    let once = match label {
        "401" => Act::Answer(challenge()),
        "401 again" => return Some((Act::Answer(challenge()), 2)),
        "403 rate" => error(403, "DENIED", "secondary Rate Limit"),
        "400 upload" => error(400, "BLOB_UPLOAD_INVALID", ""),
        "400 name" => error(400, "NAME_INVALID", ""),
        "400 blobs" => error(400, "MANIFEST_BLOB_UNKNOWN", ""),
        "400 words" => error(400, "MANIFEST_INVALID", "Unknown blob `x`"),
        "400 tag" => error(400, "TAG_INVALID", ""),
        "302" | "307" => {
            let status = label.parse().ok()?;
            Act::Answer(Canned::status(status).header("location", "{origin}/v2/elsewhere"))
        }
        "cut" => Act::CutAfter(500),
        "cut at end" => Act::Lose,
        "timeout" => Act::Hang,
        "resolve" | "connect" | "tls" | "source" | "refused" | "garbage" => return None,
        status => Act::Answer(Canned::status(status.parse().ok()?)),
    };
    Some((once, 1))
}

fn token() -> Canned {
    Canned {
        status: 200,
        headers: Vec::new(),
        body: r#"{"token":"x","expires_in":300}"#.to_owned(),
    }
}

const TABLE: &str = include_str!("../../../../protocol/src/classify/table.txt");

/// The width of the rows' labels.
const LABEL: usize = 13;
