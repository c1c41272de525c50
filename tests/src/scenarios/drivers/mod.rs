//! The three ways in which a scenario is played.

pub mod blocking;
pub mod nonblocking;
pub mod simulator;

use longshore_protocol::{PushError, Report};

use super::REPOSITORY;
use super::registry::Registry;
use super::wire::{Wire, hide_host};

/// What came of a scenario.
#[derive(Debug)]
pub struct Played {
    /// How it ended.
    pub result: Result<Report, PushError>,
    /// The same, as far as all drivers must agree.
    pub end: String,
    /// What was on the wire.
    pub wire: Wire,
    /// What the registry holds.
    pub state: String,
}

impl Played {
    pub(super) fn new(result: Result<Report, PushError>, registry: &Registry, host: &str) -> Self {
        let end = match &result {
            Ok(report) => format!("{report:?}"),
            Err(error) => format!(
                "{:?} while {:?}, {} sessions left, answer {:?}",
                error.kind(),
                error.phase(),
                error.sessions_left(),
                error.answer(),
            ),
        };
        Self {
            end: hide_host(&end, host),
            wire: registry.tape().wire(),
            state: state(registry),
            result,
        }
    }
}

/// Tags, blobs and sessions.
fn state(registry: &Registry) -> String {
    let core = &registry.core;
    let tags: Vec<_> = core
        .tags(REPOSITORY)
        .into_iter()
        .map(|tag| {
            let digest = core.manifest(REPOSITORY, &tag).map(|(_, _, digest)| digest);
            (tag, digest)
        })
        .collect();
    let mut sessions: Vec<_> = core
        .open_sessions()
        .into_iter()
        .map(|session| (session.repository, session.stored))
        .collect();
    sessions.sort();
    format!(
        "tags {tags:?}\nblobs {:?}\nsessions {sessions:?}",
        core.blobs(REPOSITORY)
    )
}
