//! What the value of a knob must be, beyond its type.

use serde::de::{Deserialize as _, Deserializer, Error as _};

/// A status code that an HTTP server can send.
pub(super) fn status<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    match u16::deserialize(from)? {
        status @ 200..=599 => Ok(status),
        other => Err(D::Error::custom(format!(
            "{other} is no status code from 200 to 599"
        ))),
    }
}

/// The same, or 0 for no refusal.
pub(super) fn status_or_zero<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    match u16::deserialize(from)? {
        status @ (0 | 200..=599) => Ok(status),
        other => Err(D::Error::custom(format!(
            "{other} is neither 0 nor a status code from 200 to 599"
        ))),
    }
}

/// A template of a `Range` header.
pub(super) fn range<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    template(from, &["stored", "last", "last0", "first", "chunk"])
}

/// A template of the query of a session's URL.
pub(super) fn query<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = template(from, &["state"])?;
    let holds_it = text.split('&').any(|pair| pair.ends_with("={state}"));
    if holds_it {
        return Ok(text);
    }
    Err(D::Error::custom("no parameter has the value {state}"))
}

/// A template of the path of a session's URL, or nothing.
pub(super) fn upload_path<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = template(from, &["first", "rest", "id"])?;
    let fixed = text.split('{').next().unwrap_or_default();
    let own = fixed.len() > 1 && fixed.starts_with('/') && !fixed.starts_with("/v2/");
    if text.is_empty() || (own && text.ends_with("/{id}")) {
        return Ok(text);
    }
    Err(D::Error::custom(
        "the path must begin with one of its own outside /v2/ and end in /{id}",
    ))
}

fn template<'de, D: Deserializer<'de>>(from: D, known: &[&str]) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return Err(D::Error::custom("a brace is not closed"));
        };
        if !known.contains(&name) {
            let known = known.join("}, {");
            let message = format!("{{{name}}} stands for nothing; there are {{{known}}}");
            return Err(D::Error::custom(message));
        }
        rest = after;
    }
    Ok(text)
}
