//! The manifest: sent last, unless it is there already, and not believed to be there until the
//! registry names its digest.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};

use crate::auth::Refusals;
use crate::blob::{Reply, Standing};
use crate::classify::{Step, Verdict};
use crate::error::{PushErrorKind, RegistryAnswer};
use crate::event::Phase;
use crate::flights::Draft;
use crate::payload::Payload;
use crate::wire::descriptor::Descriptor;
use crate::wire::digest::{Content, Digest};
use crate::wire::media_type::MediaType;
use crate::wire::urls::Api;

/// A manifest to push: the exact bytes, and what they are.
///
/// The bytes are sent as they are, never parsed and written again: their digest is the image's
/// name (OCI distribution specification, "Pushing Manifests").
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestSpec {
    /// The `Content-Type`, which must be the `mediaType` in the bytes.
    pub media_type: MediaType,
    /// The bytes.
    pub bytes: Bytes,
}

impl ManifestSpec {
    /// A manifest of `bytes` as `media_type`.
    #[must_use]
    pub fn new(media_type: MediaType, bytes: impl Into<Bytes>) -> Self {
        Self {
            media_type,
            bytes: bytes.into(),
        }
    }

    /// Whether it names `digest` anywhere: in whatever format, its hex digits are in the bytes.
    pub(crate) fn names(&self, digest: &Digest) -> bool {
        let hex = digest.hex().as_bytes();
        self.bytes.windows(hex.len()).any(|part| part == hex)
    }

    /// Its descriptor.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), Content::of(&self.bytes))
    }
}

/// A manifest on its way.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) spec: ManifestSpec,
    pub(crate) descriptor: Descriptor,
    pub(crate) state: State,
    pub(crate) standing: Standing,
    pub(crate) tries: u32,
    pub(crate) setbacks: u32,
    pub(crate) refused: Option<Refusals>,
    /// A refusal that is being looked into.
    pub(crate) dispute: Option<(Phase, RegistryAnswer)>,
    /// How often blobs were found missing.
    pub(crate) rounds: u32,
    pub(crate) announced: bool,
    /// It was there before it was sent.
    pub(crate) existed: bool,
    looked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Put,
    Confirm(Confirm),
    Done,
}

/// Asking whether the manifest is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Confirm {
    /// What it is asked for by.
    name: String,
    /// With `GET`, where `HEAD` is not to be had.
    with_get: bool,
    absent: Absent,
}

/// What to do when it is not there, or another one is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Absent {
    /// It was said to be: ask again in a moment.
    AskAgain,
    /// It was said to be, and was not a moment ago: send it again in a moment.
    SendAgain,
    /// Nobody knew: send it again.
    Send,
    /// It was refused, and that was meant.
    Refuse,
    /// It was not sent yet: send it, whatever the reason.
    Begin,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Onward,
    Retry,
    Setback,
    /// Blobs have to be sent again first.
    Missing,
    /// The refusal that led here stands.
    Refused,
    Fail(PushErrorKind, &'static str),
}

impl Manifest {
    pub(crate) fn new(spec: ManifestSpec) -> Self {
        Self {
            descriptor: spec.descriptor(),
            spec,
            state: State::Put,
            standing: Standing::Ready,
            tries: 0,
            setbacks: 0,
            refused: None,
            dispute: None,
            rounds: 0,
            announced: false,
            existed: false,
            looked: false,
        }
    }

    /// Looks, once, whether `name` stands for it already, before it is sent. That costs a request
    /// where it does not, so it is for pushes that found everything else there.
    pub(crate) fn look_first(&mut self, name: &str) {
        if self.looked || self.announced {
            return;
        }
        self.looked = true;
        self.state = State::Confirm(Confirm {
            name: name.to_owned(),
            with_get: false,
            absent: Absent::Begin,
        });
    }

    /// Whether the next request sends it.
    pub(crate) fn is_sent_next(&self) -> bool {
        self.state == State::Put
    }

    /// The request that this state needs, for the manifest that is to be known as `name`.
    pub(crate) fn draft(&self, api: &Api, name: &str) -> Result<Draft, &'static str> {
        let media_type = HeaderValue::from_str(self.spec.media_type.as_str())
            .map_err(|_| "its media type cannot stand in a header")?;
        let mut draft;
        match &self.state {
            State::Confirm(confirm) => {
                let method = if confirm.with_get {
                    Method::GET
                } else {
                    Method::HEAD
                };
                draft = Draft::new(Step::Confirm, method, api.manifest(&confirm.name));
                draft.headers.insert(ACCEPT, media_type);
            }
            State::Put | State::Done => {
                draft = Draft::new(Step::Manifest, Method::PUT, api.manifest(name));
                draft.headers.insert(CONTENT_TYPE, media_type);
                draft.payload = Payload::Bytes(self.spec.bytes.clone());
            }
        }
        Ok(draft)
    }

    /// What `verdict` makes of the state. `name` is what the manifest is to be known as, `body`
    /// what came back.
    pub(crate) fn advance(
        &mut self,
        verdict: Verdict,
        reply: &Reply,
        name: &str,
        body: &[u8],
    ) -> Pace {
        match self.state.clone() {
            State::Done => Pace::Onward,
            State::Put => self.sent(verdict, reply, name),
            State::Confirm(confirm) => self.confirmed(confirm, verdict, reply, body),
        }
    }

    fn sent(&mut self, verdict: Verdict, reply: &Reply, name: &str) -> Pace {
        let confirm = |absent, name: &str| {
            State::Confirm(Confirm {
                name: name.to_owned(),
                with_get: false,
                absent,
            })
        };
        match verdict {
            Verdict::Accept | Verdict::Doubt if reply.is_success => match &reply.echo {
                Some(echo) if *echo == self.descriptor.digest => {
                    self.state = State::Done;
                    Pace::Onward
                }
                Some(echo) if echo.algorithm() == self.descriptor.digest.algorithm() => Pace::Fail(
                    PushErrorKind::Unintelligible,
                    "the registry says it holds a manifest with another digest than it was sent",
                ),
                _ => {
                    let digest = self.descriptor.digest.to_string();
                    self.state = confirm(Absent::AskAgain, &digest);
                    Pace::Onward
                }
            },
            Verdict::Doubt => {
                self.state = confirm(Absent::Send, name);
                Pace::Setback
            }
            Verdict::Dispute => {
                self.state = confirm(Absent::Refuse, name);
                Pace::Onward
            }
            Verdict::Missing => Pace::Missing,
            Verdict::Fail(kind) => Pace::Fail(kind, ""),
            _ => Pace::Retry,
        }
    }

    fn confirmed(
        &mut self,
        confirm: Confirm,
        verdict: Verdict,
        reply: &Reply,
        body: &[u8],
    ) -> Pace {
        let is_named = |digest: &Digest| *digest == self.descriptor.digest;
        let is_first = confirm.absent == Absent::Begin;
        let is_there = match verdict {
            Verdict::Accept if confirm.with_get => is_named(&Digest::sha256(body)),
            Verdict::Accept => match &reply.echo {
                Some(echo) => is_named(echo),
                None => !is_first && confirm.name == self.descriptor.digest.to_string(),
            },
            _ => false,
        };
        match (verdict, &confirm.absent) {
            (Verdict::Accept, _) if is_there => {
                self.existed = is_first;
                self.state = State::Done;
                Pace::Onward
            }
            (_, Absent::Begin) => {
                self.state = State::Put;
                if verdict == Verdict::Retry {
                    Pace::Retry
                } else {
                    Pace::Onward
                }
            }
            (Verdict::Retry, _) => Pace::Retry,
            (Verdict::Fail(kind), _) => Pace::Fail(kind, ""),
            // HEAD does not tell, or is not allowed: look at the manifest itself.
            (Verdict::Accept | Verdict::Unclear, _) if !confirm.with_get => {
                self.state = State::Confirm(Confirm {
                    with_get: true,
                    ..confirm
                });
                Pace::Onward
            }
            (Verdict::Absent, Absent::AskAgain) => {
                self.state = State::Confirm(Confirm {
                    absent: Absent::SendAgain,
                    ..confirm
                });
                Pace::Retry
            }
            (Verdict::Absent, Absent::SendAgain) => {
                self.state = State::Put;
                Pace::Setback
            }
            (_, Absent::AskAgain | Absent::SendAgain) => Pace::Retry,
            (_, Absent::Send) => {
                self.state = State::Put;
                Pace::Onward
            }
            (_, Absent::Refuse) => Pace::Refused,
        }
    }
}
