//! The `Range` header of upload sessions, which looks like HTTP's and is not.

use http::HeaderMap;

/// How many bytes an upload session holds, from the `Range: 0-N` of its answers (OCI distribution
/// specification, "Pushing a blob in chunks"): `N` is the last byte's position.
///
/// CNCF distribution says `0-0` for an empty session and Quay `0--1`; some put `bytes=` in front.
/// `0-0` is read as empty: sending the first byte again is harmless, leaving it out is not.
pub(crate) fn bytes_held(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(http::header::RANGE)?.to_str().ok()?.trim();
    let text = text.strip_prefix("bytes").map_or(text, |rest| rest.trim_start_matches(['=', ' ']));
    let (first, last) = text.split_once('-')?;
    if first != "0" {
        return None;
    }
    match last.parse::<i64>() {
        Ok(-1 | 0) => Some(0),
        Ok(last) => u64::try_from(last).ok().map(|last| last + 1),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests;
