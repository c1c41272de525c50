//! Upload sessions: where they are, where they stand, and which bytes continue them.

use std::time::Duration;

use http::{HeaderName, header};
use longshore_protocol::{Algorithm, Digest, ErrorCode};
use sha2::{Digest as _, Sha256};

use super::call::{Intake, Purpose, Sink, Upload};
use super::errors::{Refusal, Reply};
use super::uploads::{content_length, unknown};
use super::{Core, Head, Outcome, Step};
use crate::profile::{ClosingBody, ContentRange, Fate, LocationState};

/// An upload session.
pub(crate) struct Session {
    pub(super) name: String,
    pub(super) stored: u64,
    pub(super) opened: Duration,
    /// When it was last written to.
    pub(super) touched: Duration,
    /// What the query of its URL says, or is made from.
    state: String,
    /// How many chunks it has taken.
    pub(super) chunks: u32,
    /// The length of the first chunk, in bytes.
    pub(super) first: u64,
    /// The length of the last chunk, in bytes.
    pub(super) chunk: u64,
    /// Whether the last chunk was one that only the last may be.
    pub(super) unfit: bool,
    /// Opened by a single `POST`, so no client knows where it is.
    pub(super) single: bool,
    /// `None` while a request is writing.
    pub(super) upload: Option<Upload>,
}

impl Core {
    pub(super) fn new_session(
        &mut self,
        now: Duration,
        name: &str,
        algorithm: Option<&str>,
    ) -> Outcome<String> {
        self.reap(now);
        let writer = self.store.start().map_err(|e| Refusal::storage(&e))?;
        let sha512 = algorithm == Some("sha512") && self.profile.blob.sha512;
        let algorithm = if sha512 {
            Algorithm::Sha512
        } else {
            Algorithm::Sha256
        };
        let upload = Upload::new(writer, algorithm);
        let id = self.new_id();
        let state = match self.profile.location.state {
            LocationState::None => String::new(),
            LocationState::Fixed | LocationState::Rotating | LocationState::Offset => {
                self.next_state()
            }
        };
        let session = Session {
            name: name.to_owned(),
            stored: 0,
            opened: now,
            touched: now,
            state,
            chunks: 0,
            first: 0,
            chunk: 0,
            unfit: false,
            single: false,
            upload: Some(upload),
        };
        self.expiries.insert((self.expiry(&session), id.clone()));
        self.sessions.insert(id.clone(), session);
        Ok(id)
    }

    /// Hands the session's upload to the call that will write it.
    pub(super) fn receive(&mut self, head: &Head<'_>, id: &str, purpose: Purpose) -> Outcome<Step> {
        let stored = self.sessions.get(id).map_or(0, |session| session.stored);
        let piece = match self.judge_range(head, stored) {
            Ok(piece) => piece,
            Err(RangeError::Missing) => {
                let status = self.profile.chunk.missing_status;
                let code = ErrorCode::BLOB_UPLOAD_INVALID;
                let message = "stream uploads after the first write are not allowed";
                return Err(Refusal::new(status, code, message));
            }
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
        let algorithm = match &purpose {
            Purpose::Commit { digest, .. } => digest.parse().ok(),
            _ => None,
        };
        let algorithm = algorithm.map(|digest: Digest| digest.algorithm());
        let Some(session) = self.sessions.get_mut(id) else {
            return Err(unknown());
        };
        session.touched = head.now;
        let Some(upload) = session.upload.take() else {
            return Err(busy());
        };
        let dropped = matches!(purpose, Purpose::Commit { .. })
            && match self.profile.chunk.closing_body {
                ClosingBody::Appended => false,
                ClosingBody::IgnoredAfterChunk => session.chunks > 0,
                ClosingBody::IgnoredWithoutLength => {
                    content_length(head).is_none() && !session.single
                }
            };
        let room = if dropped { Some(0) } else { piece.room };
        let intake = Intake::new(upload, piece.skip, room, max).named_with(algorithm);
        Ok(Step::Receive(purpose, Sink::Upload(Box::new(intake))))
    }

    /// Forgets sessions that have not been written to for too long, and those that are too old. Says
    /// how many it has looked at: those whose time seemed to have come, and no others.
    pub(super) fn reap(&mut self, now: Duration) -> usize {
        let mut looked_at = 0;
        let mut later = Vec::new();
        while let Some((time, _)) = self.expiries.first()
            && *time <= now
            && let Some((_, id)) = self.expiries.pop_first()
        {
            looked_at += 1;
            let Some(session) = self.sessions.get(&id) else {
                continue;
            };
            let time = self.expiry(session);
            if session.upload.is_none() || time > now {
                later.push((time, id));
            } else {
                self.sessions.remove(&id);
            }
        }
        self.expiries.extend(later);
        looked_at
    }

    /// When a session is forgotten if it is not written to.
    fn expiry(&self, session: &Session) -> Duration {
        let lifetime = Duration::from_secs(self.profile.session.lifetime);
        let longest = match self.profile.session.longest {
            0 => Duration::MAX,
            seconds => Duration::from_secs(seconds),
        };
        let unused = session.touched.saturating_add(lifetime);
        unused.min(session.opened.saturating_add(longest))
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
                Err(match self.profile.chunk.missing_status {
                    416 => RangeError::Gap,
                    _ => RangeError::Missing,
                })
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
        let knobs = &self.profile.range;
        let mut refusal = if knobs.mismatch_body {
            let code = ErrorCode::new(knobs.mismatch_code.clone());
            Refusal::new(416, code, "not where the upload stands")
        } else {
            Refusal::empty(416)
        };
        let told = reply.headers().iter();
        let told = told.filter(|(name, _)| knobs.mismatch_location || *name != header::LOCATION);
        for (name, value) in told {
            if let Ok(value) = value.to_str() {
                refusal = refusal.with(name.clone(), value);
            }
        }
        refusal
    }

    /// An answer about a session.
    pub(super) fn session_reply(
        &mut self,
        status: u16,
        base: &str,
        id: &str,
        range: &str,
    ) -> Reply {
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
        let state = self.state_of(session);
        let location = self.session_location(base, &session.name, id, &state);
        let absent = self.profile.range.absent_when_empty && session.stored == 0;
        let range = Some(fill(range, session)).filter(|range| !range.is_empty() && !absent);
        let reply = reply
            .with(header::LOCATION, location)
            .with_some(header::RANGE, range);
        match HeaderName::try_from(self.profile.session.uuid_header.as_str()) {
            Ok(name) => reply.with(name, id),
            Err(_) => reply,
        }
    }

    pub(super) fn session(&self, name: &str, id: &str) -> Outcome<&Session> {
        let session = self.sessions.get(id);
        session
            .filter(|session| session.name == name)
            .ok_or_else(unknown)
    }

    /// That a session is there and the query of its URL came back as it was given.
    pub(super) fn check_session(&mut self, head: &Head<'_>, name: &str, id: &str) -> Outcome<()> {
        let session = self.session(name, id)?;
        let given = head.query.get(self.state_parameter()).unwrap_or_default();
        let state = self.state_of(session);
        if state == given && !self.is_rewritten(head, &state) {
            return Ok(());
        }
        let stale = match self.profile.location.state {
            LocationState::None | LocationState::Fixed => false,
            LocationState::Rotating => !given.is_empty() && state != given,
            LocationState::Offset => is_older(&session.state, given),
        };
        let knobs = &self.profile.session;
        let status = if stale {
            knobs.stale_state_status
        } else {
            knobs.lost_state_status
        };
        if stale && status == 416 {
            return Err(self.range_refusal(head, id));
        }
        Err(Refusal::new(
            status,
            ErrorCode::BLOB_UPLOAD_INVALID,
            "the query of the upload's URL did not come back",
        ))
    }

    /// What the query of a session's URL says now.
    fn state_of(&self, session: &Session) -> String {
        match self.profile.location.state {
            LocationState::Offset => offset_state(&session.state, session.stored),
            _ => session.state.clone(),
        }
    }

    /// Whether the query of a session's URL was touched where it must not be.
    fn is_rewritten(&self, head: &Head<'_>, state: &str) -> bool {
        if state.is_empty() || !self.profile.location.verbatim {
            return false;
        }
        let query = head.parts.uri.query().unwrap_or_default();
        let rest = query.strip_prefix(&self.session_query(state));
        !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('&'))
    }

    fn next_state(&mut self) -> String {
        use base64::Engine as _;
        let secret = self.next_secret("state");
        // With the padding, which a client must not lose or encode.
        base64::engine::general_purpose::URL_SAFE.encode(secret)
    }
}

struct Piece {
    skip: u64,
    room: Option<u64>,
}

enum RangeError {
    Missing,
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

/// What says how many bytes a session holds, and cannot be made up.
fn offset_state(secret: &str, stored: u64) -> String {
    use base64::Engine as _;
    let offset = stored.to_be_bytes();
    let seal = Sha256::new()
        .chain_update(secret)
        .chain_update(offset)
        .finalize();
    let mut state = seal[..16].to_vec();
    state.extend_from_slice(&offset);
    // With a byte more there is padding, which a client must not lose or encode.
    state.push(0);
    base64::engine::general_purpose::URL_SAFE.encode(state)
}

/// Whether a state was given out for this session, with whatever offset.
fn is_older(secret: &str, given: &str) -> bool {
    use base64::Engine as _;
    let Ok(bytes) = base64::engine::general_purpose::URL_SAFE.decode(given) else {
        return false;
    };
    let offset = bytes.get(16..24).and_then(|bytes| bytes.try_into().ok());
    offset.is_some_and(|offset| offset_state(secret, u64::from_be_bytes(offset)) == given)
}

fn fill(template: &str, session: &Session) -> String {
    let end = |count: u64| count.saturating_sub(1).to_string();
    let last0 = end(session.stored);
    let last = if session.stored == 0 {
        "-1"
    } else {
        last0.as_str()
    };
    template
        .replace("{stored}", &session.stored.to_string())
        .replace("{last0}", &last0)
        .replace("{last}", last)
        .replace("{first}", &end(session.first))
        .replace("{chunk}", &end(session.chunk))
}

fn busy() -> Refusal {
    Refusal::new(
        409,
        ErrorCode::BLOB_UPLOAD_INVALID,
        "another request is writing this upload",
    )
}

#[cfg(test)]
mod tests;
