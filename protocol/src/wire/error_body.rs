//! What a registry says when it refuses.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::digest::Digest;
use super::error_code::ErrorCode;
use crate::error::RegistryAnswer;
use crate::text::{printable, without_bom};

/// An error answer, as far as it can be understood: the body may be in any format (OCI
/// distribution specification, "Error Codes").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorAnswer {
    pub(crate) answer: RegistryAnswer,
    /// Every digest that the body mentions: where blobs are missing, these are they.
    pub(crate) digests: Vec<Digest>,
}

/// Reads an error answer. Never fails: what cannot be understood is left out. `redact` takes secrets
/// out of what a person will see of it.
pub(crate) fn read(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    redact: &dyn Fn(&str) -> String,
) -> ErrorAnswer {
    let body = without_bom(body);
    let text = String::from_utf8_lossy(body);
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let is_page = json.is_none() && is_html(headers, &text);
    let (code, message) = match &json {
        Some(json) => from_json(json),
        None if is_compressed(headers, body) => (None, COMPRESSED.to_owned()),
        None if is_page => (None, from_html(&text)),
        None => (None, text.lines().next().unwrap_or_default().to_owned()),
    };
    ErrorAnswer {
        answer: RegistryAnswer {
            status,
            code: code.map(|code| ErrorCode::new(shown(&code, MAX_CODE, redact))),
            message: shown(&message, MAX_MESSAGE, redact),
            is_page,
        },
        digests: digests(&text),
    }
}

/// Whether the answer has a content coding (RFC 9110, section 8.4), although none was asked for.
pub(crate) fn is_compressed(headers: &HeaderMap, body: &[u8]) -> bool {
    let coding = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes());
    let is_coded = coding.is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity"));
    body.starts_with(GZIP) || (is_coded && !body.is_empty())
}

/// Whether the answer is a page for people, not for programs.
pub(crate) fn is_html(headers: &HeaderMap, text: &str) -> bool {
    let html = headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let start = text.trim_start().as_bytes();
    let begins = |prefix: &str| {
        start
            .get(..prefix.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    begins("<!doctype") || begins("<html") || (html && begins("<"))
}

/// The first error of `{"errors": [{"code", "message", "detail"}]}`, or of an object where the list
/// should be; else the texts that older and odder servers send.
fn from_json(json: &Value) -> (Option<String>, String) {
    let Some(error) = first_error(json) else {
        let text = ["error", "message", "error_description", "details"]
            .iter()
            .find_map(|key| json.get(key)?.as_str())
            .or_else(|| json.as_str());
        return (None, text.unwrap_or_default().to_owned());
    };
    let code = error.get("code").and_then(Value::as_str).map(str::to_owned);
    let message = error.get("message").and_then(Value::as_str);
    let message = message.unwrap_or_default().trim();
    let detail = error.get("detail").map(detail).unwrap_or_default();
    let text = match (message.is_empty(), detail.is_empty()) {
        (_, true) => message.to_owned(),
        (true, false) => detail,
        (false, false) if message.contains(&detail) => message.to_owned(),
        (false, false) => format!("{message}: {detail}"),
    };
    (code, text)
}

/// The error itself, one for each field that is wrong (`{"errors": {"name": ["is too long"]}}`), or a
/// single one under another name.
fn first_error(json: &Value) -> Option<Value> {
    let is_error = |value: &Value| value.get("code").or(value.get("message")).is_some();
    let text = |text: &Value| Some(serde_json::json!({ "message": text.as_str()? }));
    match json.get("errors") {
        Some(Value::Array(errors)) => match errors.first()? {
            message @ Value::String(_) => text(message),
            error => Some(error.clone()),
        },
        Some(errors @ Value::Object(_)) if is_error(errors) => Some(errors.clone()),
        Some(Value::Object(fields)) => {
            let (name, value) = fields.iter().next()?;
            let value = value.get(0).unwrap_or(value);
            if is_error(value) {
                return Some(value.clone());
            }
            Some(serde_json::json!({ "message": format!("{name}: {}", value.as_str()?) }))
        }
        Some(message @ Value::String(_)) => text(message),
        _ => json.get("error").filter(|error| is_error(error)).cloned(),
    }
}

/// The first line of a detail's text. `detail` has no fixed form: a string, or an object with the
/// text in `message` or `reason`; others are for programs.
fn detail(detail: &Value) -> String {
    let text = detail
        .as_str()
        .or_else(|| detail.get("message")?.as_str())
        .or_else(|| detail.get("reason")?.as_str());
    let line = text.unwrap_or_default().lines().next();
    line.unwrap_or_default().trim().to_owned()
}

/// The title of a page, else its first heading, else its text.
fn from_html(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let element = |name: &str| {
        let start = lower.find(&format!("<{name}"))?;
        let start = start + lower[start..].find('>')? + 1;
        let end = start + lower[start..].find("</")?;
        Some(without_tags(&text[start..end])).filter(|inner| !inner.trim().is_empty())
    };
    element("title")
        .or_else(|| element("h1"))
        .unwrap_or_else(|| without_tags(text))
}

/// `text` on one line and without secrets, cut only then: part of a secret is one, too.
fn shown(text: &str, limit: usize, redact: &dyn Fn(&str) -> String) -> String {
    printable(&redact(&printable(text, MAX_READ)), limit)
}

fn without_tags(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|character| match character {
            '<' => {
                depth += 1;
                false
            }
            '>' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

fn digests(text: &str) -> Vec<Digest> {
    let mut found: Vec<Digest> = Vec::new();
    for (at, prefix) in text.match_indices("sha256:") {
        let end = at + prefix.len() + SHA256_HEX;
        let digest = text.get(at..end).and_then(|text| text.parse().ok());
        if let Some(digest) = digest.filter(|digest| !found.contains(digest)) {
            found.push(digest);
        }
    }
    found
}

/// What a gzip member begins with (RFC 1952, section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];
const COMPRESSED: &str = "its words cannot be read: they are compressed, which was not asked for";
/// More than this of a text is not looked at.
const MAX_READ: usize = 64 << 10;
const MAX_MESSAGE: usize = 400;
const MAX_CODE: usize = 64;
const SHA256_HEX: usize = 64;

#[cfg(test)]
mod tests;
