//! Secrets that are known, and the labels that stand for them. For others see [`redact`](crate::redact).

use base64::Engine as _;

use super::Sighting;

/// What kind of secret it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretKind {
    /// A password, by itself or in a `Basic` header.
    Password,
    /// A token for requests to the registry.
    Token,
    /// A token that gives tokens.
    Refresh,
}

impl SecretKind {
    /// What a label of this kind begins with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Password => "<password:",
            Self::Token => "<token:",
            Self::Refresh => "<refresh:",
        }
    }

    /// The kind of secret that a label stands for.
    #[must_use]
    pub fn of(label: &str) -> Option<Self> {
        [Self::Password, Self::Token, Self::Refresh]
            .into_iter()
            .find(|kind| label.starts_with(kind.prefix()))
    }
}

/// The secrets that are known.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    known: Vec<(String, String)>,
    tokens: u64,
    refresh: u64,
}

impl Secrets {
    pub(super) fn know_user(&mut self, name: &str, password: &str) {
        let label = format!("{}{name}>", SecretKind::Password.prefix());
        let both = format!("{name}:{password}");
        self.add(
            base64::engine::general_purpose::STANDARD.encode(&both),
            &label,
        );
        self.add(password.to_owned(), &label);
        self.add(percent(password), &label);
    }

    pub(super) fn know(&mut self, kind: SecretKind, secret: &str) {
        // Short ones would be found everywhere.
        if secret.len() < SHORTEST || self.known.iter().any(|(known, _)| known == secret) {
            return;
        }
        let count = match kind {
            SecretKind::Refresh => &mut self.refresh,
            _ => &mut self.tokens,
        };
        *count += 1;
        let label = format!("{}{count}>", kind.prefix());
        self.add(secret.to_owned(), &label);
    }

    /// The same text with labels, and which secrets were in it.
    pub(super) fn redact(&self, text: &str, place: &str, seen: &mut Vec<Sighting>) -> String {
        let mut text = text.to_owned();
        for (secret, label) in &self.known {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), label);
                let sighting = Sighting {
                    label: label.clone(),
                    place: place.to_owned(),
                };
                if !seen.contains(&sighting) {
                    seen.push(sighting);
                }
            }
        }
        text
    }

    /// Which secrets stand in a text as they are.
    pub(super) fn labels_in(&self, text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        self.redact(text, "text", &mut seen);
        seen.into_iter().map(|sighting| sighting.label).collect()
    }

    fn add(&mut self, secret: String, label: &str) {
        if secret.is_empty() || self.known.iter().any(|(known, _)| *known == secret) {
            return;
        }
        if self.known.len() >= MOST {
            // The first ones are the passwords.
            self.known.remove(MOST / 4);
        }
        self.known.push((secret, label.to_owned()));
    }
}

fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

const SHORTEST: usize = 8;
const MOST: usize = 256;
