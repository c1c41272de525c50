//! `WWW-Authenticate` (RFC 9110 §11.6.1).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// One challenge: a scheme and its parameters, both in lower case but for the parameters' values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Every challenge of an answer, over all its headers. Several may share one header, and a header
/// that is broken is read as far as it makes sense.
pub(crate) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let mut found = Vec::new();
    for value in headers.get_all(WWW_AUTHENTICATE) {
        let text = String::from_utf8_lossy(value.as_bytes());
        read(&text, &mut found);
    }
    found
}

/// Any word that is followed by no `=` is read as a scheme. That makes a scheme of the blob that
/// `Negotiate` and its like carry, which no one will look for.
fn read(mut rest: &str, found: &mut Vec<Challenge>) {
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        let word = take_while(&mut rest, is_word);
        if word.is_empty() {
            return;
        }
        rest = rest.trim_start();
        let Some(after) = rest.strip_prefix('=') else {
            let scheme = word.to_ascii_lowercase();
            found.push(Challenge { scheme, parameters: Vec::new() });
            continue;
        };
        rest = after.trim_start();
        if rest.is_empty() || rest.starts_with(['=', ',']) {
            // The padding of a blob, or a parameter without a value.
            rest = rest.trim_start_matches('=');
            continue;
        }
        let value = take_value(&mut rest);
        if let Some(challenge) = found.last_mut() {
            challenge.parameters.push((word.to_ascii_lowercase(), value));
        }
    }
}

/// A quoted string, its escapes resolved, or all up to a comma or a space: realms are URLs and not
/// always quoted.
fn take_value(rest: &mut &str) -> String {
    let Some(quoted) = rest.strip_prefix('"') else {
        return take_while(rest, |c| c != ',' && !c.is_whitespace()).to_owned();
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                *rest = &quoted[at + 1..];
                return value;
            }
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    *rest = "";
    value
}

fn take_while<'a>(rest: &mut &'a str, wanted: impl Fn(char) -> bool) -> &'a str {
    let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    let (taken, left) = rest.split_at(end);
    *rest = left;
    taken
}

/// The characters of tokens and of blobs (`token` and `token68` of RFC 9110 §5.6.2, §11.2).
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/".contains(c)
}

#[cfg(test)]
mod tests;
