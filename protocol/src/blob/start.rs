//! Opening an upload session, or having the blob mounted from another repository instead.

use http::Method;

use super::{Facts, Pace, Reply, Session, State, Turn, Upload};
use crate::classify::{Step, Verdict};
use crate::event::BlobOutcome;
use crate::flights::Draft;
use crate::wire::reference::Repository;
use crate::wire::urls::Api;

#[derive(Debug)]
pub(crate) struct Start {
    mount: Option<Repository>,
}

impl Start {
    /// The first start: with the mount, where there is a place to mount from.
    pub(crate) fn first(facts: &Facts) -> Self {
        Self {
            mount: facts.mount_from.clone(),
        }
    }

    pub(crate) fn plain() -> Self {
        Self { mount: None }
    }

    /// Whether any open session will do.
    pub(crate) fn is_plain(&self) -> bool {
        self.mount.is_none()
    }

    pub(crate) fn step(&self) -> Step {
        if self.is_plain() {
            Step::Open
        } else {
            Step::Mount
        }
    }

    pub(crate) fn draft(&self, facts: &Facts, api: &Api) -> Draft {
        let url = match (&self.mount, &facts.content) {
            (Some(from), Some(content)) => api.mount(&content.digest, from),
            _ => api.uploads(),
        };
        Draft::new(self.step(), Method::POST, url)
    }

    pub(crate) fn advance(self, verdict: Verdict, reply: &Reply, facts: &Facts) -> Turn {
        match (verdict, self.mount) {
            (Verdict::Accept, Some(from)) if !facts.is_contradicted_by(reply.echo.as_ref()) => {
                Turn::onward(State::Done(BlobOutcome::Mounted(from)))
            }
            (Verdict::Opened, mount) => match &reply.location {
                Ok(url) => {
                    let session = Session::new(url.clone(), reply);
                    Turn::onward(State::Upload(Upload::new(session)))
                }
                Err(_) if mount.is_some() => Turn::onward(State::Start(Self::plain())),
                Err(refusal) => Turn::fail(State::Start(Self::plain()), refusal.kind()),
            },
            (Verdict::Retry, mount) => Turn::new(State::Start(Self { mount }), Pace::Retry),
            // A failed mount is never the end of a push (distribution-spec: the client may go on).
            (_, Some(_)) => Turn::onward(State::Start(Self::plain())),
            (other, None) => Turn::unexpected(State::Start(Self::plain()), other),
        }
    }
}
