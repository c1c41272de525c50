//! F30–F34: requests refused for their form, and what HEAD says.

use super::{Entry, Group, choice, number};
use crate::fault::Step;
use crate::fault::play::{Made, Play};

pub(super) const ALL: &[Entry] = &[
    Entry {
        id: "F30",
        name: "411-without-length",
        group: Group::Http,
        does: "refuses bodies whose length is not announced",
        robust: "sends them with a Content-Length",
        steps: &[Step::Any],
        times: None,
        params: &[choice("status", &["411", "400", "501"], "the status")],
        survivable: true,
        play: |scene, p| {
            let body = matches!(
                scene.step,
                Step::Patch | Step::Put | Step::Manifest | Step::Post | Step::Mount
            );
            if scene.chunked || (body && scene.length.is_none()) {
                Play::instead(Made::status(p.status("status")).header("connection", "close"))
            } else {
                Play::pass()
            }
        },
    },
    Entry {
        id: "F31",
        name: "414",
        group: Group::Http,
        does: "finds the URL too long",
        robust: "sets tags one by one; says so for a session",
        steps: &[Step::Manifest],
        times: None,
        params: &[
            choice("status", &["414", "431"], "the status"),
            number("longest", "512", "how long it may be"),
        ],
        survivable: true,
        play: |scene, p| {
            if scene.target.len() as u64 > p.number("longest") {
                Play::instead(Made::status(p.status("status")))
            } else {
                Play::pass()
            }
        },
    },
    Entry {
        id: "F32",
        name: "406-on-accept",
        group: Group::Http,
        does: "refuses requests for blobs that say they want manifests",
        robust: "does not say so",
        steps: &[
            Step::Head,
            Step::Get,
            Step::Post,
            Step::Mount,
            Step::Patch,
            Step::Put,
            Step::Status,
        ],
        times: None,
        params: &[],
        survivable: true,
        play: |scene, _| {
            if scene.accept.contains("manifest") {
                Play::instead(Made::status(406))
            } else {
                Play::pass()
            }
        },
    },
    Entry {
        id: "F33",
        name: "405-head",
        group: Group::Http,
        does: "does not know HEAD",
        robust: "takes it as not known, and uploads",
        steps: &[Step::Head, Step::ManifestHead],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| {
            Play::instead(Made::error(
                405,
                "UNSUPPORTED",
                "The operation is unsupported.",
            ))
        },
    },
    Entry {
        id: "F34",
        name: "head-no-length",
        group: Group::Http,
        does: "leaves the length and the digest of HEAD answers out",
        robust: "takes the blob as there",
        steps: &[Step::Head],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| {
            Play::change(|_, response| {
                response.headers_mut().remove("content-length");
                response.headers_mut().remove("docker-content-digest");
            })
        },
    },
    Entry {
        id: "F34",
        name: "head-wrong-length",
        group: Group::Http,
        does: "says that every blob is there, with a length that is not its own",
        robust: "does not take it as there",
        steps: &[Step::Head],
        times: None,
        params: &[number("length", "1", "the length")],
        survivable: true,
        play: |_, p| Play::instead(Made::status(200).header("content-length", p.text("length"))),
    },
    Entry {
        id: "F34",
        name: "head-wrong-digest",
        group: Group::Http,
        does: "says that every blob is there, with a digest that is not its own",
        robust: "does not take it as there, if the algorithm is the same",
        steps: &[Step::Head],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::instead(Made::status(200).header("docker-content-digest", WRONG_DIGEST)),
    },
];

pub(super) const WRONG_DIGEST: &str =
    "sha256:00000000000000000000000000000000000000000000000000000000000000ff";
