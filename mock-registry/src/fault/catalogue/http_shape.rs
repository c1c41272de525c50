//! F14–F35: messages.

use super::{Entry, Group, bodies, choice, number, status, tricks};
use crate::core::Body;
use crate::fault::play::{Edit, Made, Play};
use crate::fault::{Scene, Step};

pub(super) const ALL: &[Entry] = &[
    Entry {
        id: "F14",
        name: "5xx-burst",
        group: Group::Http,
        does: "answers with a server error",
        robust: "tries again a few times, ever later, and then gives up",
        steps: &[Step::Any],
        times: Some(2),
        params: &[status("503")],
        survivable: true,
        play: |_, p| Play::instead(Made::error(p.status("status"), "UNKNOWN", "try again")),
    },
    Entry {
        id: "F15",
        name: "html-error",
        group: Group::Http,
        does: "answers with a page of HTML, as a proxy does",
        robust: "shows the status and a short text, never a parser's error",
        steps: &[Step::Upload, Step::Manifest],
        times: None,
        params: &[status("502")],
        survivable: false,
        play: |_, p| Play::instead(bodies::html(p.status("status"))),
    },
    Entry {
        id: "F16",
        name: "empty-error",
        group: Group::Http,
        does: "answers with an error without a body",
        robust: "shows the status",
        steps: &[Step::Manifest],
        times: None,
        params: &[status("400")],
        survivable: false,
        play: |_, p| Play::instead(bodies::odd(p.status("status"), "empty")),
    },
    Entry {
        id: "F16",
        name: "odd-error",
        group: Group::Http,
        does: "answers with an error whose body is not what the specification writes",
        robust: "shows the status, and what can be shown of the body",
        steps: &[Step::Manifest],
        times: None,
        params: &[status("400"), choice("form", bodies::FORMS, "the body")],
        survivable: false,
        play: |_, p| Play::instead(bodies::odd(p.status("status"), p.text("form"))),
    },
    Entry {
        id: "F17",
        name: "wrong-content-type",
        group: Group::Http,
        does: "gives its answers another content type, or none",
        robust: "reads by need, not by type",
        steps: &[Step::Token, Step::Post, Step::Any],
        times: None,
        params: &[choice(
            "type",
            &["text/plain", "application/json; charset=ISO-8859-1", "none"],
            "the type",
        )],
        survivable: true,
        play: |_, p| {
            let value = p.text("type").to_owned();
            if value == "none" {
                tricks::without("content-type")
            } else {
                tricks::header("content-type", value)
            }
        },
    },
    Entry {
        id: "F18",
        name: "gzip-json",
        group: Group::Http,
        does: "compresses its answers although nobody asked",
        robust: "asks for identity, or reads them",
        steps: &[Step::Token, Step::Manifest],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| {
            Play::change(|_, response| {
                if let Body::Bytes(bytes) = response.body() {
                    *response.body_mut() = Body::Bytes(bodies::gzip(bytes));
                    response.headers_mut().remove("content-length");
                    tricks::put(response, "content-encoding", "gzip");
                }
            })
        },
    },
    Entry {
        id: "F19",
        name: "big-body",
        group: Group::Http,
        does: "answers with a body that hardly ends",
        robust: "stops reading at a limit, and judges by the status",
        steps: &[Step::Manifest, Step::Token],
        times: None,
        params: &[
            status("400"),
            number("bytes", "1073741824", "how much in all"),
        ],
        survivable: false,
        play: |_, p| {
            let made = Made::status(p.status("status"));
            let mut play = Play::instead(made.body("application/json", vec![b' '; 64 << 10]));
            play.wire.endless = Some(p.number("bytes"));
            play
        },
    },
    Entry {
        id: "F20",
        name: "big-headers",
        group: Group::Http,
        does: "sends a megabyte of headers",
        robust: "has a limit, and says so",
        steps: &[Step::Post],
        times: None,
        params: &[choice(
            "form",
            &["long", "many", "warnings"],
            "one long line, many lines, or many warnings",
        )],
        survivable: false,
        play: |_, p| {
            let lines = match p.text("form") {
                "many" => (0..10_000).map(|n| format!("X-Padding-{n}: x")).collect(),
                "warnings" => (0..100)
                    .map(|n| format!("Warning: 299 - \"warning {n}\""))
                    .collect(),
                _ => vec![format!("X-Padding: {}", "x".repeat(1 << 20))],
            };
            Play::edit(
                lines
                    .into_iter()
                    .map(|line| Edit::Add(line.into_bytes()))
                    .collect(),
            )
        },
    },
    Entry {
        id: "F21",
        name: "bare-lf",
        group: Group::Http,
        does: "ends the lines of its heads by LF alone",
        robust: "takes it, or says that it is not HTTP; does not hang",
        steps: &[Step::Any],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::edit(vec![Edit::BareLf]),
    },
    Entry {
        id: "F22",
        name: "missing-location",
        group: Group::Http,
        does: "leaves the Location out",
        robust: "names the missing header where it needs it, does without where it does not",
        steps: &[Step::Post, Step::Mount, Step::Patch],
        times: None,
        params: &[],
        survivable: false,
        play: |_, _| tricks::without("location"),
    },
    Entry {
        id: "F23",
        name: "bad-location",
        group: Group::Http,
        does: "sends a Location that is no URL to follow",
        robust: "refuses it; never sends credentials to a URL with a user in it",
        steps: &[Step::Post, Step::Mount],
        times: None,
        params: &[choice(
            "form",
            &[
                "unparsable",
                "empty",
                "spaces",
                "fragment",
                "userinfo",
                "ftp",
                "file",
                "null",
            ],
            "what is wrong",
        )],
        survivable: false,
        play: |_, p| {
            let form = p.text("form").to_owned();
            tricks::location(move |scene, old| bad_location(&form, scene, old))
        },
    },
    Entry {
        id: "F24",
        name: "missing-range",
        group: Group::Http,
        does: "sends no Range",
        robust: "counts itself",
        steps: &[Step::Post, Step::Mount, Step::Patch, Step::Status],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| tricks::without("range"),
    },
    Entry {
        id: "F24",
        name: "bad-range",
        group: Group::Http,
        does: "sends a Range of another form",
        robust: "takes the forms that are clear, and else counts itself",
        steps: &[Step::Patch, Step::Status],
        times: None,
        params: &[choice(
            "form",
            &[
                "bytes=0-9",
                "bytes 0-9/10",
                "0--1",
                "-1",
                "0-99999999999999999999",
                " 0 - 9 ",
            ],
            "the header",
        )],
        survivable: true,
        play: |_, p| tricks::header("range", p.text("form")),
    },
    Entry {
        id: "F25",
        name: "status-variant",
        group: Group::Http,
        does: "does what it is asked and answers with another 2xx",
        robust: "takes any of them whose outcome can be checked",
        steps: &[Step::Post, Step::Patch, Step::Put, Step::Manifest],
        times: None,
        params: &[status("200")],
        survivable: true,
        play: |_, p| tricks::status(p.status("status")),
    },
    Entry {
        id: "F26",
        name: "redirect",
        group: Group::Http,
        does: "redirects to the same path, here or at the second origin",
        robust: "follows on HEAD and GET, and with 307 and 308 resends bodies; takes no credentials along to another origin; never turns a PUT into a GET",
        steps: &[Step::Head],
        times: Some(1),
        params: &[
            choice("status", &["307", "301", "302", "303", "308"], "the status"),
            choice("to", &["elsewhere", "here"], "where to"),
        ],
        survivable: true,
        play: |scene, p| {
            let base = if p.text("to") == "here" {
                &scene.origin
            } else {
                &scene.elsewhere
            };
            let to = format!("{base}{}", scene.target);
            Play::instead(tricks::redirect(p.status("status"), &to))
        },
    },
    Entry {
        id: "F27",
        name: "redirect-loop",
        group: Group::Http,
        does: "redirects for ever, to the same place or to new ones",
        robust: "stops after a few, and says so",
        steps: &[Step::Head],
        times: None,
        params: &[choice(
            "form",
            &["loop", "chain"],
            "to the same URL, or to new ones",
        )],
        survivable: false,
        play: |scene, p| {
            let to = if p.text("form") == "chain" {
                let path = scene.target.split('?').next().unwrap_or_default();
                format!("{}{path}?hop={}", scene.origin, scene.call)
            } else {
                format!("{}{}", scene.origin, scene.target)
            };
            Play::instead(tricks::redirect(307, &to))
        },
    },
    Entry {
        id: "F28",
        name: "dup-headers",
        group: Group::Http,
        does: "sends a header twice, with two values",
        robust: "refuses two lengths; does the same each time about the others",
        steps: &[Step::Post],
        times: None,
        params: &[choice(
            "header",
            &["location", "content-length", "docker-content-digest"],
            "which",
        )],
        survivable: false,
        play: |scene, p| {
            let line = match p.text("header") {
                "content-length" => "Content-Length: 7".to_owned(),
                "docker-content-digest" => {
                    format!("Docker-Content-Digest: sha256:{}", "0".repeat(64))
                }
                _ => format!("Location: {}/v2/other/blobs/uploads/second", scene.origin),
            };
            Play::edit(vec![Edit::Add(line.into_bytes())])
        },
    },
    Entry {
        id: "F29",
        name: "header-case",
        group: Group::Http,
        does: "writes header names in capitals, with spaces around the values",
        robust: "does not care",
        steps: &[Step::Any],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::edit(vec![Edit::Shout]),
    },
    Entry {
        id: "F29",
        name: "obs-fold",
        group: Group::Http,
        does: "folds a header over two lines",
        robust: "takes it as one, or says that it is not HTTP",
        steps: &[Step::Any],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::edit(vec![Edit::Add(b"X-Folded: one\r\n two".to_vec())]),
    },
    Entry {
        id: "F35",
        name: "warning-headers",
        group: Group::Http,
        does: "warns, in good form and in bad",
        robust: "shows each once, and does nothing else",
        steps: &[Step::Any],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| {
            Play::change(|_, response| {
                for value in [
                    "299 - \"a warning for you\"",
                    "299 - unquoted",
                    "\"",
                    "199 x \"other code\"",
                ] {
                    let value = http::HeaderValue::from_static(value);
                    response.headers_mut().append("warning", value);
                }
            })
        },
    },
];

fn bad_location(form: &str, scene: &Scene, old: &str) -> String {
    let path = tricks::path_of(old);
    let host = scene.elsewhere.split("://").last().unwrap_or_default();
    match form {
        "unparsable" => "http://[::1:/v2/".into(),
        "spaces" => format!("{}/v2/a b/c d", scene.origin),
        "fragment" => format!("{}{path}#fragment", scene.origin),
        "userinfo" => format!("http://user:password@{host}{path}"),
        "ftp" => format!("ftp://{host}{path}"),
        "file" => "file:///etc/passwd".into(),
        "null" => "null://null".into(),
        _ => String::new(),
    }
}
