//! F99–F100, and the URLs that nobody should follow.

use super::{Entry, Group, bodies, choice, number, status, tricks};
use crate::fault::play::{Edit, Made, Play};
use crate::fault::{Scene, Step};

pub(super) const ALL: &[Entry] = &[
    Entry {
        id: "F99",
        name: "header-injection",
        group: Group::Secret,
        does: "puts a carriage return or an escaped line end into what a client puts into requests",
        robust: "refuses it",
        steps: &[Step::Post, Step::Mount, Step::Token, Step::Head],
        times: None,
        params: &[choice(
            "into",
            &["location", "location-escaped", "realm", "service", "token"],
            "into what",
        )],
        survivable: false,
        play: |scene, p| match (p.text("into"), scene.step) {
            ("token", Step::Token) => tricks::token_answer(|value| {
                value["token"] = serde_json::json!("token\r\nX-Injected: yes");
                value["access_token"] = value["token"].clone();
            }),
            ("location", Step::Post | Step::Mount) => {
                let path = format!("{}/v2/{}/blobs/uploads/x", scene.origin, scene.repository);
                tricks::raw_header("location", format!("Location: {path}\rX-Injected: yes"))
            }
            ("location-escaped", Step::Post | Step::Mount) => {
                tricks::location(|_, old| format!("{old}%0d%0aX-Injected:%20yes"))
            }
            ("realm", Step::Post | Step::Mount | Step::Head) => injected(scene, "realm"),
            ("service", Step::Post | Step::Mount | Step::Head) => injected(scene, "service"),
            _ => Play::pass(),
        },
    },
    Entry {
        id: "F100",
        name: "decompress-bomb",
        group: Group::Secret,
        does: "answers with a body that is a thousand times as large once it is decompressed",
        robust: "has a limit",
        steps: &[Step::Token, Step::Manifest],
        times: None,
        params: &[number("megabytes", "64", "how large")],
        survivable: false,
        play: |_, p| {
            let bomb = bodies::bomb(p.number("megabytes").min(1024));
            let made = Made::status(400).header("content-encoding", "gzip");
            Play::instead(made.body("application/json", bomb))
        },
    },
    Entry {
        id: "F100",
        name: "json-depth",
        group: Group::Secret,
        does: "answers with JSON as deep as a well",
        robust: "has a limit",
        steps: &[Step::Token, Step::Manifest],
        times: None,
        params: &[status("400"), number("depth", "100000", "how deep")],
        survivable: false,
        play: |_, p| {
            let depth = usize::try_from(p.number("depth").min(10_000_000)).unwrap_or(0);
            let made = Made::status(p.status("status"));
            Play::instead(made.body(
                "application/json",
                format!("{{\"errors\":{}", "[".repeat(depth)),
            ))
        },
    },
];

/// A URL with this path at an address that a client must not visit at a server's word.
pub(super) fn evil_url(to: &str, scene: &Scene, path: &str) -> String {
    let port = scene.elsewhere.rsplit(':').next().unwrap_or("80");
    let host = scene.elsewhere.split("://").last().unwrap_or_default();
    match to {
        "metadata" => format!("http://169.254.169.254{path}"),
        "mapped" => format!("http://[::ffff:169.254.169.254]{path}"),
        "private" => format!("http://10.0.0.1{path}"),
        "decimal" => format!("http://2130706433:{port}{path}"),
        "octal" => format!("http://0177.0.0.1:{port}{path}"),
        "userinfo" => format!("http://registry.example@{host}{path}"),
        "file" => "file:///etc/passwd".into(),
        "redirect" => format!("{}/redirect{path}", scene.elsewhere),
        // The second origin is at the loopback address.
        _ => format!("http://127.0.0.1:{port}{path}"),
    }
}

/// A challenge with a line end in one of its parts: a server can send a bare CR only.
fn injected(scene: &Scene, part: &str) -> Play {
    if scene.authorized {
        return Play::pass();
    }
    let trick = |name: &str| {
        if name == part {
            "\rX-Injected: yes"
        } else {
            ""
        }
    };
    let line = format!(
        "WWW-Authenticate: Bearer realm=\"{}/token{}\",service=\"registry{}\"",
        scene.origin,
        trick("realm"),
        trick("service")
    );
    Play::instead(Made::error(401, "UNAUTHORIZED", "authentication required"))
        .with_wire(|wire| wire.edits = vec![Edit::Add(line.into_bytes())])
}
