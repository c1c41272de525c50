//! `cargo xtask tidy`: rules on the files themselves, whatever is in them.
//!
//! That `#[allow]` carries a reason is clippy's to check, and the workspace lints say so.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::Command;

use crate::process::{Failure, capture, root};

pub(crate) fn run() -> Result<(), Failure> {
    // New files that are not ignored count too, so that one learns before the commit.
    let listed = capture(Command::new("git").args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
    ]))?;
    let mut findings = Findings::default();
    let mut count = 0;
    for path in listed
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
    {
        let path = String::from_utf8_lossy(path);
        // A file that is tracked and was deleted has nothing left to be untidy.
        let Ok(content) = std::fs::read(root().join(Path::new(path.as_ref()))) else {
            continue;
        };
        findings.look_at(&path, &content);
        count += 1;
    }
    for warning in &findings.warnings {
        println!("  warning: {warning}");
    }
    for error in &findings.errors {
        eprintln!("  error: {error}");
    }
    if !findings.errors.is_empty() {
        return Err(Failure::new(format!(
            "{} untidy place(s)",
            findings.errors.len()
        )));
    }
    println!(
        "  {count} files are tidy, {} warning(s)",
        findings.warnings.len()
    );
    Ok(())
}

#[derive(Debug, Default)]
struct Findings {
    warnings: Vec<String>,
    errors: Vec<String>,
}

impl Findings {
    fn look_at(&mut self, path: &str, content: &[u8]) {
        self.look_at_name(path);
        // A file with a NUL byte is no text: nothing in it is meant to be read.
        let Ok(text) = std::str::from_utf8(content) else {
            return;
        };
        if text.contains('\0') {
            return;
        }
        if path.ends_with(".rs") {
            self.look_at_length(path, text.lines().count());
        }
        for (number, line) in (1..).zip(text.lines()) {
            self.look_at_line(&format!("{path}:{number}"), line);
        }
    }

    fn look_at_name(&mut self, path: &str) {
        let in_target = path.split('/').any(|folder| folder == "target");
        if in_target || path.ends_with(".log") || path.ends_with(".orig") {
            self.errors
                .push(format!("{path}: left over from a run, and not ignored"));
        }
    }

    fn look_at_length(&mut self, path: &str, lines: usize) {
        if lines > LINES_AT_MOST {
            self.errors
                .push(format!("{path}: {lines} lines, {LINES_AT_MOST} at most"));
        } else if lines > LINES_WELCOME {
            self.warnings
                .push(format!("{path}: {lines} lines, more than {LINES_WELCOME}"));
        }
    }

    fn look_at_line(&mut self, place: &str, line: &str) {
        for mark in MARKS {
            if words(line, mark).any(|rest| !rest.starts_with('(') || rest.starts_with("()")) {
                self.errors
                    .push(format!("{place}: {mark} without (reason)"));
            }
        }
        for private in PRIVATE {
            if words(line, private).next().is_some() {
                self.errors.push(format!(
                    "{place}: names {private}, which only exists on somebody's machine"
                ));
            }
        }
    }
}

/// What follows each place where `word` begins, as a word of its own, in `line`.
fn words<'a>(line: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).filter_map(move |(at, _)| {
        let rest = &line[at + word.len()..];
        let begins = !line[..at].ends_with(letter);
        let ends = !word.ends_with(letter) || !rest.starts_with(letter);
        (begins && ends).then_some(rest)
    })
}

const LINES_WELCOME: usize = 500;
const LINES_AT_MOST: usize = 800;

// Put together here, or this file would be the first finding.
const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];
const PRIVATE: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("../sha", "red"),
    concat!("shared/", "reference"),
];
