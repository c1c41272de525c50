//! Blobs that are there.

use std::ops::Range;

use http::{Method, Response, header};
use longshore_protocol::{Digest, ErrorCode};

use super::auth::Need;
use super::config::Action;
use super::errors::{CONTENT_DIGEST, Refusal, Reply};
use super::{Body, Core, Head, Outcome};
use crate::profile::Dialect;
use crate::store::Change;

impl Core {
    /// `GET` and `HEAD` of a blob.
    pub(super) fn get_blob(
        &mut self,
        head: &Head<'_>,
        name: &str,
        digest: &str,
    ) -> Outcome<Response<Body>> {
        self.route_digest(digest)?;
        let name = self.canonical(name)?;
        self.authorize(head, &[pull(&name)])?;
        self.parent_exists(&name)?;
        self.judge_accept(head)?;
        let digest: Digest = digest.parse().map_err(|_| self.no_such_blob(digest))?;
        let size = self.store.size(&digest);
        let size = size.filter(|_| self.shows_blob(&name, &digest));
        let size = size.ok_or_else(unknown)?;
        if let Some(elsewhere) = self.sent_to_storage(head, &digest) {
            return Ok(elsewhere);
        }
        let knobs = &self.profile.blob;
        let cache = Some(&knobs.cache_control).filter(|value| !value.is_empty());
        let named = knobs.digest_header.then(|| digest.to_string());
        let mut response = self
            .bytes_of(head, &digest, size)?
            .with_some(header::CACHE_CONTROL, cache)
            .with_some(CONTENT_DIGEST, named)
            .done();
        if head.parts.method == Method::HEAD && !self.profile.blob.head_length {
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        Ok(response)
    }

    /// A stored blob, or the part of it that is asked for.
    pub(super) fn bytes_of(&self, head: &Head<'_>, digest: &Digest, size: u64) -> Outcome<Reply> {
        let reply = |status| Reply::new(status).with(header::ACCEPT_RANGES, "bytes");
        let (reply, range) = match self.asked_range(head, size) {
            Asked::All => (reply(200), 0..size),
            Asked::Part(range) => {
                let shown = format!("bytes {}-{}/{size}", range.start, range.end - 1);
                (reply(206).with(header::CONTENT_RANGE, shown), range)
            }
            Asked::Beyond => {
                return Err(
                    Refusal::empty(416).with(header::CONTENT_RANGE, format!("bytes */{size}"))
                );
            }
        };
        let length = (range.end - range.start).to_string();
        let reply = reply
            .with(header::CONTENT_TYPE, "application/octet-stream")
            .with(header::CONTENT_LENGTH, length)
            .with(header::ETAG, format!("\"{digest}\""));
        if head.parts.method == Method::HEAD {
            return Ok(reply);
        }
        let digest = digest.clone();
        Ok(reply.stored(Body::Stored { digest, range }))
    }

    /// `DELETE` of a blob.
    pub(super) fn delete_blob(
        &mut self,
        head: &Head<'_>,
        name: &str,
        digest: &str,
    ) -> Outcome<Response<Body>> {
        let name = self.canonical(name)?;
        let need = Need {
            name: &name,
            action: self.deletion(),
        };
        self.authorize(head, &[need])?;
        let status = self.profile.blob.delete;
        if status != 202 {
            let message = "the operation is unsupported";
            return Err(Refusal::new(status, ErrorCode::UNSUPPORTED, message));
        }
        let digest: Digest = digest.parse().map_err(|_| self.no_such_blob(digest))?;
        if !self.shows_blob(&name, &digest) {
            return Err(unknown());
        }
        let change = Change::BlobGone {
            name,
            digest: digest.clone(),
        };
        self.withdraw(&change)
            .and_then(|()| self.sweep(&digest))
            .map_err(|e| Refusal::storage(&e))?;
        Ok(Reply::new(202).done())
    }

    /// Quay's route takes `<algorithm>:<hex>` only; what is not that can only be deleted.
    fn route_digest(&self, digest: &str) -> Outcome<()> {
        if self.profile.auth.dialect != Dialect::Quay || is_digest_like(digest) {
            return Ok(());
        }
        Err(self.wrong_method().with(header::ALLOW, "DELETE, OPTIONS"))
    }

    /// Whether the client takes what a blob is, where that is looked at.
    fn judge_accept(&self, head: &Head<'_>) -> Outcome<()> {
        let status = self.profile.blob.accept_status;
        let values = head.parts.headers.get_all(header::ACCEPT).iter();
        let mut named = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|item| item.split(';').next().unwrap_or_default().trim())
            .peekable();
        let fits =
            |item: &str| ["*/*", "application/*", "application/octet-stream"].contains(&item);
        if status == 0 || named.peek().is_none() || named.any(fits) {
            return Ok(());
        }
        Err(Refusal::new(
            status,
            ErrorCode::UNSUPPORTED,
            "not acceptable",
        ))
    }

    fn no_such_blob(&self, digest: &str) -> Refusal {
        if self.profile.auth.dialect == Dialect::Quay {
            return unknown();
        }
        let message = format!("not a digest: {digest}");
        Refusal::new(400, ErrorCode::DIGEST_INVALID, message)
    }

    fn asked_range(&self, head: &Head<'_>, size: u64) -> Asked {
        let value = head.parts.headers.get(header::RANGE);
        let text = value.and_then(|value| value.to_str().ok());
        match text {
            Some(text) if self.profile.blob.range_requests => read_range(text, size),
            _ => Asked::All,
        }
    }
}

pub(super) fn pull(name: &str) -> Need<'_> {
    Need {
        name,
        action: Action::Pull,
    }
}

/// Which part of a blob is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    All,
    Part(Range<u64>),
    Beyond,
}

/// One range of RFC 9110 §14.1.2. What is not one range of bytes is ignored, as it may be; one that
/// ends before it begins is refused, as it may be (§14.2).
fn read_range(text: &str, size: u64) -> Asked {
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::All;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match (first.trim(), last.trim()) {
        ("", "") => return Asked::All,
        ("", suffix) => number(suffix).map(|count| size.saturating_sub(count)..size),
        (first, "") => number(first).map(|first| first..size),
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first > last => return Asked::Beyond,
            (Some(first), Some(last)) => Some(first..last.saturating_add(1).min(size)),
            _ => None,
        },
    };
    match range {
        None => Asked::All,
        Some(range) if range.start >= size || range.is_empty() => Asked::Beyond,
        Some(range) => Asked::Part(range),
    }
}

/// Whether a text matches Quay's `[A-Za-z0-9_+.-]+:[A-Fa-f0-9]+`.
pub(crate) fn is_digest_like(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return false;
    };
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"_+.-".contains(&byte);
    !algorithm.is_empty()
        && algorithm.bytes().all(word)
        && !hex.is_empty()
        && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn unknown() -> Refusal {
    Refusal::new(404, ErrorCode::BLOB_UNKNOWN, "blob unknown to registry")
}

#[cfg(test)]
mod tests;
