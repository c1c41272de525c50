//! Opening an upload session, or mounting the blob from another repository.

use http::Method;

use super::upload::Upload;
use super::{Moved, Source, State};
use crate::classify::{Step, Verdict};
use crate::exchange::{Answer, Draft, Registry, Turn};
use crate::report::How;

#[derive(Debug)]
pub(crate) struct Start {
    mount: bool,
}

impl Start {
    /// Mounts, where the blob has a repository to be mounted from.
    pub(crate) fn new() -> Self {
        Self { mount: true }
    }

    /// Does not mount.
    pub(crate) fn plain() -> Self {
        Self { mount: false }
    }

    pub(crate) fn wants_mount(&self, source: &Source) -> bool {
        self.mount && source.spec.mount_from.is_some()
    }

    pub(crate) fn draft(&self, source: &Source, registry: &Registry) -> Draft {
        let endpoints = &registry.endpoints;
        match (&source.spec.content, &source.spec.mount_from) {
            (Some(content), Some(from)) if self.mount => {
                let url = endpoints.mount(&content.digest, from);
                Draft::new(Step::Mount, Method::POST, url)
            }
            _ => Draft::new(Step::Start, Method::POST, endpoints.uploads()),
        }
    }

    pub(crate) fn answered(self, answer: Answer, source: &Source, registry: &Registry) -> Moved {
        let mounted = answer.step == Step::Mount
            && answer.verdict == Verdict::Success
            && answer.status == Some(http::StatusCode::CREATED);
        if mounted {
            let wanted = source.spec.content.as_ref().map(|content| &content.digest);
            let right = answer.digest().is_none_or(|got| Some(&got) == wanted);
            let state = match right {
                true => State::Done(How::Mounted),
                false => State::Start(Self::plain()),
            };
            return Ok((state, Turn::On));
        }
        if answer.verdict != Verdict::Success {
            return Ok((State::Start(Self::plain()), Turn::On));
        }
        let session = registry.session(&answer)?;
        Ok((State::Upload(Upload::from_start(session)), Turn::On))
    }
}
