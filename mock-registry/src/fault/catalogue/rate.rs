//! F87–F96: how often one may ask.

use super::{Entry, Group, choice, number, tricks};
use crate::fault::Step;
use crate::fault::play::{Delivery, Edit, Made, Play};

pub(super) const ALL: &[Entry] = &[
    Entry {
        id: "F87",
        name: "429-seconds",
        group: Group::Rate,
        does: "asks for a pause in seconds",
        robust: "makes it, for all its workers",
        steps: &[Step::Post],
        times: Some(1),
        params: &[number("seconds", "1", "how long")],
        survivable: true,
        play: |_, p| Play::instead(too_many(429).header("retry-after", p.text("seconds"))),
    },
    Entry {
        id: "F88",
        name: "429-date",
        group: Group::Rate,
        does: "asks for a pause until a date",
        robust: "reckons with the answer's own Date; does not wait for a date far off",
        steps: &[Step::Post],
        times: Some(1),
        params: &[choice(
            "form",
            &["soon", "past", "far", "rfc850", "asctime", "skewed"],
            "the date",
        )],
        survivable: true,
        play: |_, p| {
            let (date, until) = dates(p.text("form"));
            Play::instead(
                too_many(429)
                    .header("date", date)
                    .header("retry-after", until),
            )
        },
    },
    Entry {
        id: "F89",
        name: "429-bare",
        group: Group::Rate,
        does: "asks for a pause without saying how long",
        robust: "makes one of its own",
        steps: &[Step::Post],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |_, _| Play::instead(too_many(429)),
    },
    Entry {
        id: "F89",
        name: "429-garbage",
        group: Group::Rate,
        does: "asks for a pause of a length that is none",
        robust: "makes one of its own; does not sleep for 50 years",
        steps: &[Step::Post],
        times: Some(1),
        params: &[choice(
            "value",
            &["abc", "-1", "1.5", "1767225600", "99999999999999999999"],
            "the value",
        )],
        survivable: true,
        play: |_, p| Play::instead(too_many(429).header("retry-after", p.text("value"))),
    },
    Entry {
        id: "F90",
        name: "429-body-hint",
        group: Group::Rate,
        does: "says in the message how long to wait",
        robust: "may read it",
        steps: &[Step::Post],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |_, _| {
            Play::instead(Made::error(
                429,
                "TOOMANYREQUESTS",
                "retry-after: 10.3ms, allowed: 44000/minute",
            ))
        },
    },
    Entry {
        id: "F91",
        name: "429-forever",
        group: Group::Rate,
        does: "never stops asking for pauses",
        robust: "gives up after a few, and says why",
        steps: &[Step::Post, Step::Mount],
        times: None,
        params: &[],
        survivable: false,
        play: |_, _| Play::instead(too_many(429)),
    },
    Entry {
        id: "F92",
        name: "429-on-manifest",
        group: Group::Rate,
        does: "asks for a pause on manifests only",
        robust: "does not send the blobs again",
        steps: &[Step::Manifest],
        times: Some(1),
        params: &[number("seconds", "1", "how long")],
        survivable: true,
        play: |_, p| Play::instead(too_many(429).header("retry-after", p.text("seconds"))),
    },
    Entry {
        id: "F92",
        name: "429-on-head",
        group: Group::Rate,
        does: "asks for a pause on HEAD only",
        robust: "makes it",
        steps: &[Step::Head],
        times: Some(1),
        params: &[number("seconds", "1", "how long")],
        survivable: true,
        play: |_, p| Play::instead(Made::status(429).header("retry-after", p.text("seconds"))),
    },
    Entry {
        id: "F93",
        name: "429-close",
        group: Group::Rate,
        does: "asks for a pause as an old proxy does: plain text, LF alone, and closes",
        robust: "makes one",
        steps: &[Step::Post],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |_, _| {
            let made = Made::status(429)
                .header("connection", "close")
                .body("text/plain", "Too Many Requests");
            Play::instead(made).with_wire(|wire| wire.edits = vec![Edit::BareLf])
        },
    },
    Entry {
        id: "F94",
        name: "ratelimit-headers",
        group: Group::Rate,
        does: "says that nothing remains, on a success",
        robust: "may slow down; does not fail",
        steps: &[Step::Any],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| {
            Play::change(|_, response| {
                tricks::put(response, "ratelimit-limit", "100;w=21600");
                tricks::put(response, "ratelimit-remaining", "0;w=21600");
            })
        },
    },
    Entry {
        id: "F95",
        name: "503-retry-after",
        group: Group::Rate,
        does: "is away for a while, and says for how long",
        robust: "waits as long",
        steps: &[Step::Post],
        times: Some(1),
        params: &[number("seconds", "1", "how long")],
        survivable: true,
        play: |_, p| Play::instead(too_many(503).header("retry-after", p.text("seconds"))),
    },
    Entry {
        id: "F96",
        name: "concurrency-limit",
        group: Group::Rate,
        does: "takes only so many requests at once",
        robust: "does less at once",
        steps: &[Step::Post, Step::Upload],
        times: None,
        params: &[
            number("most", "1", "how many"),
            choice("form", &["429", "503", "reset"], "the answer"),
        ],
        survivable: true,
        play: |scene, p| {
            if scene.busy <= p.number("most") {
                return Play::pass();
            }
            match p.text("form").parse() {
                Ok(status) => Play::instead(too_many(status)),
                Err(_) => {
                    Play::instead(too_many(500)).with_wire(|wire| wire.delivery = Delivery::Reset)
                }
            }
        },
    },
];

fn too_many(status: u16) -> Made {
    Made::error(status, "TOOMANYREQUESTS", "too many requests")
}

/// A date of now as the server believes, and one until when to wait: both fixed, for what counts
/// is the difference.
fn dates(form: &str) -> (&'static str, &'static str) {
    let date = "Wed, 01 Jul 2026 12:00:00 GMT";
    match form {
        "past" => (date, "Wed, 01 Jul 2026 11:00:00 GMT"),
        "far" => (date, "Wed, 01 Jul 2099 12:00:00 GMT"),
        "rfc850" => (date, "Wednesday, 01-Jul-26 12:00:01 GMT"),
        "asctime" => (date, "Wed Jul  1 12:00:01 2026"),
        "skewed" => (
            "Mon, 01 Jan 2001 00:00:00 GMT",
            "Mon, 01 Jan 2001 00:00:01 GMT",
        ),
        _ => (date, "Wed, 01 Jul 2026 12:00:01 GMT"),
    }
}
