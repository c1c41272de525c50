//! Secrets that are known, in the forms in which servers repeat them.

use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::{redacted, replaced};
use crate::credentials::{Credentials, Secret};
use crate::text::printable;

/// The secrets of a push, and the texts without them.
///
/// `Debug` says how many there are.
#[derive(Clone, Default)]
pub struct Redaction {
    /// What a person gave: a few.
    given: Vec<Form>,
    /// What was got from servers, the oldest dropped when there are too many.
    got: Vec<Form>,
}

/// One spelling of a secret, in lower case: hosts are told in lower case, whatever was sent.
#[derive(Clone, PartialEq, Eq)]
enum Form {
    /// It stands for itself.
    Plain(Vec<u8>),
    /// It is a part of something in base64, all of which goes.
    Base64(Vec<u8>),
}

impl Redaction {
    /// Takes these credentials out from now on.
    pub fn know(&mut self, credentials: &Credentials) {
        match credentials {
            Credentials::Password { username, password } => {
                add(&mut self.given, password.expose());
                let pair = [username.as_bytes(), b":", password.expose_bytes()].concat();
                let pair = STANDARD_NO_PAD.encode(pair);
                push(&mut self.given, Form::Base64(lower(pair.as_bytes())));
            }
            Credentials::IdentityToken(token) | Credentials::RegistryToken(token) => {
                add(&mut self.given, token.expose());
            }
        }
    }

    /// Takes this token out from now on. Of these only the last ones are kept.
    pub fn know_token(&mut self, token: &Secret) {
        add(&mut self.got, token.expose());
        let excess = self.got.len().saturating_sub(MOST_GOT);
        self.got.drain(..excess);
    }

    /// `text` from a server, without these secrets and without what [looks like](redacted) another.
    #[must_use]
    pub fn redacted(&self, text: &str) -> String {
        redacted(&self.without_known(text, &[]))
    }

    /// The same without `others`, too: secrets that belong to one request.
    pub(crate) fn redacted_with(&self, text: &str, others: &[&str]) -> String {
        redacted(&self.without_known(text, others))
    }

    /// `text` of our own, which may quote a server, without these secrets.
    pub(crate) fn without_known(&self, text: &str, others: &[&str]) -> String {
        let mut own = Vec::new();
        for other in others {
            add(&mut own, other);
        }
        let forms = || self.given.iter().chain(&self.got).chain(&own);
        if forms().next().is_none() || text.is_empty() {
            return text.to_owned();
        }
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut view = View::new(text);
        for _ in 0..=MOST_DECODED {
            for form in forms() {
                view.find(form, &mut found);
            }
            match view.decoded() {
                Some(decoded) => view = decoded,
                None => break,
            }
        }
        replaced(text, found)
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redaction({})", self.given.len() + self.got.len())
    }
}

/// A text as it is, or percent-decoded, and where each of its bytes stood.
struct View {
    /// In lower case.
    bytes: Vec<u8>,
    /// Where each byte began in the text, and, at the end, how long that is.
    places: Vec<usize>,
}

impl View {
    fn new(text: &str) -> Self {
        Self {
            bytes: lower(text.as_bytes()),
            places: (0..=text.len()).collect(),
        }
    }

    /// With `%` and two hex digits decoded, unless there are none.
    fn decoded(&self) -> Option<Self> {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        let mut at = 0;
        while at < self.bytes.len() {
            places.push(self.places[at]);
            let digits = self.bytes.get(at + 1..at + 3);
            let value = digits
                .and_then(|digits| std::str::from_utf8(digits).ok())
                .and_then(|digits| u8::from_str_radix(digits, 16).ok());
            match value.filter(|_| self.bytes[at] == b'%') {
                Some(value) => {
                    bytes.push(value.to_ascii_lowercase());
                    at += 3;
                }
                None => {
                    bytes.push(self.bytes[at]);
                    at += 1;
                }
            }
        }
        places.push(self.places[at]);
        (bytes.len() < self.bytes.len()).then_some(Self { bytes, places })
    }

    /// Adds where in the text `form` stands.
    fn find(&self, form: &Form, found: &mut Vec<Range<usize>>) {
        let (Form::Plain(wanted) | Form::Base64(wanted)) = form;
        let mut from = 0;
        while let Some(at) = position(&self.bytes[from..], wanted) {
            let mut range = from + at..from + at + wanted.len();
            if matches!(form, Form::Base64(_)) {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+_-".contains(byte);
                while range.start > 0 && is_part(&self.bytes[range.start - 1]) {
                    range.start -= 1;
                }
                while range.end < self.bytes.len()
                    && (is_part(&self.bytes[range.end]) || self.bytes[range.end] == b'=')
                {
                    range.end += 1;
                }
            }
            from = range.end;
            found.push(self.places[range.start]..self.places[range.end]);
        }
    }
}

/// Adds the forms of a secret, and of each of its lines: a server may have put other white space, or
/// none, between them.
fn add(forms: &mut Vec<Form>, secret: &str) {
    for part in std::iter::once(secret).chain(secret.lines().map(str::trim)) {
        if part.len() < SHORTEST {
            continue;
        }
        let escaped = serde_json::to_string(part).unwrap_or_default();
        let html = part.replace('&', "&amp;").replace('<', "&lt;");
        let html = html.replace('>', "&gt;").replace('"', "&quot;");
        let plain = [
            part.to_owned(),
            printable(part, usize::MAX),
            part.replace(' ', "+"),
            escaped.trim_matches('"').to_owned(),
            part.escape_debug().to_string(),
            html.replace('\'', "&#39;"),
            html,
        ];
        for text in plain {
            if text.len() >= SHORTEST {
                push(forms, Form::Plain(lower(text.as_bytes())));
            }
        }
        for shift in 0..3 {
            for core in cores(part.as_bytes(), shift) {
                if core.len() >= SHORTEST_CORE {
                    push(forms, Form::Base64(lower(core.as_bytes())));
                }
            }
        }
    }
}

fn push(forms: &mut Vec<Form>, form: Form) {
    if !forms.contains(&form) {
        forms.push(form);
    }
}

/// The characters of base64, in both alphabets, that `secret` alone decides where `shift` bytes stand
/// before the group of three in which it begins.
fn cores(secret: &[u8], shift: usize) -> [String; 2] {
    let bytes = [&[0; 3][..shift], secret].concat();
    // 8 bits of each byte in front, in pieces of 6, rounded up.
    let start = (shift * 8).div_ceil(6);
    // What a further byte would change is left out.
    let end = bytes.len() * 8 / 6;
    [
        STANDARD_NO_PAD.encode(&bytes),
        URL_SAFE_NO_PAD.encode(&bytes),
    ]
    .map(|text| text.get(start..end).unwrap_or_default().to_owned())
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

fn lower(bytes: &[u8]) -> Vec<u8> {
    bytes.to_ascii_lowercase()
}

/// Shorter texts occur by chance; taking them out would garble messages.
const SHORTEST: usize = 6;
/// As many characters of base64 as six bytes surely fill.
const SHORTEST_CORE: usize = 6;
/// How often a text is percent-decoded: once for a URL, and once more for one inside its query.
const MOST_DECODED: usize = 2;
/// How many forms of tokens are kept: some dozen tokens.
const MOST_GOT: usize = 512;
