use super::*;

const STEPS: [Step; 14] = [
    Step::Probe,
    Step::Token,
    Step::Preflight,
    Step::Check,
    Step::Mount,
    Step::Open,
    Step::Put,
    Step::Stream,
    Step::Chunk,
    Step::Status,
    Step::Commit,
    Step::Manifest,
    Step::Confirm,
    Step::Delete,
];

fn answer(status: u16, code: &'static str, message: &'static str, fresh: bool) -> Outcome<'static> {
    Outcome::Answer {
        status: StatusCode::from_u16(status).expect("a test's status is one"),
        code,
        message,
        fresh,
    }
}

fn row(label: &str, outcome: Outcome<'_>) -> String {
    let verdicts = STEPS.map(|step| match classify(step, outcome) {
        Verdict::Accept => "yes",
        Verdict::Opened => "open",
        Verdict::Absent => "absent",
        Verdict::Unclear => "unclear",
        Verdict::Redirect => "redirect",
        Verdict::Reauthenticate => "reauth",
        Verdict::Retry => "retry",
        Verdict::Doubt => "doubt",
        Verdict::Dispute => "dispute",
        Verdict::Resume => "resume",
        Verdict::Later => "later",
        Verdict::Restart => "restart",
        Verdict::Smaller => "smaller",
        Verdict::Whole(_) => "whole",
        Verdict::Missing => "missing",
        Verdict::Fail(PushErrorKind::Denied) => "DENIED",
        Verdict::Fail(PushErrorKind::Unauthenticated) => "WHO?",
        Verdict::Fail(PushErrorKind::Unintelligible) => "WHAT?",
        Verdict::Fail(PushErrorKind::Rejected) => "REJECT",
        Verdict::Fail(PushErrorKind::Tls) => "TLS",
        Verdict::Fail(PushErrorKind::Source) => "SOURCE",
        Verdict::Fail(PushErrorKind::Unreachable) => "NO WAY",
        Verdict::Fail(PushErrorKind::Unsafe) => "UNSAFE",
        Verdict::Fail(PushErrorKind::Exhausted) => "MACHINE",
        Verdict::Fail(_) => "?",
    });
    let cells: String = verdicts
        .iter()
        .map(|verdict| format!(" {verdict:<8}"))
        .collect();
    format!("{label:<12}{}", cells.trim_end())
}

/// The whole table, to be read: one row for each outcome, one column for each step.
#[test]
fn the_table() {
    let mut rows = vec![format!(
        "{:<12}{}",
        "",
        STEPS
            .map(|step| format!(" {:<8}", format!("{step:?}").to_lowercase()))
            .concat()
            .trim_end()
    )];
    for status in [
        200, 201, 202, 204, 302, 307, 400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413,
        415, 416, 425, 429, 500, 501, 502, 503, 504, 507, 524,
    ] {
        rows.push(row(&status.to_string(), answer(status, "", "", false)));
    }
    rows.push(row("401 again", answer(401, "", "", true)));
    rows.push(row(
        "403 rate",
        answer(403, "DENIED", "secondary Rate Limit", false),
    ));
    rows.push(row(
        "403 quota",
        answer(403, "DENIED", "Quota has been exceeded", false),
    ));
    rows.push(row(
        "400 upload",
        answer(400, "BLOB_UPLOAD_INVALID", "", false),
    ));
    rows.push(row("400 name", answer(400, "NAME_INVALID", "", false)));
    rows.push(row(
        "400 blobs",
        answer(400, "MANIFEST_BLOB_UNKNOWN", "", false),
    ));
    rows.push(row(
        "400 words",
        answer(400, "MANIFEST_INVALID", "Unknown blob `x`", false),
    ));
    rows.push(row("400 tag", answer(400, "TAG_INVALID", "", false)));
    for (label, kind) in [
        ("resolve", FailureKind::Resolve),
        ("no way", FailureKind::Unreachable),
        ("connect", FailureKind::Connect),
        ("tls", FailureKind::Tls),
        ("source", FailureKind::Source),
        ("refused", FailureKind::Refused),
        ("exhausted", FailureKind::Exhausted),
        ("cut", FailureKind::Interrupted),
        ("timeout", FailureKind::TimedOut),
        ("garbage", FailureKind::Protocol),
    ] {
        rows.push(row(
            label,
            Outcome::Failure {
                kind,
                complete: false,
            },
        ));
    }
    let complete = Outcome::Failure {
        kind: FailureKind::Interrupted,
        complete: true,
    };
    rows.push(row("cut at end", complete));
    let table = format!("{}\n", rows.join("\n"));
    assert_eq!(table, include_str!("table.txt"), "\n{table}");
}

#[test]
fn every_status_has_a_verdict_for_every_step() {
    for status in 100..1000 {
        for fresh in [false, true] {
            for step in STEPS {
                classify(step, answer(status, "X", "x", fresh));
            }
        }
    }
}
