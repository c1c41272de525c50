//! `Warning` headers (OCI distribution specification, "Warnings").

use http::HeaderMap;
use http::header::WARNING;

use crate::text::printable;

/// The texts of the well-formed warnings: `299 - "text"`. Others are ignored, as the specification
/// asks, and so is what goes beyond its limit of 4096 bytes. `redact` takes secrets out of them.
pub(crate) fn warnings(headers: &HeaderMap, redact: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut left = MAX_BYTES;
    headers
        .get_all(WARNING)
        .iter()
        .filter_map(|value| text(std::str::from_utf8(value.as_bytes()).ok()?))
        .take_while(|text| {
            let fits = text.len() <= left;
            left = left.saturating_sub(text.len());
            fits
        })
        .map(|text| redact(&printable(&text, MAX_BYTES)))
        .collect()
}

fn text(value: &str) -> Option<String> {
    let quoted = value.trim().strip_prefix("299 - \"")?;
    let mut text = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return Some(text),
            '\\' => text.push(characters.next()?),
            character => text.push(character),
        }
    }
}

const MAX_BYTES: usize = 4096;

#[cfg(test)]
mod tests;
