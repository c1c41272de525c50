//! The end of a push.

use longshore_mock_registry::Auth;
use longshore_protocol::{Phase, PushErrorKind};

use super::super::image::Image;
use super::super::scenario::{End, Scenario};
use super::super::script::{Act, Canned, Step};

pub(super) fn scenarios() -> Vec<Scenario> {
    let image = Image::one();
    let digest = format!("@{}", image.manifest().descriptor().digest);
    let invalid = Canned::error(400, "MANIFEST_INVALID", "no such schema");
    vec![
        Scenario::new("an OCI manifest"),
        Scenario::new("a docker manifest").image(Image::docker(&[1000])),
        Scenario::new("a docker manifest to Quay, with a token")
            .profile("quay")
            .auth(Auth::Bearer)
            .image(Image::docker(&[1000, 10])),
        Scenario::new("a manifest by digest").set(|it| it.reference.clone_from(&digest)),
        Scenario::new("a manifest of another digest than the reference's")
            .set(|it| it.reference = format!("@sha256:{}", "0".repeat(64)))
            .fails(PushErrorKind::Cancelled, Phase::Probe),
        Scenario::new("a manifest whose answer names no digest").when(
            Step::Manifest,
            1,
            Act::Without("docker-content-digest"),
        ),
        Scenario::new("a manifest whose answer names another digest")
            .when(Step::Manifest, 1, Act::With("docker-content-digest", OTHER))
            .ends(End::Agreed),
        Scenario::new("a manifest that is refused")
            .when(Step::Manifest, 1, Act::Answer(invalid))
            .fails(PushErrorKind::Rejected, Phase::Manifest),
        Scenario::new("a manifest whose answer is lost").when(Step::Manifest, 1, Act::Lose),
        Scenario::new("a manifest whose answer is lost each time").when_all(
            Step::Manifest,
            1,
            99,
            Act::Lose,
        ),
        Scenario::new("a manifest that never arrives")
            .when_all(Step::Manifest, 1, 99, Act::Drop)
            .fails(PushErrorKind::Unreachable, Phase::Manifest),
        Scenario::new("a manifest that is done with a 500").when(
            Step::Manifest,
            1,
            Act::DoneBut(Canned::status(500)),
        ),
        Scenario::new("a manifest for which blobs are missing, once").when(
            Step::Manifest,
            1,
            Act::Answer(Canned::error(404, "MANIFEST_BLOB_UNKNOWN", "which?")),
        ),
        Scenario::new("a manifest for which blobs are always missing")
            .when_all(
                Step::Manifest,
                1,
                99,
                Act::Answer(Canned::error(400, "MANIFEST_BLOB_UNKNOWN", "which?")),
            )
            .fails(PushErrorKind::Rejected, Phase::Manifest),
        Scenario::new("a warning for a person").when(
            Step::Manifest,
            1,
            Act::With("warning", "299 - \"this tag will be gone by May\""),
        ),
        Scenario::new("a tag that may not be moved")
            .when(
                Step::Manifest,
                1,
                Act::Answer(Canned::error(409, "DENIED", "immutable")),
            )
            .fails(PushErrorKind::Rejected, Phase::Manifest),
        Scenario::new("no layers at all").image(Image::new(&[])),
        Scenario::new("the same layer twice").image({
            let mut image = Image::new(&[1000]);
            let twin = image.blobs[0].clone();
            image.blobs.insert(1, twin);
            image
        }),
        Scenario::new("everything is there")
            .image(Image::new(&[1000, 2000]).all(|blob| blob.there = true)),
    ]
}

const OTHER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
