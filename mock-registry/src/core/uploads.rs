//! Upload sessions: opening, chunks, status, cancelling, commit.

use http::{HeaderName, Response, header};
use longshore_protocol::{Digest, ErrorCode};
use serde_json::json;

use super::auth::Need;
use super::call::{Failure, Intake, Purpose};
use super::config::Action;
use super::errors::{CONTENT_DIGEST, Refusal, Reply};
use super::{Body, Core, Head, Outcome, Step};
use crate::profile::{Dialect, Fate, ShortBody};

impl Core {
    /// `POST …/blobs/uploads/`: a session, a mount, or a whole upload.
    pub(super) fn open_upload(&mut self, head: &Head<'_>, name: &str) -> Outcome<Step> {
        let name = self.canonical(name)?;
        let caller = self.authorize(head, &[push(&name)])?;
        self.for_push(&name)
            .map_err(|refusal| self.hang_up(refusal))?;
        self.judge_post(head)?;
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
        let max = length(chunk.max_length).filter(|_| chunk.max_announced);
        let min = length(chunk.min_length);
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
        self.judge_chunk(head, id)?;
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
        let length = upload.stored() - session.stored;
        session.stored = upload.stored();
        session.upload = Some(upload);
        if length > 0 {
            if session.chunks == 0 {
                session.first = length;
            }
            session.chunk = length;
            session.chunks = session.chunks.saturating_add(1);
            let chunk = &self.profile.chunk;
            session.unfit = length < chunk.smallest || (chunk.equal && length != session.first);
        }
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
        self.judge_last(head, id)?;
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
        let there = self.shows_blob(&session.name, &actual);
        if digest.parse().as_ref() != Ok(&actual) {
            if self.profile.session.failed_commit == Fate::Keep && !session.single {
                session.stored = upload.stored();
                session.upload = Some(upload);
                self.sessions.insert(id.to_owned(), session);
            }
            return Err(self.wrong_digest(digest, &actual.to_string()));
        }
        let again = self.profile.blob.again_status;
        if there && again != 201 {
            let message = "the blob is there and cannot be updated";
            return Err(Refusal::new(again, ErrorCode::BLOB_UPLOAD_INVALID, message));
        }
        self.note_upload(&session.name, &actual, session.touched);
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
        if self.profile.session.status_state {
            self.check_session(head, &name, id)?;
        }
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

    fn known_repository(&self, name: &str) -> Outcome<()> {
        self.repository(name).map(|_| ())
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
            Failure::TooLarge => {
                let status = self.profile.blob.too_large_status;
                Refusal::new(status, ErrorCode::SIZE_INVALID, "blob too large")
            }
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

pub(super) fn unknown() -> Refusal {
    Refusal::new(
        404,
        ErrorCode::BLOB_UPLOAD_UNKNOWN,
        "blob upload unknown to registry",
    )
}

const CHUNK_MIN: HeaderName = HeaderName::from_static("oci-chunk-min-length");
const CHUNK_MAX: HeaderName = HeaderName::from_static("oci-chunk-max-length");
