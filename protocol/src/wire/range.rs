//! What a registry says of how much it has: the `Range` of an upload session.

/// How many bytes a registry claims to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nothing, or one byte: `0-0` is sent for both (distribution-spec issues 577 and 578).
    NothingOrOne,
    /// This many. Some registries count one too many when asked for the status of a session (Quay).
    Bytes(u64),
}

/// Reads `0-N`, and the forms `bytes=0-N`, `bytes 0-N/T` and `0--1` that are seen too. What cannot
/// be read says nothing.
pub(crate) fn claim(value: &str) -> Option<Claim> {
    let value = value.trim();
    let value = value.strip_prefix("bytes").unwrap_or(value);
    let value = value.trim_start_matches(['=', ' ']);
    let value = value.split('/').next()?;
    let end = value.strip_prefix("0-")?;
    if end == "-1" {
        return Some(Claim::Bytes(0));
    }
    if end.is_empty() || !end.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match end.parse::<u64>().ok()?.checked_add(1)? {
        1 => Some(Claim::NothingOrOne),
        bytes => Some(Claim::Bytes(bytes)),
    }
}

#[cfg(test)]
mod tests;
