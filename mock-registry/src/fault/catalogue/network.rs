//! F1–F13: connections.

use std::time::Duration;

use super::tricks;
use super::{Entry, Group, choice, millis, number, status};
use crate::fault::Step;
use crate::fault::play::{Cut, Delivery, H2Fault, Made, Play, TlsFault, Wire};

pub(super) const ALL: &[Entry] = &[
    Entry {
        id: "F1",
        name: "reset-at-byte",
        group: Group::Network,
        does: "resets the connection when `at` bytes of the body have come; what came is kept as \
               the profile says",
        robust: "asks the session for its status, or starts a new one; sends nothing twice",
        steps: &[Step::Upload],
        times: Some(1),
        params: &[
            number("at", "1", "after how many bytes of the body"),
            RESET_OR_CLOSE,
        ],
        survivable: true,
        play: |_, p| {
            Play::wire(Wire {
                cut: Some(Cut {
                    at: p.number("at"),
                    reset: p.text("by") == "reset",
                }),
                ..Wire::default()
            })
        },
    },
    Entry {
        id: "F2",
        name: "close-before-answer",
        group: Group::Network,
        does: "reads and does everything, then closes the connection without an answer",
        robust: "does not know the outcome and finds out: HEAD of the blob or the manifest",
        steps: &[Step::Put, Step::Manifest],
        times: Some(1),
        params: &[choice("by", &["close", "reset"], "how the connection ends")],
        survivable: true,
        play: |_, p| {
            Play::wire(Wire {
                delivery: if p.text("by") == "reset" {
                    Delivery::Reset
                } else {
                    Delivery::Lost
                },
                ..Wire::default()
            })
        },
    },
    Entry {
        id: "F3",
        name: "early-response",
        group: Group::Network,
        does: "answers after `at` bytes of the body, and reads no further than it has to",
        robust: "reads the answer while it writes, and reports the status, not a broken pipe",
        steps: &[Step::Upload],
        times: None,
        params: &[
            status("413"),
            number("at", "0", "after how many bytes of the body"),
            choice(
                "then",
                &["linger", "close"],
                "what becomes of the rest of the body",
            ),
        ],
        survivable: false,
        play: |_, p| {
            let made = Made::error(
                p.status("status"),
                "DENIED",
                "refused before the body was read",
            );
            Play::instead(made.header("connection", "close")).with_wire(|wire| {
                wire.early = Some(p.number("at"));
                wire.abrupt = p.text("then") == "close";
            })
        },
    },
    Entry {
        id: "F4",
        name: "truncate-response",
        group: Group::Network,
        does: "closes the connection when `keep` bytes of the answer's body are sent",
        robust: "takes it as a failure of the network, unless the body does not matter",
        steps: &[Step::Token, Step::Put, Step::Manifest],
        times: Some(1),
        params: &[number("keep", "1", "bytes of the body that arrive")],
        survivable: true,
        play: |_, p| {
            let keep = p.number("keep");
            let mut play = Play::change(|_, response| {
                // There has to be something to miss.
                if matches!(response.body(), crate::core::Body::Empty) {
                    *response.body_mut() = crate::core::Body::Bytes("{\"padding\":\"\"}".into());
                }
            });
            play.wire.delivery = Delivery::Truncated(keep);
            play
        },
    },
    Entry {
        id: "F5",
        name: "slow-read",
        group: Group::Network,
        does: "takes `bytes` of the body, waits for `pause`, and so on",
        robust: "has no limit on the whole upload, only on the time without progress",
        steps: &[Step::Upload],
        times: Some(1),
        params: &[
            number("bytes", "1024", "how much is read at once"),
            millis("pause", "50", "how long it waits, in milliseconds"),
        ],
        survivable: true,
        play: |_, p| {
            Play::wire(Wire {
                slow_read: Some((p.number("bytes").max(1), p.millis("pause"))),
                ..Wire::default()
            })
        },
    },
    Entry {
        id: "F6",
        name: "stall",
        group: Group::Network,
        does: "reads nothing and says nothing for a time, or reads all and says nothing",
        robust: "gives up after a time without progress, and tries again",
        steps: &[Step::Upload],
        times: Some(1),
        params: &[
            millis("for", "3600000", "how long, in milliseconds"),
            choice("what", &["reading", "answering"], "what does not happen"),
        ],
        survivable: true,
        play: |_, p| {
            let mut wire = Wire::default();
            let time = Some(p.millis("for"));
            if p.text("what") == "reading" {
                wire.stall = time;
            } else {
                wire.delay = time;
            }
            Play::wire(wire)
        },
    },
    Entry {
        id: "F7",
        name: "slow-headers",
        group: Group::Network,
        does: "sends the head of the answer a byte at a time",
        robust: "has a time limit for heads",
        steps: &[Step::Post],
        times: Some(1),
        params: &[millis("pause", "20", "between two bytes, in milliseconds")],
        survivable: true,
        play: |_, p| {
            Play::wire(Wire {
                slow_head: Some(p.millis("pause")),
                ..Wire::default()
            })
        },
    },
    Entry {
        id: "F8",
        name: "connect-refused",
        group: Group::Network,
        does: "drops every connection and listens no more for a while",
        robust: "waits and connects again, not for ever",
        steps: &[Step::Post],
        times: Some(1),
        params: &[millis("for", "1000", "how long, in milliseconds")],
        survivable: true,
        play: |_, p| {
            Play::wire(Wire {
                refuse: Some(p.millis("for")),
                delivery: Delivery::Reset,
                ..Wire::default()
            })
        },
    },
    Entry {
        id: "F9",
        name: "tls-fail",
        group: Group::Network,
        does: "shows a bad certificate, or closes in the middle of the handshake",
        robust: "takes a bad certificate as final; never retries it, never goes on without TLS",
        steps: &[Step::Connect],
        times: None,
        params: &[choice(
            "form",
            &["unknown", "wrong-host", "expired", "close"],
            "what is wrong",
        )],
        survivable: false,
        play: |_, p| {
            let fault = match p.text("form") {
                "wrong-host" => TlsFault::WrongHost,
                "expired" => TlsFault::Expired,
                "close" => TlsFault::Close,
                _ => TlsFault::Unknown,
            };
            Play::wire(Wire {
                tls: Some(fault),
                ..Wire::default()
            })
        },
    },
    Entry {
        id: "F10",
        name: "keepalive-close",
        group: Group::Network,
        does: "closes the connection after the answer, announced or not",
        robust: "sends again on a new connection what got no byte of an answer",
        steps: &[Step::Any],
        times: None,
        params: &[choice(
            "say",
            &["nothing", "close"],
            "whether it is announced",
        )],
        survivable: true,
        play: |_, p| {
            if p.text("say") == "close" {
                return tricks::header("connection", "close");
            }
            Play::wire(Wire {
                close: true,
                ..Wire::default()
            })
        },
    },
    Entry {
        id: "F11",
        name: "h2-goaway",
        group: Group::Network,
        does: "sends GOAWAY along with the answer (HTTP/2)",
        robust: "opens a new connection for what was not processed",
        steps: &[Step::Post],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |_, _| h2(H2Fault::GoAway),
    },
    Entry {
        id: "F11",
        name: "h2-refused",
        group: Group::Network,
        does: "resets the stream with REFUSED_STREAM instead of an answer (HTTP/2)",
        robust: "sends it again: it was not processed",
        steps: &[Step::Post],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |_, _| {
            let mut play = h2(H2Fault::Refused);
            play.ask = crate::fault::play::Ask::Instead(Made::status(503));
            play
        },
    },
    Entry {
        id: "F11",
        name: "h2-rst-no-error",
        group: Group::Network,
        does: "answers before the body is read and resets the stream with NO_ERROR (HTTP/2)",
        robust: "takes the answer and stops sending",
        steps: &[Step::Upload],
        times: None,
        params: &[status("413")],
        survivable: false,
        play: |_, p| {
            let mut play = h2(H2Fault::NoError);
            let made = Made::error(
                p.status("status"),
                "DENIED",
                "refused before the body was read",
            );
            play.ask = crate::fault::play::Ask::Instead(made);
            play.wire.early = Some(0);
            play
        },
    },
    Entry {
        id: "F12",
        name: "no-continue",
        group: Group::Network,
        does: "never says 100 Continue",
        robust: "waits for a second at most, then sends the body",
        steps: &[Step::Any],
        times: None,
        params: &[],
        survivable: true,
        play: |scene, _| {
            Play::wire(Wire {
                no_continue: scene.expects,
                ..Wire::default()
            })
        },
    },
    Entry {
        id: "F12",
        name: "expect-417",
        group: Group::Network,
        does: "answers requests with Expect by 417",
        robust: "sends them again without it",
        steps: &[Step::Any],
        times: None,
        params: &[],
        survivable: true,
        play: |scene, _| {
            if scene.expects {
                Play::instead(Made::status(417))
            } else {
                Play::pass()
            }
        },
    },
    Entry {
        id: "F13",
        name: "interim-responses",
        group: Group::Network,
        does: "sends 102 and 103 before the answer",
        robust: "ignores them",
        steps: &[Step::Post, Step::Upload, Step::Manifest],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| {
            Play::wire(Wire {
                interim: vec![102, 103],
                ..Wire::default()
            })
        },
    },
    Entry {
        id: "F70",
        name: "slow-commit",
        group: Group::Session,
        does: "answers the closing PUT after a long time, as servers do that copy or hash then",
        robust: "has no short limit on that answer",
        steps: &[Step::Put],
        times: Some(1),
        params: &[millis("for", "3000", "how long, in milliseconds")],
        survivable: true,
        play: |_, p| slow(p.millis("for")),
    },
    Entry {
        id: "F42",
        name: "token-slow",
        group: Group::Auth,
        does: "takes its time for tokens",
        robust: "asks once for all its workers, and waits",
        steps: &[Step::Token],
        times: Some(1),
        params: &[millis("for", "2000", "how long, in milliseconds")],
        survivable: true,
        play: |_, p| slow(p.millis("for")),
    },
];

fn slow(time: Duration) -> Play {
    Play::wire(Wire {
        delay: Some(time),
        ..Wire::default()
    })
}

fn h2(fault: H2Fault) -> Play {
    Play::wire(Wire {
        h2: Some(fault),
        ..Wire::default()
    })
}

const RESET_OR_CLOSE: super::Param = choice("by", &["reset", "close"], "how the connection ends");
