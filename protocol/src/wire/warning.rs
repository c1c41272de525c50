//! Warnings that ride on any answer.

use http::HeaderMap;

use super::redact::one_line;

/// The texts of `Warning: 299 - "…"` headers (OCI distribution specification, "Warnings"; the form
/// is RFC 7234 §5.5). Other warn-codes and agents belong to caches and proxies and are passed over.
pub(crate) fn warnings(headers: &HeaderMap) -> impl Iterator<Item = String> + '_ {
    headers.get_all("warning").iter().filter_map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        let quoted = text.trim().strip_prefix("299 - \"")?;
        let text = one_line(&unescaped(quoted));
        (!text.is_empty()).then_some(text)
    })
}

/// Up to the closing quote, escapes resolved.
fn unescaped(quoted: &str) -> String {
    let mut text = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests;
