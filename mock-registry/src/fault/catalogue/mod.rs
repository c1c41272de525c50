//! All faults there are, a file for each group.

mod auth;
mod bodies;
mod http_shape;
mod integrity;
mod network;
mod rate;
mod refusals;
mod secret;
mod session;
mod tricks;
mod unplayed;

use std::fmt;

use super::play::Play;
use super::spec::Params;
use super::{Scene, Step};

pub(crate) use bodies::gzip;
pub(crate) use tricks::path_of;
pub use unplayed::{Unplayed, unplayed};

/// A fault as the catalogue describes it.
pub struct Entry {
    /// Its number, as in `F14`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// What the registry does.
    pub does: &'static str,
    /// What a robust client does about it.
    pub robust: &'static str,
    /// Where it plays unless told otherwise.
    pub steps: &'static [Step],
    /// How often it plays unless told otherwise; `None` means always.
    pub times: Option<u64>,
    /// Its own settings.
    pub params: &'static [Param],
    /// Whether a robust client succeeds in spite of it, with these settings.
    pub survivable: bool,
    pub(super) play: fn(&Scene, &Params) -> Play,
}

impl Entry {
    /// Who reports that registries or networks do this, or which document speaks of it.
    #[must_use]
    pub fn source(&self) -> &'static str {
        match self.group {
            Group::Network => "RFC 9112 §9, RFC 9113 §6.8, RFC 9110 §10.1.1",
            Group::Http => "OCI distribution-spec 1.1 \"Error Codes\"; RFC 9110, RFC 9112",
            Group::Auth => "distribution token specification; RFC 6750; RFC 9110 §11",
            Group::Session => "OCI distribution-spec 1.1 \"Pushing blobs\"",
            Group::Integrity => "OCI distribution-spec 1.1 \"Pushing manifests\"",
            Group::Rate => "RFC 6585 §4; RFC 9110 §10.2.3",
            Group::Secret => "RFC 9110 §17; RFC 6750 §5",
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({} {})", self.id, self.name)
    }
}

/// What a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Connections.
    Network,
    /// Messages.
    Http,
    /// Tokens and challenges.
    Auth,
    /// Upload sessions and ranges.
    Session,
    /// What is stored.
    Integrity,
    /// How often one may ask.
    Rate,
    /// Passwords and tokens.
    Secret,
}

impl Group {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Http => "http",
            Self::Auth => "auth",
            Self::Session => "session",
            Self::Integrity => "integrity",
            Self::Rate => "rate",
            Self::Secret => "secret",
        }
    }
}

/// A setting of one fault.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Its value unless told otherwise.
    pub default: &'static str,
    /// What it means.
    pub does: &'static str,
    pub(super) kind: Kind,
}

impl Param {
    /// The values it may have, if they can be listed.
    #[must_use]
    pub fn choices(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::OneOf(words) => words,
            _ => &[],
        }
    }
}

/// What values a setting has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Millis,
    Status,
    Text,
    OneOf(&'static [&'static str]),
}

/// All faults that can be played, in the order of their numbers.
pub fn catalogue() -> impl Iterator<Item = &'static Entry> {
    [
        network::ALL,
        http_shape::ALL,
        refusals::ALL,
        auth::ALL,
        session::ALL,
        integrity::ALL,
        rate::ALL,
        secret::ALL,
    ]
    .into_iter()
    .flatten()
}

const fn number(name: &'static str, default: &'static str, does: &'static str) -> Param {
    param(name, default, does, Kind::Number)
}

const fn millis(name: &'static str, default: &'static str, does: &'static str) -> Param {
    param(name, default, does, Kind::Millis)
}

const fn status(default: &'static str) -> Param {
    param("status", default, "the status of the answer", Kind::Status)
}

const fn text(name: &'static str, default: &'static str, does: &'static str) -> Param {
    param(name, default, does, Kind::Text)
}

/// A setting with a fixed choice, the first of which is the default.
const fn choice(name: &'static str, words: &'static [&'static str], does: &'static str) -> Param {
    param(name, words[0], does, Kind::OneOf(words))
}

const fn param(name: &'static str, default: &'static str, does: &'static str, kind: Kind) -> Param {
    Param {
        name,
        default,
        does,
        kind,
    }
}

#[cfg(test)]
mod tests;
