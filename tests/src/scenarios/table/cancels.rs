//! Pushes that are cancelled, at every step.

use longshore_mock_registry::Auth;
use longshore_protocol::{PushErrorKind, Replay};

use super::super::image::{Blob, Image};
use super::super::scenario::{End, Scenario};
use super::super::script::{Act, Canned, Step};

pub(super) fn scenarios() -> Vec<Scenario> {
    let unknown = |blob: &mut Blob| {
        blob.known = false;
        blob.replay = Replay::FromStart;
    };
    let cases = [
        (Step::Probe, base()),
        (Step::Token, base().auth(Auth::Bearer)),
        (Step::Open, base()),
        (Step::Check, base()),
        (
            Step::Mount,
            base().image(Image::one().all(|blob| blob.mount_in_vain = true)),
        ),
        (Step::Put, base()),
        (Step::Chunk, base().set(|it| it.chunk = Some(400))),
        (Step::Stream, base().image(Image::one().all(unknown))),
        (Step::Commit, base().image(Image::one().all(unknown))),
        (Step::Status, base().when(Step::Put, 1, Act::CutAfter(500))),
        (Step::Manifest, base()),
        (
            Step::Confirm,
            base().when(Step::Manifest, 1, Act::Answer(Canned::status(500))),
        ),
    ];
    let mut found = Vec::new();
    for (step, scenario) in cases {
        found.push(
            scenario
                .when(step, 1, Act::Cancel)
                .ends(End::FailsAnywhere(PushErrorKind::Cancelled))
                .set(|it| it.name = format!("cancelled at {step:?}")),
        );
    }
    found.push(
        base()
            .when(Step::Put, 1, Act::Cancel)
            .when_all(Step::Delete, 1, 9, Act::Answer(Canned::status(405)))
            .ends(End::FailsAnywhere(PushErrorKind::Cancelled))
            .set(|it| "cancelled where sessions cannot be deleted".clone_into(&mut it.name)),
    );
    found
}

fn base() -> Scenario {
    Scenario::new("")
}
