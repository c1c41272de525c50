//! F73–F86: what is stored.

use super::refusals::WRONG_DIGEST;
use super::{Entry, Group, choice, status, tricks};
use crate::fault::Step;
use crate::fault::play::{Delivery, Made, Mark, Play};

pub(super) const ALL: &[Entry] = &[
    Entry {
        id: "F73",
        name: "digest-mismatch",
        group: Group::Integrity,
        does: "says that the digest is wrong, though it is right",
        robust: "uploads once more from a fresh read; then fails",
        steps: &[Step::Put],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |_, _| {
            Play::instead(Made::error(
                400,
                "DIGEST_INVALID",
                "provided digest did not match uploaded content",
            ))
            .mark(Mark::LoseSession)
        },
    },
    Entry {
        id: "F74",
        name: "wrong-echo-digest",
        group: Group::Integrity,
        does: "confirms another digest than the one that was sent",
        robust: "does not report success",
        steps: &[Step::Manifest],
        times: None,
        params: &[],
        survivable: false,
        play: |_, _| {
            Play::change(|_, response| {
                if response.status().is_success() {
                    tricks::put(response, "docker-content-digest", WRONG_DIGEST);
                }
            })
        },
    },
    Entry {
        id: "F75",
        name: "blob-vanishes",
        group: Group::Integrity,
        does: "loses a blob that it had confirmed, once",
        robust: "uploads the named blob again, and sends the manifest again, twice at most",
        steps: &[Step::Put],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |_, _| Play::pass().mark(Mark::LoseBlob),
    },
    Entry {
        id: "F76",
        name: "head-lies-present",
        group: Group::Integrity,
        does: "says that every blob is there",
        robust: "after the manifest is refused, uploads without asking",
        steps: &[Step::Head],
        times: None,
        params: &[],
        survivable: true,
        play: |scene, _| {
            Play::instead(Made::status(200).header("docker-content-digest", scene.subject.clone()))
        },
    },
    Entry {
        id: "F77",
        name: "eventual-head",
        group: Group::Integrity,
        does: "does not show blobs for a time after they came",
        robust: "trusts the 201",
        steps: &[Step::Head, Step::ManifestHead],
        times: None,
        params: &[],
        survivable: true,
        play: |_, _| Play::instead(Made::status(404)),
    },
    Entry {
        id: "F78",
        name: "eventual-manifest",
        group: Group::Integrity,
        does: "does not find the blobs of a manifest for a time after they came",
        robust: "tries again after a while",
        steps: &[Step::Manifest],
        times: Some(1),
        params: &[choice("status", &["400", "404"], "the status")],
        survivable: true,
        play: |_, p| {
            Play::instead(Made::error(
                p.status("status"),
                "MANIFEST_BLOB_UNKNOWN",
                "blob unknown to registry",
            ))
        },
    },
    Entry {
        id: "F79",
        name: "already-exists",
        group: Group::Integrity,
        does: "stores a blob and says that it was there already",
        robust: "looks: HEAD says 200",
        steps: &[Step::Put],
        times: Some(1),
        params: &[choice("status", &["409", "400"], "the status")],
        survivable: true,
        play: |_, p| {
            Play::despite(Made::error(
                p.status("status"),
                "BLOB_UPLOAD_INVALID",
                "blob already exists",
            ))
        },
    },
    Entry {
        id: "F80",
        name: "manifest-ok-error-code",
        group: Group::Integrity,
        does: "stores the manifest and answers with an error",
        robust: "looks, and reports success if it is there",
        steps: &[Step::Manifest],
        times: Some(1),
        params: &[status("500")],
        survivable: true,
        play: |_, p| {
            Play::despite(Made::error(
                p.status("status"),
                "UNKNOWN",
                "something went wrong",
            ))
        },
    },
    Entry {
        id: "F81",
        name: "immutable-tag",
        group: Group::Integrity,
        does: "does not move tags",
        robust: "says so, and does not try again",
        steps: &[Step::Manifest],
        times: None,
        params: &[choice(
            "status",
            &["400", "403", "409", "412"],
            "the status",
        )],
        survivable: false,
        play: |_, p| {
            Play::instead(Made::error(
                p.status("status"),
                "TAG_INVALID",
                "tag is immutable",
            ))
        },
    },
    Entry {
        id: "F82",
        name: "tag-race",
        group: Group::Integrity,
        does: "says that the tag moved meanwhile",
        robust: "reads it again, and tries again a few times",
        steps: &[Step::Manifest],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |_, _| Play::instead(Made::error(412, "PRECONDITION_FAILED", "the tag moved")),
    },
    Entry {
        id: "F83",
        name: "quota",
        group: Group::Integrity,
        does: "has no room left",
        robust: "says so in the registry's words, and does not try again",
        steps: &[Step::Post, Step::Mount, Step::Upload],
        times: None,
        params: &[choice(
            "status",
            &["403", "413", "429", "507"],
            "the status",
        )],
        survivable: false,
        play: |_, p| {
            Play::instead(Made::error(
                p.status("status"),
                "DENIED",
                "storage quota of 5 GiB exceeded",
            ))
        },
    },
    Entry {
        id: "F84",
        name: "readonly",
        group: Group::Integrity,
        does: "takes nothing",
        robust: "says so; tries a 503 again, not for ever",
        steps: &[Step::Post, Step::Mount, Step::Upload, Step::Manifest],
        times: None,
        params: &[choice("status", &["405", "403", "503"], "the status")],
        survivable: false,
        play: |_, p| {
            Play::instead(Made::error(
                p.status("status"),
                "UNSUPPORTED",
                "the registry is read-only",
            ))
        },
    },
    Entry {
        id: "F85",
        name: "manifest-type-refused",
        group: Group::Integrity,
        does: "does not take manifests of this type",
        robust: "says so; converts nothing unasked",
        steps: &[Step::Manifest],
        times: None,
        params: &[choice("status", &["415", "400", "405"], "the status")],
        survivable: false,
        play: |_, p| {
            Play::instead(Made::error(
                p.status("status"),
                "MANIFEST_INVALID",
                "manifest media type not supported",
            ))
        },
    },
    Entry {
        id: "F86",
        name: "name-refused",
        group: Group::Integrity,
        does: "does not take the name of the repository, or hangs up",
        robust: "says so",
        steps: &[Step::Post, Step::Mount, Step::Head, Step::Manifest],
        times: None,
        params: &[choice("form", &["400", "404", "close"], "the answer")],
        survivable: false,
        play: |_, p| match p.text("form") {
            "404" => Play::instead(Made::error(
                404,
                "NAME_UNKNOWN",
                "repository name not known to registry",
            )),
            "close" => {
                Play::instead(Made::status(500)).with_wire(|wire| wire.delivery = Delivery::Lost)
            }
            _ => Play::instead(Made::error(400, "NAME_INVALID", "invalid repository name")),
        },
    },
];
