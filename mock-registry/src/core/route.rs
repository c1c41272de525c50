//! From a target to what it names. Written apart from any client's parser.

/// What the path of a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/v2/`
    Base,
    /// `/v2`
    BaseWithoutSlash,
    /// The token endpoint.
    Token,
    /// `/v2/<name>/blobs/uploads/`; `slash` is false for the form without the last one.
    Uploads { name: String, slash: bool },
    /// `/v2/<name>/blobs/uploads/<session>`
    Upload { name: String, session: String },
    /// `/v2/<name>/blobs/<digest>`
    Blob { name: String, digest: String },
    /// `/v2/<name>/manifests/<reference>`
    Manifest { name: String, reference: String },
    /// `/v2/<name>/tags/list`
    Tags { name: String },
    /// `/v2/<name>/referrers/<digest>`
    Referrers { name: String, digest: String },
    /// `/_storage/<digest>`: where requests for blobs may be sent.
    Storage { digest: String },
    /// Anything else.
    Unknown,
}

impl Route {
    pub(crate) fn of(path: &str, token_path: &str) -> Self {
        if path == token_path {
            return Self::Token;
        }
        if let Some(digest) = path.strip_prefix("/_storage/") {
            return Self::Storage {
                digest: decode(digest, false),
            };
        }
        let Some(rest) = path.strip_prefix("/v2") else {
            return Self::Unknown;
        };
        if rest.is_empty() {
            return Self::BaseWithoutSlash;
        }
        let Some(rest) = rest.strip_prefix('/') else {
            return Self::Unknown;
        };
        if rest.is_empty() {
            return Self::Base;
        }
        // A name may itself hold "blobs" or "tags": what counts is the end of the path.
        let parts: Vec<String> = rest.split('/').map(|part| decode(part, false)).collect();
        let name = |ending: usize| {
            let name = parts[..parts.len() - ending].join("/");
            (!name.is_empty()).then_some(name)
        };
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        let found = match words.as_slice() {
            [.., "blobs", "uploads", ""] => name(3).map(|name| Self::Uploads { name, slash: true }),
            [.., "blobs", "uploads"] => name(2).map(|name| Self::Uploads { name, slash: false }),
            [.., "blobs", "uploads", session] => name(3).map(|name| Self::Upload {
                name,
                session: (*session).to_owned(),
            }),
            [.., "tags", "list"] => name(2).map(|name| Self::Tags { name }),
            [.., "blobs", digest] => name(2).map(|name| Self::Blob {
                name,
                digest: (*digest).to_owned(),
            }),
            [.., "manifests", reference] => name(2).map(|name| Self::Manifest {
                name,
                reference: (*reference).to_owned(),
            }),
            [.., "referrers", digest] => name(2).map(|name| Self::Referrers {
                name,
                digest: (*digest).to_owned(),
            }),
            _ => None,
        };
        found.unwrap_or(Self::Unknown)
    }
}

/// The decoded pairs of a query or of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(crate) fn of(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(key, true), decode(value, true))
                })
                .collect(),
        )
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }
}

/// Whether a repository name follows the grammar of the OCI distribution specification.
pub(crate) fn is_oci_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.split('/').all(is_oci_component)
}

/// Whether a text is a tag: at most 128 of letters, digits, `_`, `.` and `-`, the last two not in
/// front.
pub(crate) fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = text.bytes();
    text.len() <= LONGEST_TAG
        && bytes.next().is_some_and(word)
        && bytes.all(|byte| word(byte) || byte == b'.' || byte == b'-')
}

/// A text as one part of a path, or as a value of a query.
pub(crate) fn encode(text: &str, keep_slash: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric()
            || b"-._~:".contains(&byte)
            || (keep_slash && byte == b'/');
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn is_oci_component(component: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    let ends_plain =
        bytes.first().is_some_and(|b| plain(*b)) && bytes.last().is_some_and(|b| plain(*b));
    ends_plain
        && bytes
            .split(|byte| plain(*byte))
            .all(|separator| match separator {
                [] | [b'.'] | [b'_'] | [b'_', b'_'] => true,
                dashes => dashes.iter().all(|byte| *byte == b'-'),
            })
}

fn decode(text: &str, plus_is_space: bool) -> String {
    let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'%' => match (hex(bytes.get(at)), hex(bytes.get(at + 1))) {
                (Some(high), Some(low)) => {
                    out.push((high * 16 + low) as u8);
                    at += 2;
                }
                _ => out.push(b'%'),
            },
            b'+' if plus_is_space => out.push(b' '),
            other => out.push(*other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

const LONGEST_NAME: usize = 255;
const LONGEST_TAG: usize = 128;

#[cfg(test)]
mod tests;
