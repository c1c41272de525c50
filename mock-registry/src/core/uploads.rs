//! Upload sessions: opening, chunks, status, cancelling, commit.

use std::time::Duration;

use http::{HeaderName, Response, header};
use longshore_protocol::{Digest, ErrorCode};
use serde_json::json;

use super::auth::Need;
use super::call::{Failure, Intake, Purpose, Sink, Upload};
use super::config::Action;
use super::errors::{CONTENT_DIGEST, Refusal, Reply, UPLOAD_UUID};
use super::places::uuid;
use super::{Body, Core, Head, Outcome, Step};
use crate::profile::{ContentRange, Dialect, Fate, LocationState, RoutingErrors, ShortBody};

/// An upload session.
pub(crate) struct Session {
    pub(super) name: String,
    pub(super) stored: u64,
    pub(super) opened: Duration,
    state: String,
    /// Opened by a single `POST`, so no client knows where it is.
    single: bool,
    /// `None` while a request is writing.
    upload: Option<Upload>,
}

impl Core {
    /// `POST …/blobs/uploads/`: a session, a mount, or a whole upload.
    pub(super) fn open_upload(&mut self, head: &Head<'_>, name: &str) -> Outcome<Step> {
        let name = self.canonical(name)?;
        let caller = self.authorize(head, &[push(&name)])?;
        self.for_push(&name)?;
        if let Some(response) = self.mount(head, &caller, &name)? {
            return Ok(Step::Done(response));
        }
        let base = self.base_of(head.parts);
        let digest = head.query.get("digest");
        let whole = digest.filter(|_| self.profile.blob.single_post == 201);
        if let Some(digest) = whole {
            self.judge_digest(digest)?;
            let digest = digest.to_owned();
            let id = self.new_session(head.now, &name, None)?;
            if let Some(session) = self.sessions.get_mut(&id) {
                session.single = true;
            }
            let purpose = Purpose::Commit {
                session: id.clone(),
                digest,
                base,
            };
            let step = self.receive(head, &id, purpose);
            if step.is_err() {
                self.sessions.remove(&id);
            }
            return step;
        }
        let algorithm = head.query.get("digest-algorithm");
        let id = self.new_session(head.now, &name, algorithm)?;
        let chunk = &self.profile.chunk;
        let length = |length: u64| (length > 0).then(|| length.to_string());
        let (min, max) = (length(chunk.min_length), length(chunk.max_length));
        let range = self.profile.range.opening.clone();
        Ok(Step::Done(
            self.session_reply(202, &base, &id, &range)
                .with_some(CHUNK_MIN, min)
                .with_some(CHUNK_MAX, max)
                .done(),
        ))
    }

    /// `PATCH` of a session.
    pub(super) fn patch(&mut self, head: &Head<'_>, name: &str, id: &str) -> Outcome<Step> {
        let name = self.canonical(name)?;
        self.authorize(head, &[push(&name)])?;
        self.known_repository(&name)?;
        self.check_session(head, &name, id)?;
        let max = self.profile.chunk.max_length;
        if max > 0 && content_length(head).is_some_and(|length| length > max) {
            return Err(Refusal::new(
                413,
                ErrorCode::SIZE_INVALID,
                "chunk too large",
            ));
        }
        let purpose = Purpose::Patch {
            session: id.to_owned(),
            base: self.base_of(head.parts),
        };
        self.receive(head, id, purpose)
    }

    pub(super) fn end_patch(
        &mut self,
        id: &str,
        base: &str,
        intake: Intake,
    ) -> Outcome<Response<Body>> {
        let (upload, result) = intake.finish();
        let Some(session) = self.sessions.get_mut(id) else {
            return Err(unknown());
        };
        session.stored = upload.stored();
        session.upload = Some(upload);
        result.map_err(|failure| self.too_much(failure))?;
        let status = self.profile.chunk.patch_status;
        let range = self.profile.range.patch.clone();
        Ok(self.session_reply(status, base, id, &range).done())
    }

    /// `PUT` of a session: the rest of the blob, if any, and its digest.
    pub(super) fn commit(&mut self, head: &Head<'_>, name: &str, id: &str) -> Outcome<Step> {
        let name = self.canonical(name)?;
        self.authorize(head, &[push(&name)])?;
        let digest_first = self.profile.blob.digest_check_first;
        let digest = match head.query.get("digest") {
            Some(digest) => Ok(digest.to_owned()),
            None => Err(self.no_digest()),
        };
        let digest = if digest_first { Ok(digest?) } else { digest };
        self.known_repository(&name)?;
        self.check_session(head, &name, id)?;
        let digest = digest?;
        if let Err(refusal) = self.judge_digest(&digest) {
            self.after_failed_commit(id);
            return Err(refusal);
        }
        let purpose = Purpose::Commit {
            session: id.to_owned(),
            digest,
            base: self.base_of(head.parts),
        };
        self.receive(head, id, purpose)
    }

    pub(super) fn end_commit(
        &mut self,
        id: &str,
        digest: &str,
        base: &str,
        intake: Intake,
    ) -> Outcome<Response<Body>> {
        let (upload, result) = intake.finish();
        let Some(mut session) = self.sessions.remove(id) else {
            return Err(unknown());
        };
        if let Err(failure) = result {
            return Err(self.too_much(failure));
        }
        let actual = upload.digest();
        if digest.parse().as_ref() != Ok(&actual) {
            if self.profile.session.failed_commit == Fate::Keep && !session.single {
                session.stored = upload.stored();
                session.upload = Some(upload);
                self.sessions.insert(id.to_owned(), session);
            }
            return Err(self.wrong_digest(digest, &actual.to_string()));
        }
        let kept = self
            .store
            .commit(upload.into_writer(), &actual)
            .and_then(|()| self.link_blob(&session.name, &actual));
        kept.map_err(|e| Refusal::storage(&e))?;
        Ok(self.blob_created(base, &session.name, &actual))
    }

    /// `GET` of a session.
    pub(super) fn upload_status(
        &mut self,
        head: &Head<'_>,
        name: &str,
        id: &str,
    ) -> Outcome<Response<Body>> {
        let name = self.canonical(name)?;
        self.authorize(head, &[push(&name)])?;
        self.session(&name, id)?;
        let status = self.profile.session.status_get;
        if status != 204 {
            return Err(Refusal::new(
                status,
                ErrorCode::UNSUPPORTED,
                "no upload status",
            ));
        }
        let base = self.base_of(head.parts);
        let range = self.profile.range.status.clone();
        let mut response = self.session_reply(204, &base, id, &range).done();
        if !self.profile.session.status_location {
            response.headers_mut().remove(header::LOCATION);
        }
        Ok(response)
    }

    /// `DELETE` of a session.
    pub(super) fn cancel(
        &mut self,
        head: &Head<'_>,
        name: &str,
        id: &str,
    ) -> Outcome<Response<Body>> {
        let name = self.canonical(name)?;
        let action = if self.profile.auth.cancel_needs_delete {
            Action::Delete
        } else {
            Action::Push
        };
        let need = Need {
            name: &name,
            action,
        };
        self.authorize(head, &[need])?;
        let status = self.profile.session.cancel;
        if status != 204 {
            return Err(Refusal::new(
                status,
                ErrorCode::UNSUPPORTED,
                "uploads cannot be cancelled",
            ));
        }
        self.session(&name, id)?;
        self.sessions.remove(id);
        Ok(Reply::new(204).done())
    }

    /// The client of a call vanished in mid-body.
    pub(super) fn vanished(&mut self, id: &str, intake: Intake) {
        let rule = self.profile.session.short_body;
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let upload = match rule {
            ShortBody::Keep => Some(intake.finish().0),
            ShortBody::Rollback => intake.roll_back().ok(),
            ShortBody::Destroy => None,
        };
        match upload {
            Some(upload) if !session.single => {
                session.stored = upload.stored();
                session.upload = Some(upload);
            }
            _ => {
                self.sessions.remove(id);
            }
        }
    }

    pub(super) fn blob_created(&self, base: &str, name: &str, digest: &Digest) -> Response<Body> {
        let digest = digest.to_string();
        Reply::new(201)
            .with(header::LOCATION, self.blob_location(base, name, &digest))
            .with(CONTENT_DIGEST, &digest)
            .done()
    }

    fn new_session(
        &mut self,
        now: Duration,
        name: &str,
        algorithm: Option<&str>,
    ) -> Outcome<String> {
        let writer = self.store.start().map_err(|e| Refusal::storage(&e))?;
        let mut upload = Upload::new(writer);
        if algorithm == Some("sha512") && self.profile.blob.sha512 {
            upload.use_sha512();
        }
        let id = uuid(self.next_secret("session"));
        let state = match self.profile.location.state {
            LocationState::None => String::new(),
            LocationState::Fixed | LocationState::Rotating => self.next_state(),
        };
        let session = Session {
            name: name.to_owned(),
            stored: 0,
            opened: now,
            state,
            single: false,
            upload: Some(upload),
        };
        self.sessions.insert(id.clone(), session);
        Ok(id)
    }

    /// Hands the session's upload to the call that will write it.
    fn receive(&mut self, head: &Head<'_>, id: &str, purpose: Purpose) -> Outcome<Step> {
        let stored = self.sessions.get(id).map_or(0, |session| session.stored);
        let piece = match self.judge_range(head, stored) {
            Ok(piece) => piece,
            Err(RangeError::Malformed) => {
                let chunk = &self.profile.chunk;
                let code = ErrorCode::new(chunk.malformed_code.clone());
                return Err(Refusal::new(
                    chunk.malformed_status,
                    code,
                    "Invalid range header",
                ));
            }
            Err(RangeError::Length) => {
                return Err(Refusal::new(
                    400,
                    ErrorCode::SIZE_INVALID,
                    "Content-Range and Content-Length disagree",
                ));
            }
            Err(RangeError::Gap) => {
                let refusal = self.range_refusal(head, id);
                let closing = matches!(purpose, Purpose::Commit { .. });
                if closing && self.profile.session.failed_range == Fate::Destroy {
                    self.sessions.remove(id);
                }
                return Err(refusal);
            }
        };
        let max = Some(self.profile.blob.max_size).filter(|max| *max > 0);
        let sha512 = match &purpose {
            Purpose::Commit { digest, .. } => digest.starts_with("sha512:"),
            _ => false,
        };
        let Some(upload) = self.sessions.get_mut(id).and_then(|s| s.upload.take()) else {
            return Err(busy());
        };
        let mut upload = upload;
        if sha512 {
            // Where that is too late the digest will not match.
            upload.use_sha512();
        }
        let intake = Intake::new(upload, piece.skip, piece.room, max);
        Ok(Step::Receive(purpose, Sink::Upload(Box::new(intake))))
    }

    /// Which part of the body continues the session.
    fn judge_range(&self, head: &Head<'_>, stored: u64) -> Result<Piece, RangeError> {
        let all = Piece {
            skip: 0,
            room: None,
        };
        let rule = self.profile.chunk.content_range;
        if rule == ContentRange::Ignored {
            return Ok(all);
        }
        let Some(value) = head.parts.headers.get(header::CONTENT_RANGE) else {
            let empty = content_length(head) == Some(0);
            return if rule == ContentRange::Required && stored > 0 && !empty {
                Err(RangeError::Gap)
            } else {
                Ok(all)
            };
        };
        let text = value.to_str().map_err(|_| RangeError::Malformed)?;
        let (start, length) = parse_range(text).ok_or(RangeError::Malformed)?;
        if rule == ContentRange::Lenient {
            if start > stored {
                return Err(RangeError::Gap);
            }
            // A start of zero is not seen as an overlap: the bytes are appended, and the digest
            // will not match.
            let skip = if start == 0 { 0 } else { stored - start };
            return Ok(Piece {
                skip,
                room: Some(length),
            });
        }
        if start != stored {
            return Err(RangeError::Gap);
        }
        if content_length(head).is_some_and(|announced| announced != length) {
            return Err(RangeError::Length);
        }
        Ok(all)
    }

    fn range_refusal(&mut self, head: &Head<'_>, id: &str) -> Refusal {
        let base = self.base_of(head.parts);
        let range = self.profile.range.mismatch.clone();
        let reply = self.session_reply(416, &base, id, &range).done();
        let mut refusal = if self.profile.range.mismatch_body {
            Refusal::new(416, ErrorCode::RANGE_INVALID, "not where the upload stands")
        } else {
            Refusal::empty(416)
        };
        for (name, value) in reply.headers() {
            if let Ok(value) = value.to_str() {
                refusal = refusal.with(name.clone(), value);
            }
        }
        refusal
    }

    /// An answer about a session.
    fn session_reply(&mut self, status: u16, base: &str, id: &str, range: &str) -> Reply {
        if self.profile.location.state == LocationState::Rotating {
            let state = self.next_state();
            if let Some(session) = self.sessions.get_mut(id) {
                session.state = state;
            }
        }
        let reply = Reply::new(status);
        let Some(session) = self.sessions.get(id) else {
            return reply;
        };
        let location = self.session_location(base, &session.name, id, &session.state);
        let range = fill(range, session.stored);
        let uuid = self.profile.session.upload_uuid.then_some(id);
        reply
            .with(header::LOCATION, location)
            .with_some(header::RANGE, Some(range).filter(|range| !range.is_empty()))
            .with_some(UPLOAD_UUID, uuid)
    }

    fn known_repository(&self, name: &str) -> Outcome<()> {
        self.repository(name).map(|_| ())
    }

    fn session(&self, name: &str, id: &str) -> Outcome<&Session> {
        let session = self.sessions.get(id);
        session
            .filter(|session| session.name == name)
            .ok_or_else(unknown)
    }

    /// That a session is there and the query of its URL came back as it was given.
    fn check_session(&mut self, head: &Head<'_>, name: &str, id: &str) -> Outcome<()> {
        let session = self.session(name, id)?;
        let given = head.query.get("_state").unwrap_or_default();
        if session.state == given {
            return Ok(());
        }
        if self.profile.location.state == LocationState::Rotating && !given.is_empty() {
            return Err(self.range_refusal(head, id));
        }
        Err(Refusal::new(
            404,
            ErrorCode::BLOB_UPLOAD_INVALID,
            "the query of the upload's URL did not come back",
        ))
    }

    fn next_state(&mut self) -> String {
        use base64::Engine as _;
        let secret = self.next_secret("state");
        // With the padding, which a client must not lose or encode.
        base64::engine::general_purpose::URL_SAFE.encode(secret)
    }

    fn judge_digest(&self, digest: &str) -> Outcome<()> {
        let taken = match digest.parse::<Digest>() {
            Ok(_) => self.profile.blob.sha512 || digest.starts_with("sha256:"),
            Err(_) => false,
        };
        if taken {
            return Ok(());
        }
        Err(self.wrong_digest(digest, ""))
    }

    fn wrong_digest(&self, asked: &str, actual: &str) -> Refusal {
        let code = ErrorCode::new(self.profile.blob.wrong_digest_code.clone());
        if self.profile.auth.dialect == Dialect::Quay {
            return Refusal::new(400, code, "blob upload invalid");
        }
        Refusal::detailed(
            400,
            code,
            "provided digest did not match uploaded content",
            json!({ "asked": asked, "actual": actual }),
        )
    }

    fn no_digest(&self) -> Refusal {
        let code = ErrorCode::new(self.profile.blob.missing_digest_code.clone());
        let reason = json!({ "reason": "Missing digest arg on monolithic upload" });
        Refusal::detailed(400, code, "digest missing", reason)
    }

    fn after_failed_commit(&mut self, id: &str) {
        if self.profile.session.failed_commit == Fate::Destroy {
            self.sessions.remove(id);
        }
    }

    fn too_much(&self, failure: Failure) -> Refusal {
        match failure {
            Failure::Storage(error) => Refusal::storage(&error),
            Failure::TooLarge if self.profile.errors.routing == RoutingErrors::Html => {
                // Quay's own error for this case is broken and becomes an unhandled exception.
                Refusal::html(500)
            }
            Failure::TooLarge => Refusal::new(413, ErrorCode::SIZE_INVALID, "blob too large"),
        }
    }
}

pub(super) fn push(name: &str) -> Need<'_> {
    Need {
        name,
        action: Action::Push,
    }
}

/// The announced length of the body.
pub(super) fn content_length(head: &Head<'_>) -> Option<u64> {
    let value = head.parts.headers.get(header::CONTENT_LENGTH);
    match value {
        Some(value) => value.to_str().ok()?.parse().ok(),
        None => None,
    }
}

struct Piece {
    skip: u64,
    room: Option<u64>,
}

enum RangeError {
    Malformed,
    Gap,
    Length,
}

/// Start and length of `<start>-<end>`, both ends inclusive. An end one before the start is an
/// empty piece.
fn parse_range(text: &str) -> Option<(u64, u64)> {
    let digits = |text: &str| -> Option<u64> {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten()
    };
    let (start, end) = text.split_once('-')?;
    let (start, end) = (digits(start)?, digits(end)?);
    Some((start, end.checked_add(1)?.checked_sub(start)?))
}

fn fill(template: &str, stored: u64) -> String {
    let last0 = stored.saturating_sub(1).to_string();
    let last = if stored == 0 { "-1" } else { last0.as_str() };
    template
        .replace("{stored}", &stored.to_string())
        .replace("{last0}", &last0)
        .replace("{last}", last)
}

fn unknown() -> Refusal {
    Refusal::new(
        404,
        ErrorCode::BLOB_UPLOAD_UNKNOWN,
        "blob upload unknown to registry",
    )
}

fn busy() -> Refusal {
    Refusal::new(
        409,
        ErrorCode::BLOB_UPLOAD_INVALID,
        "another request is writing this upload",
    )
}

const CHUNK_MIN: HeaderName = HeaderName::from_static("oci-chunk-min-length");
const CHUNK_MAX: HeaderName = HeaderName::from_static("oci-chunk-max-length");

#[cfg(test)]
mod tests;
