//! Redaction: what is taken out of requests and answers before they are kept, written to a file or shown.
//!
//! Everything that leaves the mock goes through here: the log of the core, the record and what is made of
//! it (`--record`, `--har`, the live page), and what the judge quotes of a client. Secrets that the
//! registry knows are replaced first, by labels that say which they are (`record/secrets.rs`). These rules
//! are for the others: passwords of users that there are not, tokens of other registries, cookies.
//! `<unknown>` stands in their place.
//!
//! | where | what goes |
//! |---|---|
//! | `Authorization`, `Proxy-Authorization` | all but the scheme |
//! | `Cookie`, `Set-Cookie` | the values, but not names and attributes |
//! | headers whose name says so: `X-Registry-Auth`, `X-Api-Key`, `PRIVATE-TOKEN`, ... | all |
//! | queries, forms and JSON: `password`, `access_token`, `refresh_token`, ... | the values |
//! | URLs | user information (RFC 3986, section 3.2.1) |
//! | all texts | the credentials after `Basic` and `Bearer`, and JSON Web Tokens |
//!
//! What the registry itself puts into upload URLs stays, `_state` and `X-Signature` too: it opens nothing
//! but the mock, and the judge looks at whether a client sends it back as it was. So do digests, session
//! identifiers, and the bodies of manifests, which are made to be published.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::record::SecretKind;

/// What stands for a secret that is not known.
pub(crate) const UNKNOWN: &str = "<unknown>";

/// The value of the header `name`, which is in lower case.
pub(crate) fn header(name: &str, value: &str) -> String {
    match name {
        "authorization" | "proxy-authorization" => credentials(value),
        "cookie" => pairs(value, usize::MAX),
        // The rest are attributes.
        "set-cookie" => pairs(value, 1),
        "www-authenticate" | "proxy-authenticate" => text(value),
        _ if SECRET_HEADERS.iter().any(|part| name.contains(part)) => unknown(value),
        _ => text(value),
    }
}

/// A text of any kind: a target, a form, JSON, words.
pub(crate) fn text(text: &str) -> String {
    let mut text = text.to_owned();
    for find in [user_information, fields, tokens] {
        text = replaced(&text, find(&text));
    }
    text
}

/// A command on one line, as it was typed: without the values of options that are named for secrets.
/// Placeholders such as `{password}` stay.
pub(crate) fn command(arguments: &[String]) -> String {
    let mut shown = Vec::new();
    let mut hides = false;
    for argument in arguments {
        let is_placeholder = argument.contains('{');
        shown.push(if hides && !is_placeholder {
            UNKNOWN.to_owned()
        } else if is_placeholder {
            argument.clone()
        } else {
            text(argument)
        });
        hides = argument == "-p" || (argument.starts_with('-') && is_secret(argument));
    }
    shown.join(" ")
}

/// `Authorization` without the credentials.
fn credentials(value: &str) -> String {
    match value.split_once(' ') {
        Some((scheme, rest)) => {
            let is_scheme = scheme.len() < 16 && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
            let scheme = if is_scheme { scheme } else { UNKNOWN };
            format!("{scheme} {}", unknown(rest.trim()))
        }
        None => unknown(value),
    }
}

/// Cookies without the values of the first ones.
fn pairs(value: &str, count: usize) -> String {
    let shown = value
        .split(';')
        .enumerate()
        .map(|(number, pair)| match pair.split_once('=') {
            _ if number >= count => pair.to_owned(),
            Some((name, value)) => format!("{name}={}", unknown(value)),
            None => unknown(pair),
        });
    shown.collect::<Vec<_>>().join(";")
}

/// A label as it is, and anything else not at all.
fn unknown(value: &str) -> String {
    if value.is_empty() || is_label(value) {
        value.to_owned()
    } else {
        UNKNOWN.to_owned()
    }
}

/// Whether it is a label that stands for a secret already.
fn is_label(value: &str) -> bool {
    let inner = value.strip_prefix('<').and_then(|v| v.strip_suffix('>'));
    let is_known = value == UNKNOWN || SecretKind::of(value).is_some();
    is_known && inner.is_some_and(|inner| !inner.contains(['<', '>', ' ']))
}

/// `user:password@` in URLs.
fn user_information(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, mark) in text.match_indices("://") {
        let start = at + mark.len();
        let rest = &text[start..];
        let rest = &rest[..rest.find(ends_a_word).unwrap_or(rest.len())];
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        found.extend(rest[..end].rfind('@').map(|end| start..start + end));
    }
    found
}

/// The values of secret fields in queries and forms (`name=value`), and in JSON (`"name": "value"`).
fn fields(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, mark) in text.match_indices([':', '=']) {
        let before = text[..at].trim_end();
        let (before, is_quoted) = match before.strip_suffix('"') {
            Some(before) => (before, true),
            None => (before, false),
        };
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
        let name = before.bytes().rev().take(LONGEST_NAME);
        let length = name.take_while(is_name).count();
        let name = &before[before.len() - length..];
        if !is_secret(name) || (mark == ":" && !is_quoted) {
            continue;
        }
        let rest = &text[at + 1..];
        let value = rest.trim_start();
        let start = text.len() - value.len();
        let range = match value.strip_prefix('"') {
            Some(value) => start + 1..start + 1 + quoted_length(value),
            None if is_quoted => continue,
            None => at + 1..at + 1 + rest.find(ends_a_value).unwrap_or(rest.len()),
        };
        if !range.is_empty() && !is_label(&text[range.clone()]) {
            found.push(range);
        }
    }
    found
}

/// How long a JSON string is up to its quote.
fn quoted_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !is_escaped => return at,
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}

/// What follows `Basic` and `Bearer`, and JSON Web Tokens.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for scheme in ["basic ", "bearer "] {
        for (at, _) in lower.match_indices(scheme) {
            let start = at + scheme.len();
            let length = token_length(&text[start..]);
            let token = &text[start..start + length];
            let digits = token.bytes().filter(u8::is_ascii_digit).count();
            let is_word = digits == 0 || token.len() < SHORTEST;
            let is_pair = scheme == "basic " && is_pair(token);
            if !token.ends_with('=') && !is_word || is_pair {
                found.push(start..start + length);
            }
        }
    }
    // JSON in base64: `{"`.
    for (at, _) in text.match_indices("eyJ") {
        let length = token_length(&text[at..]);
        if length >= SHORTEST_JWT {
            found.push(at..at + length);
        }
    }
    found
}

fn token_length(text: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    text.bytes().take_while(is_part).count()
}

/// Whether it is a user name and a password (RFC 7617).
fn is_pair(token: &str) -> bool {
    let decoded = STANDARD_NO_PAD.decode(token.trim_end_matches('='));
    decoded.is_ok_and(|pair| pair.contains(&b':'))
}

/// Whether a field of this name, or an option, holds a secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let is = |field: &&str| {
        let before = name.strip_suffix(field);
        before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
    };
    name != "offline_token" && SECRET_FIELDS.iter().any(is)
}

fn ends_a_word(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | '\\')
}

fn ends_a_value(character: char) -> bool {
    ends_a_word(character) || matches!(character, '&' | ';' | ',')
}

/// The text with `<unknown>` in these places.
fn replaced(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for range in found {
        if range.end <= done {
            continue;
        }
        if range.start >= done {
            out.push_str(&text[done..range.start]);
            out.push_str(UNKNOWN);
        }
        done = range.end;
    }
    out.push_str(&text[done..]);
    out
}

/// Parts of the names of headers: `X-Registry-Auth` and `X-Registry-Config` (Docker's engine API),
/// `PRIVATE-TOKEN`, `JOB-TOKEN` and `Deploy-Token` (GitLab), `X-Amz-Security-Token`, `X-JFrog-Art-Api`.
const SECRET_HEADERS: &[&str] = &[
    "-auth",
    "api-key",
    "apikey",
    "art-api",
    "credential",
    "passw",
    "registry-config",
    "secret",
    "signature",
    "token",
];
/// Names of parameters and members: those of OAuth 2.0 (RFC 6749; RFC 7521, section 4.2), of the token
/// specification, and of docker's configuration.
const SECRET_FIELDS: &[&str] = &[
    "access_token",
    "api_key",
    "apikey",
    "assertion",
    "auth",
    "client_assertion",
    "client_secret",
    "creds",
    "id_token",
    "identitytoken",
    "job_token",
    "passwd",
    "password",
    "private_token",
    "refresh_token",
    "registrytoken",
    "secret",
    "token",
];
const LONGEST_NAME: usize = 64;
const SHORTEST: usize = 8;
const SHORTEST_JWT: usize = 20;

#[cfg(test)]
mod tests;
