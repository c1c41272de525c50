//! What looks like a secret in a server's text.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{PLACEHOLDER, replaced};

mod names;

use names::{Value, is_harmless, value_of};

/// `text` with `<secret>` in place of whatever has the shape of one.
///
/// What shapes these are is said at the [module](super). Redacting twice is the same as once.
#[must_use]
pub fn redacted(text: &str) -> String {
    let mut text = text.to_owned();
    for find in [user_information, fields, schemes, words] {
        let found = find(&text);
        text = replaced(&text, found);
    }
    text
}

/// Whether `text`, which should be a reference or a host, has a user name and perhaps a password in
/// front of the host.
///
/// That is so if there is an `@` that is not followed by a digest, and a colon before the `@` or a
/// slash behind it: `user:pass@host/x`, `user@host/x`, but neither `app@latest` nor
/// `host/app:1.0@sha256:…`.
#[must_use]
pub fn has_credentials(text: &str) -> bool {
    user_information_end(text).is_some()
}

/// `text`, which should be a reference or a host, without [credentials](has_credentials) in front of
/// the host.
#[must_use]
pub fn without_credentials(text: &str) -> String {
    match user_information_end(text) {
        Some(end) => {
            let start = text.find("://").map_or(0, |at| at + 3);
            let start = if start < end { start } else { 0 };
            format!("{}{PLACEHOLDER}{}", &text[..start], &text[end..])
        }
        None => text.to_owned(),
    }
}

/// Where the `@` behind credentials is, in what should be a reference.
fn user_information_end(text: &str) -> Option<usize> {
    let at = text
        .rmatch_indices('@')
        .find(|(at, _)| !is_digest(&text[at + 1..]))?
        .0;
    let (before, after) = (&text[..at], &text[at + 1..]);
    let before = before.split_once("://").map_or(before, |(_, rest)| rest);
    // In names of directories, as Charliecloud has them, `%` and `+` stand for `/` and `:`.
    let (first, path) = before.split_once(['/', '%']).unwrap_or((before, ""));
    let is_pair = first.split_once([':', '+']).is_some_and(|(_, port)| {
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        path.is_empty() || !is_port
    });
    (is_pair || after.contains(['/', '%'])).then_some(at)
}

/// `user:pass@`: in front of the host of a URL, or where a host could be.
fn user_information(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, mark) in text
        .match_indices("://")
        .chain(text.match_indices("%3A%2F%2F"))
        .chain(text.match_indices("%3a%2f%2f"))
    {
        let start = at + mark.len();
        let rest = &text[start..];
        let rest = &rest[..rest.floor_char_boundary(LONGEST_USER)];
        let run = &rest[..rest.find(ends_a_url).unwrap_or(rest.len())];
        let is_encoded = mark.len() > 3;
        let ends: &[&str] = if is_encoded {
            &["/", "?", "#", "&", "%2F", "%2f", "%3F", "%3f"]
        } else {
            &["/", "?", "#"]
        };
        let end = ends.iter().filter_map(|end| run.find(end)).min();
        let authority = &run[..end.unwrap_or(run.len())];
        let user = authority.rfind('@').or_else(|| authority.rfind("%40"));
        // A slash in a password should have been encoded.
        let user = user.or_else(|| {
            let (_, port) = authority.split_once(':')?;
            let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
            let last = run.rfind('@')?;
            (!is_port && !authority.starts_with('[')).then_some(last)
        });
        found.extend(user.map(|end| start..start + end));
    }
    found.extend(bare_user_information(text));
    found
}

/// `user:pass@host` without a scheme.
fn bare_user_information(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut done = 0;
    for (at, _) in text.match_indices('@') {
        let ends = |c: char| ends_a_url(c) || matches!(c, '/' | '@' | '(' | '=' | '&' | '?');
        let before = &text[done..at];
        let start = before.rfind(ends).map_or(done, |place| {
            let end = before[place..].chars().next().map_or(1, char::len_utf8);
            done + place + end
        });
        done = at + 1;
        let is_after_slash = text[..start].ends_with('/');
        let after = &text[at + 1..];
        let is_host = after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        let pair = text[start..at].split_once(':');
        let is_pair = pair.is_some_and(|(user, password)| {
            !user.is_empty() && !password.is_empty() && !user.eq_ignore_ascii_case("mailto")
        });
        if is_pair && is_host && !is_after_slash && !is_digest(after) {
            found.push(start..at);
        }
    }
    found
}

/// The values of fields whose names say that they are secret, and long opaque values in queries.
fn fields(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let separator = separator(&bytes[at..]);
        let Some((mark, length)) = separator else {
            at += 1;
            continue;
        };
        let start = at;
        at += length;
        if found.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let Some(name) = name_before(text, start) else {
            continue;
        };
        let is_encoded = length > 1;
        let value = match (value_of(&text[name.clone()]), mark) {
            // `host/my-token:1.0` is an image.
            (_, b':') if text[..name.start].ends_with('/') => continue,
            (Value::Open, b'=') if in_query(text, name.start) => {
                long_value(text, at, &text[name.clone()])
            }
            (Value::Open, _) => None,
            (kind, _) => secret_value(text, at, mark, is_encoded, kind),
        };
        if let Some(value) = value {
            at = value.end;
            found.push(value);
        }
    }
    found
}

/// A `=` or `:`, percent-encoded or not, at the start: which, and how long.
fn separator(bytes: &[u8]) -> Option<(u8, usize)> {
    match bytes {
        [mark @ (b'=' | b':'), ..] => Some((*mark, 1)),
        [b'%', b'3', b'D' | b'd', ..] => Some((b'=', 3)),
        [b'%', b'3', b'A' | b'a', ..] => Some((b':', 3)),
        _ => None,
    }
}

/// The name that ends where a separator begins.
fn name_before(text: &str, end: usize) -> Option<Range<usize>> {
    let mut before = text[..end].trim_end_matches(' ');
    for quote in ["%22", "\"", "'", "\\", "`"] {
        before = before.strip_suffix(quote).unwrap_or(before);
    }
    let end = before.len();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let name = before.bytes().rev().take(LONGEST_NAME);
    let length = name.take_while(is_name).count();
    let mut start = end - length;
    // `%26sig`: the digits belong to the character that is encoded.
    if text[..start].ends_with('%') {
        start = (start + 2).min(end);
    }
    (start < end).then_some(start..end)
}

/// Whether a name that starts there is one of a URL's query.
fn in_query(text: &str, start: usize) -> bool {
    text[..start].ends_with(['?', '&', ';'])
}

/// The value of a field that is secret.
fn secret_value(
    text: &str,
    from: usize,
    mark: u8,
    is_encoded: bool,
    kind: Value,
) -> Option<Range<usize>> {
    let mut rest = &text[from..];
    while let Some(after) = rest.strip_prefix(' ').or_else(|| rest.strip_prefix("%20")) {
        rest = after;
    }
    let mut start = text.len() - rest.len();
    let quotes = ["\\\"", "\"", "'", "%22"];
    let quote = quotes.into_iter().find(|quote| rest.starts_with(quote));
    if let Some(quote) = quote {
        start += quote.len();
        let rest = &text[start..];
        // Where the end was cut off, the rest of the word is what there is.
        let end = rest.find(quote).or_else(|| rest.find(ends_a_value));
        return hides(text, start..start + end.unwrap_or(rest.len()));
    }
    let scheme = if kind == Value::Scheme {
        scheme_length(&text[start..])
    } else {
        0
    };
    start += scheme;
    let rest = &text[start..];
    let mut length = rest.find(ends_a_value).unwrap_or(rest.len());
    if is_encoded {
        let ends = ["%26", "%20", "%22", "%0D", "%0A"];
        let end = ends.iter().filter_map(|end| rest[..length].find(end)).min();
        length = end.unwrap_or(length);
    }
    if kind == Value::Pairs {
        length = pairs_length(rest);
    }
    let value = rest[..length].trim_end_matches(['.', ',', ';', ':', ')', ']', '}']);
    // In a sentence, what follows a colon is most often the next word.
    let may_be_prose = match kind {
        Value::Word => mark == b':' || start > from,
        Value::Scheme => scheme == 0,
        Value::Open | Value::Secret | Value::Pairs => false,
    };
    if may_be_prose && !is_opaque(value) {
        return None;
    }
    hides(text, start..start + value.len())
}

/// How long `name=value; name=value` is.
fn pairs_length(text: &str) -> usize {
    let ends = |c: char| c == ';' || (ends_a_url(c) && c != '<' && c != '>');
    let mut length = text.find(ends).unwrap_or(text.len());
    while let Some(rest) = text[length..].strip_prefix(';') {
        let rest = rest.trim_start_matches(' ');
        let next = rest.find(ends).unwrap_or(rest.len());
        if next == 0 {
            break;
        }
        length = text.len() - rest.len() + next;
    }
    length
}

/// A long random value in a query, under any name.
fn long_value(text: &str, start: usize, name: &str) -> Option<Range<usize>> {
    let rest = &text[start..];
    let length = rest.find(ends_a_value).unwrap_or(rest.len());
    let value = &rest[..length];
    // What is secret in a URL that is a value has a name of its own.
    let is_url = value.to_ascii_lowercase().contains("%3a%2f%2f");
    let is_readable = is_url || is_harmless(name) || is_digest(value) || is_uuid(value);
    let is_word = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.~+/%=".contains(&byte));
    (!is_readable && is_word && value.len() >= LONG && is_opaque(value))
        .then_some(start..start + length)
}

/// The credentials behind `Basic`, `Bearer` and `Negotiate` (RFC 9110, section 11.4: token68).
fn schemes(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for scheme in SCHEMES {
        let mut done = 0;
        for (at, _) in lower.match_indices(scheme) {
            if at < done {
                continue;
            }
            let is_word = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let end = at + scheme.len();
            let gap = GAPS.into_iter().find(|gap| text[end..].starts_with(gap));
            let Some(gap) = gap.filter(|_| is_word) else {
                continue;
            };
            let start = end + gap.len();
            let start = start + (text[start..].len() - text[start..].trim_start_matches(' ').len());
            let length = token_length(&text[start..]);
            let token = &text[start..start + length];
            // A challenge: `Bearer realm="…"`.
            let is_parameter = token.ends_with('=') && text[start + length..].starts_with('"');
            if !is_parameter && (is_opaque(token) || is_pair(token)) {
                done = start + length;
                found.push(start..done);
            }
        }
    }
    found
}

/// Words that are secrets by themselves: JSON Web Tokens (RFC 7519; each begins with `{"` in base64),
/// and tokens with a prefix.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (prefix, shortest) in PREFIXES {
        let mut done = 0;
        for (at, _) in text.match_indices(prefix) {
            if at < done {
                continue;
            }
            let length = token_length(&text[at..]);
            if length >= *shortest {
                done = at + length;
                found.push(at..done);
            }
        }
    }
    found
}

/// How many characters at the start may be in a token (RFC 9110, section 11.2: token68), its padding
/// percent-encoded or not.
fn token_length(text: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(byte);
    let token = &text[..text.bytes().take_while(is_part).count()];
    let end = token.find("%22").or_else(|| token.find("%26"));
    token[..end.unwrap_or(token.len())]
        .trim_end_matches('.')
        .len()
}

/// How long the name of a known scheme and the space behind it are, if one is there.
fn scheme_length(text: &str) -> usize {
    let word = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let scheme = text[..word].to_ascii_lowercase();
    let gap = GAPS.into_iter().find(|gap| text[word..].starts_with(gap));
    match gap {
        Some(gap) if SCHEMES.contains(&scheme.as_str()) => word + gap.len(),
        _ => 0,
    }
}

/// Whether a word is none of a language: letters and digits, capitals within, many digits, or very
/// long.
fn is_opaque(word: &str) -> bool {
    if word.len() >= LONGEST_WORD {
        return true;
    }
    let count = |is: fn(&u8) -> bool| word.bytes().filter(is).count();
    let (digits, lower) = (count(u8::is_ascii_digit), count(u8::is_ascii_lowercase));
    let upper = word.bytes().skip(1).filter(u8::is_ascii_uppercase).count();
    let is_mixed = digits > 0 && digits + 1 < word.len() && word.len() >= SHORT_OPAQUE;
    (is_mixed && !is_digest(word))
        || (upper > 0 && lower > 0 && word.len() >= OPAQUE_LETTERS)
        || digits >= SHORT_OPAQUE
}

/// Whether it is a user name and a password in base64 (RFC 7617), perhaps cut.
fn is_pair(token: &str) -> bool {
    let token = token.trim_end_matches('=');
    let whole = &token[..token.len() / 4 * 4];
    let decoded = [token, whole]
        .into_iter()
        .find_map(|text| STANDARD_NO_PAD.decode(text).ok());
    decoded.is_some_and(|pair| {
        pair.contains(&b':') && pair.iter().all(|byte| !byte.is_ascii_control())
    })
}

/// Whether a digest begins there: an algorithm, and a colon that may be percent-encoded.
fn is_digest(text: &str) -> bool {
    let algorithm = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (name, rest) = text.split_at(algorithm);
    let is_separated = [":", "%3A", "%3a", "+"]
        .iter()
        .any(|mark| rest.starts_with(mark));
    ["sha256", "sha384", "sha512"].contains(&name) && is_separated
}

/// Whether it is a UUID (RFC 9562), with its hyphens or without.
fn is_uuid(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let hyphens = text.bytes().filter(|byte| *byte == b'-').count();
    digits == 32 && matches!(hyphens, 0 | 4) && digits + hyphens == text.len()
}

fn ends_a_url(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | '<' | '>' | '`' | '\\' | '|')
}

fn ends_a_value(character: char) -> bool {
    ends_a_url(character) || matches!(character, '&' | ';')
}

/// Whether there is anything to hide there that is not hidden already.
fn hides(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let value = &text[range.clone()];
    (!value.is_empty() && value != PLACEHOLDER).then_some(range)
}

const SCHEMES: [&str; 3] = ["basic", "bearer", "negotiate"];
/// What stands between a scheme and its credentials: a space, in a URL too.
const GAPS: [&str; 3] = ["%20", " ", "+"];
/// What a token begins with, and how long it is at least: JSON objects in base64; GitHub ("About
/// authentication to GitHub", token formats); GitLab ("GitLab token overview", token prefixes); Docker
/// Hub (personal and organization access tokens).
const PREFIXES: &[(&str, usize)] = &[
    ("eyJ", 20),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 20),
    ("gldt-", 20),
    ("glcbt-", 20),
    ("glptt-", 20),
    ("dckr_pat_", 20),
    ("dckr_oat_", 20),
];
const LONGEST_NAME: usize = 64;
/// How far the end of user information is looked for. What is bounded here keeps the whole linear.
const LONGEST_USER: usize = 1024;
const LONGEST_WORD: usize = 256;
/// From which length on a value in a query is long. Identifiers of objects are shorter.
const LONG: usize = 24;
const SHORT_OPAQUE: usize = 8;
const OPAQUE_LETTERS: usize = 12;
