//! Takes out of a text what differs from run to run.

use std::path::Path;

/// `text` with placeholders for the test's directory, digests, ports and times, and with what is
/// said about blobs sorted: they are uploaded side by side, and which one is ahead is chance.
pub(crate) fn filtered(text: &str, root: &Path) -> String {
    let text = text.replace(&root.display().to_string(), "[ROOT]");
    let mut lines: Vec<String> = text.lines().map(filtered_line).collect();
    let is_about_a_blob = |line: &String| line.contains(": [SHORT]: ");
    for block in lines.chunk_by_mut(|a, b| is_about_a_blob(a) && is_about_a_blob(b)) {
        // Stable: the lines about one blob stay in their order.
        block.sort_by_key(|line| line.starts_with("config"));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn filtered_line(line: &str) -> String {
    let line = runs(line, "sha256:", 64, "[DIGEST]", |c| c.is_ascii_hexdigit());
    let line = runs(&line, ": ", 7, "[SHORT]", |c| c.is_ascii_hexdigit());
    let line = runs(&line, "127.0.0.1:", 1, "[PORT]", |c| c.is_ascii_digit());
    let line = runs(&line, "longshore-demo-", 6, "[RANDOM]", |c| {
        c.is_ascii_alphanumeric()
    });
    let line = runs(&line, "retries, ", 3, "[SECONDS]", |c| {
        c.is_ascii_digit() || c == '.'
    });
    let line = runs(&line, "trying again in ", 3, "[SECONDS]", |c| {
        c.is_ascii_digit() || c == '.'
    });
    runs(&line, "\"elapsedSeconds\": ", 1, "[SECONDS]", |c| {
        c.is_ascii_digit() || c == '.'
    })
}

/// Replaces what follows `prefix`, where it is a run of at least `least` such characters, exactly
/// that many if they are hex digits.
fn runs(line: &str, prefix: &str, least: usize, with: &str, is: impl Fn(char) -> bool) -> String {
    let mut filtered = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(prefix) {
        let (before, after) = rest.split_at(at + prefix.len());
        filtered.push_str(before);
        let length = after.find(|c| !is(c)).unwrap_or(after.len());
        let is_hex = with == "[SHORT]" || with == "[DIGEST]";
        if length == least || (length > least && !is_hex) {
            filtered.push_str(with);
            rest = &after[length..];
        } else {
            rest = after;
        }
    }
    filtered + rest
}
