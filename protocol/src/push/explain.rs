//! Failures in words: what was being done, what the other side said, and what to do about it.

use std::time::Duration;

use http::StatusCode;

use super::Push;
use super::landing::Landed;
use crate::auth::Trouble;
use crate::classify::{Step, Verdict, is_about_quota};
use crate::credentials::CredentialsReason;
use crate::error::{PushError, PushErrorKind};
use crate::event::Phase;
use crate::flights::Work;
use crate::ids::BlobId;
use crate::wire::error_body::{is_compressed, is_html};

impl Push {
    /// The end, after an outcome that the table calls final.
    pub(super) fn failure(&self, kind: PushErrorKind, landed: &Landed) -> PushError {
        let what = match (kind, &landed.detail, landed.refusal()) {
            (_, Some(detail), _) => detail.clone(),
            (PushErrorKind::Unsafe, None, Some(refusal)) => {
                format!("refusing to follow the registry: {}", self.quoted(&refusal))
            }
            (PushErrorKind::Unintelligible, None, Some(_)) if landed.is_html() => {
                "the answer is a web page, not a registry's".to_owned()
            }
            (PushErrorKind::Unintelligible, None, Some(refusal)) => {
                format!(
                    "the registry's answer makes no sense: {}",
                    self.quoted(&refusal)
                )
            }
            (PushErrorKind::Denied, ..) => self
                .why_denied(landed)
                .unwrap_or_else(|| "this is not permitted".to_owned()),
            (PushErrorKind::Unauthenticated, ..) => "the credentials are not taken".to_owned(),
            // Everything else that could be read without being understood is a place to go.
            (PushErrorKind::Unintelligible, ..) if landed.is_compressed() => {
                "the token server's answer is compressed, which was not asked for".to_owned()
            }
            (PushErrorKind::Unintelligible, ..) => {
                "the token server's answer has no token".to_owned()
            }
            (PushErrorKind::Rejected, ..) if landed.is_open() => self
                .why_no_project()
                .unwrap_or_else(|| "the registry refused".to_owned()),
            _ => "the registry refused".to_owned(),
        };
        self.other_failure(kind, &what, landed)
    }

    /// The end, for a reason of our own.
    pub(super) fn other_failure(
        &self,
        kind: PushErrorKind,
        why: &str,
        landed: &Landed,
    ) -> PushError {
        let step = landed.flight.draft.step;
        let mut error = PushError::new(kind, step.phase(), why).at(self.place_of(landed));
        if let Some(answer) = &landed.answer {
            error = error.with_answer(answer.clone());
        }
        let known = self
            .why_lost(landed)
            .or_else(|| self.why_large_token(landed));
        match known.or_else(|| self.hint(kind, landed).map(str::to_owned)) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// The end, after too many attempts. Where a refusal was looked into on the way, it was meant.
    pub(super) fn gave_up(&self, landed: &Landed) -> PushError {
        let step = landed.flight.draft.step;
        let why = match (&landed.detail, self.config.attempts) {
            // It is asked for again only where it was said to be there.
            _ if (step, landed.verdict) == (Step::Confirm, Verdict::Absent) => {
                "the registry said that it took the manifest, and does not have it".to_owned()
            }
            (Some(detail), 0 | 1) => detail.clone(),
            (Some(detail), _) => format!("gave up after several attempts: {detail}"),
            (None, 0 | 1) => "gave up".to_owned(),
            (None, _) => "gave up after several attempts".to_owned(),
        };
        let dispute = match landed.flight.work {
            Work::Blob(id) => self.blobs[id.index()].dispute.as_ref(),
            _ => None,
        };
        if let (Some((phase, answer)), Step::Check) = (dispute, step) {
            return PushError::new(PushErrorKind::Rejected, *phase, why)
                .at(self.place_of(landed))
                .with_answer(answer.clone());
        }
        let is_refusal = landed.answer.as_ref().is_some_and(|answer| {
            let is_passing = matches!(
                answer.status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
            );
            answer.status.is_client_error() && !is_passing
        });
        let kind = if is_refusal {
            PushErrorKind::Rejected
        } else {
            PushErrorKind::Unreachable
        };
        self.other_failure(kind, &why, landed)
    }

    /// The end, since the registry wants to be left alone for longer than anybody waits.
    pub(super) fn asked_too_much(&self, landed: &Landed, asked: Duration) -> PushError {
        let why = format!(
            "the registry asks to wait for {} s, which is more than the {} s allowed",
            asked.as_secs(),
            self.config.retry_after_limit.as_secs()
        );
        self.other_failure(PushErrorKind::Unreachable, &why, landed)
            .with_hint("try again later")
    }

    /// The end, where a stream came to other bytes than whoever wrote the manifest thought. Some
    /// registries take a manifest whose blobs they do not have, so this is not left to them.
    pub(super) fn unnamed(&self) -> Option<PushError> {
        let manifest = self.manifest.as_ref()?;
        let mut streamed = self.blobs.iter().filter(|blob| blob.is_streamed);
        let (id, digest) = streamed.find_map(|blob| {
            let digest = &blob.facts.content.as_ref()?.digest;
            (!manifest.spec.names(digest)).then_some((blob.facts.id, digest))
        })?;
        let what = format!("what was sent is {digest}, which the manifest does not name");
        let error = PushError::new(PushErrorKind::Source, Phase::Manifest, what);
        Some(
            error
                .at(self.blob_place(id))
                .with_hint("its source changed after the manifest was written; push again"),
        )
    }

    /// The end, since the manifest was refused and is not there either.
    pub(super) fn refused_manifest(&self, landed: &Landed) -> PushError {
        let dispute = self
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.dispute.as_ref());
        let answer = dispute.map(|(_, answer)| answer);
        let is_about_quota = answer.is_some_and(|answer| is_about_quota(&answer.message));
        let kind = match answer.map(|answer| answer.status) {
            Some(StatusCode::FORBIDDEN) if !is_about_quota => PushErrorKind::Denied,
            _ => PushErrorKind::Rejected,
        };
        let is_page = answer.is_some_and(|answer| answer.is_page);
        let error = PushError::new(kind, Phase::Manifest, "the registry refused")
            .at(self.place_of(landed))
            .with_hint(match (is_about_quota, is_page) {
                (true, _) => QUOTA,
                (_, true) if kind == PushErrorKind::Denied => PAGE,
                _ => {
                    "the tag may be protected or immutable, or a quota be full; \
                     try another tag, or ask who runs the registry"
                }
            });
        match answer {
            Some(answer) => error.with_answer(answer.clone()),
            None => error,
        }
    }

    pub(super) fn fail_authentication(&mut self, trouble: Trouble) {
        let registry = self.config.reference.registry().to_string();
        let (kind, what, hint) = match trouble {
            Trouble::NoCredentials(CredentialsReason::Refused) => (
                PushErrorKind::Unauthenticated,
                format!("{registry} does not take these credentials"),
                "check user name and password; a password may have expired, or a token be needed \
                 in its place",
            ),
            Trouble::NoCredentials(_) => (
                PushErrorKind::Unauthenticated,
                format!("{registry} wants credentials, and there are none"),
                "log in to the registry first, or hand in a user name and a password",
            ),
            Trouble::NoChallenge => (
                PushErrorKind::Unauthenticated,
                format!("{registry} wants credentials but does not say how to give them"),
                "check the registry's address",
            ),
            Trouble::OtherSchemes(schemes) => (
                PushErrorKind::Unauthenticated,
                format!("{registry} offers {schemes} and nothing else to authenticate with"),
                "Basic and Bearer are supported; ask who runs the registry for another address or \
                 an access token",
            ),
            Trouble::Realm(refusal) => (
                refusal.kind(),
                format!(
                    "refusing to send credentials where {registry} wants them: {}",
                    self.quoted(&refusal.to_string())
                ),
                "the registry is misconfigured, or not what it seems",
            ),
            Trouble::Malformed => (
                PushErrorKind::Unauthenticated,
                "the credentials cannot stand in a header".to_owned(),
                "a user name has neither colons nor line breaks, and a token has no line breaks",
            ),
        };
        let mut error = PushError::new(kind, Phase::Authentication, what).with_hint(hint);
        if let (Some(answer), PushErrorKind::Unauthenticated) = (&self.last, kind) {
            error = error.with_answer(answer.clone());
        }
        self.fail(error);
    }

    pub(super) fn blob_place(&self, id: BlobId) -> String {
        let place = self.place();
        match self.descriptor(id) {
            Some(descriptor) => format!("blob {} of {place}", descriptor.digest.short()),
            None => format!("blob {} of {place}", id.index() + 1),
        }
    }

    fn place_of(&self, landed: &Landed) -> String {
        match landed.flight.work {
            Work::Blob(id) => self.blob_place(id),
            Work::Token => self.quoted(&landed.flight.draft.url.to_string()),
            _ => self.place(),
        }
    }

    /// What a registry named, without secrets: it may have put what it was sent into a host or a path.
    pub(super) fn quoted(&self, place: &str) -> String {
        self.auth.redaction().redacted(place)
    }

    fn hint(&self, kind: PushErrorKind, landed: &Landed) -> Option<&'static str> {
        let step = landed.flight.draft.step;
        let answer = landed.answer.as_ref();
        let status = answer.map(|answer| answer.status.as_u16());
        let is_open = landed.is_open();
        let is_page = landed.is_html();
        Some(match (kind, status) {
            (PushErrorKind::Unauthenticated, _) => "check user name and password",
            (PushErrorKind::Rejected | PushErrorKind::Unreachable, Some(_))
                if landed.is_about_quota() =>
            {
                QUOTA
            }
            (PushErrorKind::Rejected, Some(407)) => {
                "a proxy on the way wants a user name and a password; check the proxy's settings"
            }
            (PushErrorKind::Denied, Some(403)) if is_page => PAGE,
            (PushErrorKind::Denied, _) => {
                "the credentials need the right to push to this repository; it may also have to \
                 be created first"
            }
            (PushErrorKind::Tls, _) => {
                "add the registry's certificate authority, or, for a test, do without \
                 verification"
            }
            (PushErrorKind::Unreachable, None) if is_open => {
                "some registries hang up on repositories that do not exist; otherwise check the \
                 address and the network"
            }
            (PushErrorKind::Unreachable, None) => "check the registry's address and the network",
            (PushErrorKind::Unreachable, Some(_)) => "try again later",
            (PushErrorKind::Rejected, Some(404)) if is_page => {
                "this does not look like a registry; check its address"
            }
            (PushErrorKind::Rejected, Some(404)) if is_open && self.has_one_part() => {
                "the repository may have to be created first; some registries want PROJECT/NAME"
            }
            (PushErrorKind::Rejected, Some(404)) if is_open => {
                "the repository may have to be created first"
            }
            (PushErrorKind::Rejected, Some(405)) if is_open => {
                "the registry may be read-only, or not be a registry; check its address"
            }
            (PushErrorKind::Rejected, Some(415)) => {
                "the registry does not take this manifest format; try the other one"
            }
            (PushErrorKind::Unintelligible, _) if is_page => {
                "this does not look like a registry; check its address"
            }
            (PushErrorKind::Rejected, Some(413)) if step == Step::Token => {
                "the token server, or something in front of it, limits the size of requests"
            }
            (PushErrorKind::Rejected, Some(413)) if step == Step::Manifest => {
                "the registry, or something in front of it, limits the size of requests, and a \
                 manifest goes in one request; ask who runs it"
            }
            (PushErrorKind::Rejected, Some(413)) => {
                "the registry, or something in front of it, limits the size of requests; ask who \
                 runs it"
            }
            (PushErrorKind::Source, _) => "the image must not change while it is pushed",
            _ => return None,
        })
    }
}

impl Landed {
    /// Whether it was asked for a session.
    fn is_open(&self) -> bool {
        let step = self.flight.draft.step;
        matches!(step, Step::Preflight | Step::Open)
    }

    fn is_compressed(&self) -> bool {
        is_compressed(self.headers(), self.body())
    }

    fn is_html(&self) -> bool {
        is_html(self.headers(), &String::from_utf8_lossy(self.body()))
    }
}

const QUOTA: &str = "a quota is full, or the storage: remove what is no longer needed, or ask who runs \
                     the registry";
const PAGE: &str = "the answer is a web page, so it comes from something in front of the registry, a \
                    proxy or a firewall; ask who runs it";
