//! What a registry says when it says no: JSON as specified, JSON otherwise, a proxy's HTML, plain
//! text, or nothing.

use std::error::Error;
use std::fmt;

use http::StatusCode;
use serde_json::Value;

use super::error_code::ErrorCode;
use super::redact::one_line;

/// A registry's answer that is no success, in its own words as far as they can be made out.
///
/// The words are cut to one line each and are free of control characters and of this push's
/// secrets; they are still a stranger's words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistryError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The entries of an error body (OCI distribution specification, "Error Codes").
    pub entries: Vec<ErrorEntry>,
    /// What could be read where there is no such body.
    pub text: Option<String>,
}

/// One entry of a registry's error body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorEntry {
    /// The code.
    pub code: ErrorCode,
    /// The message; may be empty.
    pub message: String,
    /// The detail, as text; may be empty.
    pub detail: String,
    /// The digests the detail names.
    pub(crate) digests: Vec<super::digest::Digest>,
}

impl RegistryError {
    /// Reads an answer's body. `scrub` takes secrets out of every text.
    pub(crate) fn read(status: StatusCode, body: &[u8], scrub: &dyn Fn(String) -> String) -> Self {
        let tidy = |text: &str| scrub(one_line(text));
        let mut error = Self { status, entries: Vec::new(), text: None };
        let text = String::from_utf8_lossy(body);
        if let Ok(json) = serde_json::from_slice::<Value>(body) {
            error.entries = entries(&json, &tidy);
            if error.entries.is_empty() {
                error.text = other_words(&json).map(tidy);
            }
        } else if text.trim_start().starts_with('<') {
            error.text = Some(tidy(&html_words(&text)));
        } else {
            error.text = text.lines().map(str::trim).find(|line| !line.is_empty()).map(tidy);
        }
        error.text = error.text.filter(|text| !text.is_empty());
        error
    }

    /// Whether an entry has this code.
    #[must_use]
    pub fn has(&self, code: &ErrorCode) -> bool {
        self.entries.iter().any(|entry| entry.code == *code)
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.as_u16())?;
        if let Some(reason) = self.status.canonical_reason() {
            write!(f, " {reason}")?;
        }
        for (nth, entry) in self.entries.iter().enumerate() {
            f.write_str(if nth == 0 { ": " } else { "; " })?;
            fmt::Display::fmt(entry, f)?;
        }
        match &self.text {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ErrorEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.code, f)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if !self.detail.is_empty() && self.detail != self.message {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

impl Error for RegistryError {}

fn entries(json: &Value, tidy: &dyn Fn(&str) -> String) -> Vec<ErrorEntry> {
    let Some(list) = json.get("errors").and_then(Value::as_array) else {
        return Vec::new();
    };
    let text = |entry: &Value, member| match entry.get(member) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => tidy(text),
        Some(Value::Object(empty)) if empty.is_empty() => String::new(),
        Some(other) => tidy(&other.to_string()),
    };
    let entry = |value: &Value| ErrorEntry {
        code: match value.get("code").and_then(Value::as_str) {
            Some(code) => ErrorCode::new(tidy(code)),
            None => ErrorCode::UNKNOWN,
        },
        message: text(value, "message"),
        detail: text(value, "detail"),
        digests: value.get("detail").map(digests).unwrap_or_default(),
    };
    list.iter().filter(|value| value.is_object()).take(MOST_ENTRIES).map(entry).collect()
}

/// The digests anywhere in a detail: the specification does not say where they stand.
fn digests(detail: &Value) -> Vec<super::digest::Digest> {
    match detail {
        Value::String(text) => text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'))
            .filter_map(|word| word.parse().ok())
            .collect(),
        Value::Array(values) => values.iter().flat_map(digests).collect(),
        Value::Object(members) => members.values().flat_map(digests).collect(),
        _ => Vec::new(),
    }
}

/// The message of JSON that is not in the specified form: token servers and gateways have theirs.
fn other_words(json: &Value) -> Option<&str> {
    let said = |value: &'_ Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let members = ["error_description", "message", "details", "detail", "error", "title"];
    for member in members {
        match json.get(member) {
            Some(value) if said(value) => return value.as_str(),
            Some(value @ Value::Object(_)) => {
                if let Some(inner) = value.get("message").filter(|inner| said(inner)) {
                    return inner.as_str();
                }
            }
            _ => {}
        }
    }
    json.as_str()
}

/// A page's title or, without one, its text.
fn html_words(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|open| {
        let start = open + lower[open..].find('>')? + 1;
        let end = start + lower[start..].find("</title")?;
        Some(&page[start..end])
    });
    match title {
        Some(title) if !title.trim().is_empty() => title.to_owned(),
        _ => without_tags(page),
    }
}

fn without_tags(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

const MOST_ENTRIES: usize = 5;

#[cfg(test)]
mod tests;
