//! Challenges: what `WWW-Authenticate` asks for (RFC 9110, section 11.6.1).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use super::scope::Scope;
use crate::text::printable;
use crate::wire::url::HttpUrl;

/// A challenge that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User name and password with every request (RFC 7617).
    Basic,
    /// A token from the server at `realm` (RFC 6750; the token server is docker's, see the
    /// distribution project's token specification).
    Bearer(Bearer),
}

/// A Bearer challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) realm: HttpUrl,
    pub(crate) service: Option<String>,
    pub(crate) scopes: Vec<Scope>,
}

/// The best challenge among all of an answer's: Bearer with a URL for a realm, else Basic. None
/// where there is nothing that can be answered.
pub(crate) fn best(headers: &HeaderMap) -> Option<Challenge> {
    let parsed: Vec<Parsed<'_>> = headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
        .flat_map(parse)
        .collect();
    let bearer = parsed.iter().find_map(|challenge| challenge.bearer());
    let is_basic = |challenge: &Parsed<'_>| challenge.scheme.eq_ignore_ascii_case("basic");
    bearer
        .map(Challenge::Bearer)
        .or_else(|| parsed.iter().any(is_basic).then_some(Challenge::Basic))
}

/// The schemes that an answer's challenges name, in one line for a person. None where there is none.
pub(crate) fn schemes(headers: &HeaderMap) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for value in headers.get_all(WWW_AUTHENTICATE) {
        for challenge in parse(std::str::from_utf8(value.as_bytes()).unwrap_or_default()) {
            let name = printable(challenge.scheme, MAX_SCHEME);
            if !names.contains(&name) && names.len() < MAX_SCHEMES {
                names.push(name);
            }
        }
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// One challenge, as it stands in the header.
struct Parsed<'a> {
    scheme: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Parsed<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn bearer(&self) -> Option<Bearer> {
        if !self.scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let service = self.parameter("service").filter(|text| !text.is_empty());
        Some(Bearer {
            realm: HttpUrl::parse(self.parameter("realm")?).ok()?,
            service: service.map(str::to_owned),
            scopes: Scope::list(self.parameter("scope").unwrap_or_default()),
        })
    }
}

/// Takes a header value apart. Several challenges may stand in one value, with commas between them
/// as between their parameters: a word that no equals sign follows begins the next one.
fn parse(value: &str) -> Vec<Parsed<'_>> {
    let mut challenges: Vec<Parsed<'_>> = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find([' ', '\t', ',', '=', '"']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let Some(next) = after.chars().next().or((!word.is_empty()).then_some(' ')) else {
            return challenges;
        };
        let spaced = after.trim_start_matches([' ', '\t']);
        match (spaced.strip_prefix('='), challenges.last_mut()) {
            (Some(value), Some(challenge)) => {
                let (value, left) = parameter_value(value.trim_start_matches([' ', '\t']));
                challenge.parameters.push((word, value));
                rest = left;
            }
            _ if word.is_empty() => rest = &after[next.len_utf8().min(after.len())..],
            _ => {
                challenges.push(Parsed {
                    scheme: word,
                    parameters: Vec::new(),
                });
                rest = after;
            }
        }
    }
}

/// A token or a quoted string, and what follows it. Unquoted values reach to the next comma or
/// space, so that an unquoted URL is read whole.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

/// Of a scheme's name, and of names, so many are shown.
const MAX_SCHEME: usize = 40;
const MAX_SCHEMES: usize = 4;

#[cfg(test)]
mod tests;
