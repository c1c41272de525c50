//! Which pieces of a blob a registry takes, before it looks where they belong.

use http::{HeaderValue, header};
use longshore_protocol::ErrorCode;

use super::errors::Refusal;
use super::uploads::content_length;
use super::{Core, Head, Outcome};
use crate::profile::MaxApplies;

impl Core {
    /// Whether the head of a `POST` that opens an upload is as it must be.
    pub(super) fn judge_post(&self, head: &Head<'_>) -> Outcome<()> {
        let blob = &self.profile.blob;
        if blob.post_length_status != 0 && content_length(head).is_none() {
            let code = ErrorCode::SIZE_INVALID;
            return Err(Refusal::new(blob.post_length_status, code, "no length"));
        }
        let whole = head.query.get("digest").is_some() && blob.single_post == 201;
        if whole && blob.post_type_status != 0 && !is_bytes(head, false) {
            let (status, code) = (blob.post_type_status, ErrorCode::UNSUPPORTED);
            return Err(Refusal::new(status, code, "not application/octet-stream"));
        }
        Ok(())
    }

    /// Whether a `PATCH` may go on with its session, as far as its head tells.
    pub(super) fn judge_chunk(&self, head: &Head<'_>, id: &str) -> Outcome<()> {
        let chunk = &self.profile.chunk;
        let length = content_length(head);
        if chunk.length_status != 0 && length.is_none() {
            let code = ErrorCode::new(chunk.length_code.clone());
            return Err(Refusal::new(chunk.length_status, code, "no length"));
        }
        if chunk.type_status != 0 && !is_bytes(head, true) {
            let (status, code) = (chunk.type_status, ErrorCode::UNKNOWN);
            return Err(Refusal::new(status, code, "bad Content-Type"));
        }
        let ranged = head.parts.headers.contains_key(header::CONTENT_RANGE);
        let applies = ranged || chunk.max_applies == MaxApplies::Always;
        let too_long = length.is_some_and(|length| length > chunk.max_length);
        if chunk.max_length > 0 && applies && too_long {
            let code = ErrorCode::new(chunk.max_code.clone());
            let message = format!("at most {} bytes at once", chunk.max_length);
            return Err(Refusal::new(chunk.max_status, code, message));
        }
        let unfit = |message| {
            let code = ErrorCode::new(chunk.unfit_code.clone());
            Refusal::new(chunk.unfit_status, code, message)
        };
        if !chunk.one_byte && length == Some(1) {
            return Err(unfit("a chunk of one byte"));
        }
        let Some(session) = self.sessions.get(id).filter(|_| length != Some(0)) else {
            return Ok(());
        };
        if chunk.most > 0 && session.chunks >= chunk.most {
            let (status, code) = (chunk.most_status, ErrorCode::UNSUPPORTED);
            let message = format!("at most {} chunks", chunk.most);
            return Err(Refusal::new(status, code, message));
        }
        let longer = session.chunks > 0 && length.is_some_and(|length| length > session.first);
        if session.unfit || (chunk.equal && longer) {
            return Err(unfit("a chunk before the last was too small or unequal"));
        }
        Ok(())
    }

    /// Whether a closing `PUT` may bring what it brings, as far as its head tells.
    pub(super) fn judge_last(&self, head: &Head<'_>, id: &str) -> Outcome<()> {
        let length = content_length(head);
        let most = self.profile.blob.max_put;
        if most > 0 && length.is_some_and(|length| length > most) {
            return Err(Refusal::new(
                413,
                ErrorCode::SIZE_INVALID,
                "too much at once",
            ));
        }
        let unfit = self.sessions.get(id).is_some_and(|session| session.unfit);
        if unfit && self.profile.chunk.smallest > 0 && length.is_some_and(|length| length > 0) {
            let chunk = &self.profile.chunk;
            let code = ErrorCode::new(chunk.unfit_code.clone());
            let message = "a chunk before the last was too small";
            return Err(Refusal::new(chunk.unfit_status, code, message));
        }
        Ok(())
    }
}

/// Whether a body is announced as plain bytes.
fn is_bytes(head: &Head<'_>, or_nothing: bool) -> bool {
    match head.parts.headers.get(header::CONTENT_TYPE) {
        None => or_nothing,
        Some(value) => *value == HeaderValue::from_static("application/octet-stream"),
    }
}
