//! F50–F72: upload sessions and ranges.

use std::time::Duration;

use super::secret::evil_url;
use super::{Entry, Group, bodies, choice, number, text, tricks};
use crate::fault::Step;
use crate::fault::play::{Cut, Delivery, Disguise, Made, Mark, Play, Wire};
use crate::fault::step::pair;

pub(super) const ALL: &[Entry] = &[
    Entry {
        id: "F50",
        name: "session-lost",
        group: Group::Session,
        does: "has forgotten the session, for good",
        robust: "starts a new one, from the first byte, a few times at most",
        steps: &[Step::Patch, Step::Put],
        times: Some(1),
        params: &[choice(
            "code",
            &["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"],
            "the code of the error",
        )],
        survivable: true,
        play: |_, p| Play::instead(lost(p.text("code"))).mark(Mark::LoseSession),
    },
    Entry {
        id: "F51",
        name: "session-wrong-node",
        group: Group::Session,
        does: "does not know the session on every other request",
        robust: "asks again, or starts a new one",
        steps: &[Step::Patch, Step::Put, Step::Status],
        times: None,
        params: &[],
        survivable: true,
        play: |scene, _| {
            if scene.call % 2 == 1 {
                Play::instead(lost("BLOB_UPLOAD_UNKNOWN"))
            } else {
                Play::pass()
            }
        },
    },
    Entry {
        id: "F52",
        name: "location-rotates",
        group: Group::Session,
        does: "gives each answer a new URL, and refuses the old ones",
        robust: "uses the newest",
        steps: &[Step::Post, Step::Mount, Step::Patch, Step::Status],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::pass().mark(Mark::Disguise(Disguise::Rotating)),
    },
    Entry {
        id: "F53",
        name: "location-critical-query",
        group: Group::Session,
        does: "needs the query of its URLs back byte by byte",
        robust: "does not touch it",
        steps: &[Step::Post, Step::Mount, Step::Patch],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::pass().mark(Mark::Disguise(Disguise::Critical)),
    },
    Entry {
        id: "F54",
        name: "location-off-host",
        group: Group::Session,
        does: "sends uploads to the second origin, which wants no credentials",
        robust: "follows without them, or says that it does not follow",
        steps: &[Step::Post, Step::Mount],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::pass().mark(Mark::Disguise(Disguise::OffHost)),
    },
    Entry {
        id: "F55",
        name: "location-downgrade",
        group: Group::Session,
        does: "names an http:// URL of itself though it speaks TLS",
        robust: "goes on with https, or says that it does not go on",
        steps: &[Step::Post, Step::Mount],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::pass().mark(Mark::Disguise(Disguise::Downgrade)),
    },
    Entry {
        id: "F56",
        name: "location-ssrf",
        group: Group::Session,
        does: "names a URL that only the client can reach",
        robust: "refuses to connect",
        steps: &[Step::Post, Step::Mount],
        times: None,
        params: &[choice(
            "to",
            &[
                "metadata", "mapped", "loopback", "private", "decimal", "octal",
            ],
            "where to",
        )],
        survivable: false,
        play: |_, p| {
            let to = p.text("to").to_owned();
            tricks::location(move |scene, old| evil_url(&to, scene, tricks::path_of(old)))
        },
    },
    Entry {
        id: "F57",
        name: "location-relative",
        group: Group::Session,
        does: "names URLs without scheme and host",
        robust: "resolves them against the URL it asked",
        steps: &[Step::Post, Step::Mount, Step::Patch, Step::Status],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::pass().mark(Mark::Disguise(Disguise::Relative)),
    },
    Entry {
        id: "F57",
        name: "location-off-path",
        group: Group::Session,
        does: "names a URL outside the API's paths",
        robust: "uses it as it is",
        steps: &[Step::Post, Step::Mount, Step::Patch],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::pass().mark(Mark::Disguise(Disguise::OffPath)),
    },
    Entry {
        id: "F57",
        name: "location-huge",
        group: Group::Session,
        does: "names a URL of 8 KiB",
        robust: "uses it as it is",
        steps: &[Step::Post, Step::Mount, Step::Patch],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::pass().mark(Mark::Disguise(Disguise::Huge)),
    },
    Entry {
        id: "F58",
        name: "partial-accept",
        group: Group::Session,
        does: "says that it kept less of a chunk than came, and means it",
        robust: "goes on where the range ends",
        steps: &[Step::Patch],
        times: Some(1),
        params: &[number("keep", "1", "how many bytes it keeps")],
        survivable: true,
        play: |_, p| {
            let mut play = Play::pass();
            play.keep = Some(p.number("keep"));
            play
        },
    },
    Entry {
        id: "F59",
        name: "stale-range",
        group: Group::Session,
        does: "keeps everything and shows a range that does not grow",
        robust: "counts itself",
        steps: &[Step::Patch, Step::Status],
        times: None,
        params: &[text("range", "0-0", "the range")],
        survivable: true,
        play: |_, p| tricks::header("range", p.text("range")),
    },
    Entry {
        id: "F60",
        name: "range-ahead",
        group: Group::Session,
        does: "shows a range beyond what came",
        robust: "counts itself, and skips nothing",
        steps: &[Step::Patch, Step::Status],
        times: None,
        params: &[text("range", "0-999999999", "the range")],
        survivable: true,
        play: |_, p| tricks::header("range", p.text("range")),
    },
    Entry {
        id: "F61",
        name: "out-of-order-416",
        group: Group::Session,
        does: "finds a chunk out of order",
        robust: "asks for the status and goes on from there, or starts anew",
        steps: &[Step::Patch, Step::Put],
        times: Some(1),
        params: &[choice(
            "location",
            &["yes", "no"],
            "whether Location and Range come along",
        )],
        survivable: true,
        play: |scene, p| {
            let mut made = Made::error(416, "BLOB_UPLOAD_INVALID", "out of order");
            if p.text("location") == "yes" {
                made = made
                    .header("location", scene.target.clone())
                    .header("range", "0-0");
            }
            Play::instead(made)
        },
    },
    Entry {
        id: "F62",
        name: "chunk-too-big",
        group: Group::Session,
        does: "takes no chunks beyond a size",
        robust: "makes them smaller, or sends the blob at once",
        steps: &[Step::Patch],
        times: None,
        params: &[
            number("largest", "1048576", "the largest, in bytes"),
            choice("status", &["416", "413"], "the status"),
            choice("by", &["answer", "reset"], "whether it says so or resets"),
        ],
        survivable: true,
        play: |scene, p| {
            let largest = p.number("largest");
            let too_big = scene.length.is_none_or(|length| length > largest);
            match (too_big, p.text("by")) {
                (false, _) => Play::pass(),
                (true, "reset") => Play::wire(Wire {
                    cut: Some(Cut {
                        at: largest,
                        reset: true,
                    }),
                    ..Wire::default()
                }),
                (true, _) => {
                    let message = format!("chunk too large, at most {largest} bytes");
                    Play::instead(Made::error(p.status("status"), "SIZE_INVALID", &message))
                }
            }
        },
    },
    Entry {
        id: "F63",
        name: "chunk-too-small",
        group: Group::Session,
        does: "takes no chunks below a size but the last",
        robust: "makes them larger and starts anew",
        steps: &[Step::Patch],
        times: None,
        params: &[
            number("smallest", "5242880", "the smallest, in bytes"),
            choice("status", &["400", "416"], "the status"),
        ],
        survivable: true,
        play: |scene, p| {
            if scene
                .length
                .is_some_and(|length| length < p.number("smallest"))
            {
                Play::instead(Made::error(
                    p.status("status"),
                    "BLOB_UPLOAD_INVALID",
                    "LayerPartTooSmall",
                ))
            } else {
                Play::pass()
            }
        },
    },
    Entry {
        id: "F64",
        name: "no-chunking",
        group: Group::Session,
        does: "knows no PATCH",
        robust: "sends the blob at once, in a new session",
        steps: &[Step::Patch],
        times: None,
        params: &[choice("status", &["404", "405", "400"], "the status")],
        survivable: true,
        play: |_, p| {
            Play::instead(Made::error(
                p.status("status"),
                "UNSUPPORTED",
                "The operation is unsupported.",
            ))
        },
    },
    Entry {
        id: "F65",
        name: "mono-413",
        group: Group::Session,
        does: "takes no blobs at once beyond a size",
        robust: "sends it in chunks, in a new session; else names the size and the limit",
        steps: &[Step::Put],
        times: None,
        params: &[
            number("largest", "1048576", "the largest, in bytes"),
            choice("form", &["json", "html", "reset"], "the answer"),
        ],
        survivable: true,
        play: |scene, p| {
            let largest = p.number("largest");
            if scene.length.is_some_and(|length| length <= largest) {
                return Play::pass();
            }
            match p.text("form") {
                "html" => Play::instead(bodies::html(413)),
                "reset" => Play::wire(Wire {
                    cut: Some(Cut {
                        at: largest,
                        reset: true,
                    }),
                    ..Wire::default()
                }),
                _ => Play::instead(Made::error(413, "SIZE_INVALID", "blob too large")),
            }
        },
    },
    Entry {
        id: "F66",
        name: "single-post-202",
        group: Group::Session,
        does: "ignores the body of a POST and opens a session",
        robust: "sends the blob by PUT",
        steps: &[Step::Post],
        times: None,
        params: &[],
        survivable: true,
        play: |scene, _| {
            if scene.digest.is_some() {
                Play::pass().without_query()
            } else {
                Play::pass()
            }
        },
    },
    Entry {
        id: "F67",
        name: "cancel-fails",
        group: Group::Session,
        does: "does not cancel sessions",
        robust: "does not care, and does not wait for long",
        steps: &[Step::Cancel],
        times: None,
        params: &[choice(
            "form",
            &["405", "401", "404", "500", "hang"],
            "the answer",
        )],
        survivable: true,
        play: |_, p| match p.text("form").parse() {
            Ok(status) => Play::instead(Made::error(status, "UNSUPPORTED", "no")),
            Err(_) => Play::wire(Wire {
                delay: Some(HOUR),
                ..Wire::default()
            }),
        },
    },
    Entry {
        id: "F68",
        name: "mount-fails",
        group: Group::Session,
        does: "answers a mount with an error, or with nothing",
        robust: "uploads the blob, and asks no more for a mount from there",
        steps: &[Step::Mount],
        times: None,
        params: &[choice(
            "form",
            &["202", "401", "403", "404", "400", "405", "500", "close"],
            "the answer",
        )],
        survivable: true,
        play: |_, p| match p.text("form") {
            "202" => Play::pass().without_query(),
            "close" => {
                Play::instead(Made::status(500)).with_wire(|wire| wire.delivery = Delivery::Lost)
            }
            form => Play::instead(Made::error(
                form.parse().unwrap_or(500),
                "DENIED",
                "no mount",
            )),
        },
    },
    Entry {
        id: "F69",
        name: "mount-lies",
        group: Group::Session,
        does: "says that a blob is mounted that is not",
        robust: "uploads what the manifest is refused for, and sends the manifest again, once",
        steps: &[Step::Mount],
        times: None,
        params: &[],
        survivable: true,
        play: |scene, _| {
            let query = scene.target.split('?').nth(1).unwrap_or_default();
            let digest = pair(query, "mount").unwrap_or_default();
            let location = format!("{}/v2/{}/blobs/{digest}", scene.origin, scene.repository);
            Play::instead(
                Made::status(201)
                    .header("location", location)
                    .header("docker-content-digest", digest),
            )
        },
    },
    Entry {
        id: "F71",
        name: "status-get-404",
        group: Group::Session,
        does: "knows no status of uploads",
        robust: "starts anew",
        steps: &[Step::Status],
        times: None,
        params: &[choice("status", &["404", "405"], "the status")],
        survivable: true,
        play: |_, p| Play::instead(Made::error(p.status("status"), "UNSUPPORTED", "no status")),
    },
    Entry {
        id: "F72",
        name: "duplicate-delivery",
        group: Group::Session,
        does: "gets the request twice, from a proxy that resends, and answers the second",
        robust: "finds out what became of it",
        steps: &[Step::Patch, Step::Put],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |scene, _| {
            Play::despite(if scene.step == Step::Patch {
                Made::error(416, "BLOB_UPLOAD_INVALID", "out of order")
            } else {
                lost("BLOB_UPLOAD_UNKNOWN")
            })
        },
    },
];

fn lost(code: &str) -> Made {
    Made::error(404, code, "blob upload unknown to registry")
}

const HOUR: Duration = Duration::from_secs(3600);
