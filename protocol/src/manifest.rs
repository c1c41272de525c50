//! The manifest: sent last, and not believed stored until its digest came back.

mod spec;

pub use spec::{Format, ManifestSpec};

use http::Method;
use http::header::ACCEPT;

use crate::classify::{Step, Verdict};
use crate::error::{Cause, ErrorKind, Problem};
use crate::exchange::{Answer, Draft, Registry, Turn, unintelligible};
use crate::payload::Payload;
use crate::retry::Tries;
use crate::wire::descriptor::Descriptor;
use crate::wire::digest::Digest;
use crate::wire::error_body::RegistryError;
use crate::wire::reference::Target;

/// The manifest and where it stands.
#[derive(Debug)]
pub(crate) struct Manifest {
    spec: ManifestSpec,
    target: Target,
    state: State,
    pub(crate) tries: Tries,
    /// How often blobs were uploaded again because the registry lost them.
    repairs: u32,
}

#[derive(Debug)]
enum State {
    Put,
    Confirm(Confirm),
    Done,
}

/// Asking for what should be there.
#[derive(Clone, Debug)]
enum Confirm {
    /// The registry stored something and did not name it.
    Named,
    /// The answer was lost; if it is not there, send it again. The failure was paused for.
    Lost,
    /// The answer made no sense; if it is not there, send it again later.
    Unclear,
    /// The registry refused it, perhaps because it is there.
    Refused(Problem),
}

/// What the manifest's answer asks of the push.
#[derive(Debug)]
pub(crate) enum Next {
    Turn(Turn),
    /// Upload these blobs again, or all if none is named.
    Repair(Vec<Digest>, Cause),
}

impl Manifest {
    pub(crate) fn new(spec: ManifestSpec, target: Target) -> Self {
        Self { spec, target, state: State::Put, tries: Tries::default(), repairs: 0 }
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Whether its bytes are what is sent next.
    pub(crate) fn is_to_be_sent(&self) -> bool {
        matches!(self.state, State::Put)
    }

    pub(crate) fn descriptor(&self) -> Descriptor {
        self.spec.descriptor()
    }

    pub(crate) fn draft(&self, registry: &Registry) -> Draft {
        let media_type = self.spec.media_type();
        let url = registry.endpoints.manifest(&self.target);
        match &self.state {
            State::Put | State::Done => Draft::new(Step::Manifest, Method::PUT, url)
                .with_payload(Payload::Bytes(self.spec.bytes()), media_type.as_str()),
            State::Confirm(confirm) => {
                // A tag may have moved since; what was stored under its digest has not.
                let url = match confirm {
                    Confirm::Named => {
                        let digest = self.descriptor().digest;
                        registry.endpoints.manifest(&Target::Digest(digest))
                    }
                    _ => url,
                };
                let draft = Draft::new(Step::ConfirmManifest, Method::HEAD, url);
                match http::HeaderValue::from_str(media_type.as_str()) {
                    Ok(value) => draft.with_header(ACCEPT, value),
                    Err(_) => draft,
                }
            }
        }
    }

    pub(crate) fn answered(&mut self, mut answer: Answer) -> Result<Next, Problem> {
        if let Some(problem) = answer.dead_end() {
            return Err(problem);
        }
        if answer.verdict == Verdict::Retry {
            return Ok(later(answer.cause_or("nothing came back")));
        }
        match &self.state {
            State::Put => self.put_answered(answer),
            State::Confirm(confirm) => {
                let confirm = confirm.clone();
                self.confirm_answered(&confirm, answer)
            }
            State::Done => Ok(Next::Turn(Turn::On)),
        }
    }

    fn put_answered(&mut self, mut answer: Answer) -> Result<Next, Problem> {
        let ours = self.descriptor().digest;
        let state = match answer.verdict {
            Verdict::Success => match answer.digest() {
                Some(digest) if digest == ours => State::Done,
                // Another algorithm's digest is another name of the same bytes.
                Some(other) if other.algorithm() == ours.algorithm() => {
                    return Err(stored_other(&ours, &other));
                }
                _ => State::Confirm(Confirm::Named),
            },
            Verdict::BlobUnknown => return self.repair(answer),
            Verdict::Taken => {
                let kind = match answer.status.map(|status| status.as_u16()) {
                    Some(403) => ErrorKind::Denied,
                    _ => ErrorKind::Rejected,
                };
                State::Confirm(Confirm::Refused(answer.problem(kind)))
            }
            Verdict::Interrupted => {
                self.state = State::Confirm(Confirm::Lost);
                return Ok(later(answer.cause_or("nothing came back")));
            }
            _ => State::Confirm(Confirm::Unclear),
        };
        self.state = state;
        Ok(Next::Turn(Turn::On))
    }

    fn confirm_answered(&mut self, confirm: &Confirm, mut answer: Answer) -> Result<Next, Problem> {
        let ours = self.descriptor().digest;
        let found = match answer.verdict {
            Verdict::Success => answer.digest(),
            _ => None,
        };
        let is_there = found.as_ref() == Some(&ours);
        match confirm {
            _ if is_there => self.state = State::Done,
            Confirm::Named => match (answer.verdict, found) {
                // It is there by the name that only these bytes have, or the registry will not say.
                (Verdict::Success, None) | (Verdict::Unsure, _) => self.state = State::Done,
                (Verdict::Success, Some(other)) => return Err(stored_other(&ours, &other)),
                _ => {
                    let reason = "it took the manifest and does not have it";
                    return Err(unintelligible(reason));
                }
            },
            Confirm::Lost => self.state = State::Put,
            Confirm::Unclear => {
                self.state = State::Put;
                return Ok(later(answer.cause_or("the registry did not keep the manifest")));
            }
            Confirm::Refused(problem) => return Err(problem.clone()),
        }
        Ok(Next::Turn(Turn::On))
    }

    /// The registry misses blobs that it confirmed: some forget, and some need a moment until all
    /// their parts know.
    fn repair(&mut self, mut answer: Answer) -> Result<Next, Problem> {
        self.repairs += 1;
        if self.repairs > MOST_REPAIRS {
            return Err(answer.problem(ErrorKind::Rejected));
        }
        let cause = answer.cause_or("the registry misses blobs");
        if self.repairs == 1 {
            return Ok(later(cause));
        }
        let named = match &cause {
            Cause::Registry(RegistryError { entries, .. }) => {
                entries.iter().flat_map(|entry| entry.digests.clone()).collect()
            }
            Cause::Failure(_) => Vec::new(),
        };
        Ok(Next::Repair(named, cause))
    }
}

fn later(cause: Cause) -> Next {
    Next::Turn(Turn::Later(cause))
}

fn stored_other(ours: &Digest, other: &Digest) -> Problem {
    unintelligible(&format!("it was sent manifest {ours} and says that it stored {other}"))
}

/// The first is only a second try; the others upload again.
const MOST_REPAIRS: u32 = 3;

#[cfg(test)]
mod tests;
