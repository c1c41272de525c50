//! Profiles: what makes one registry differ from another, as data.

mod blame;
mod knobs;

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use knobs::*;

/// How a registry behaves: a set of knobs, read from TOML.
///
/// A profile names the one it is based on with `base = "…"` (`oci` if it does not) and lists only
/// the knobs that differ. `oci` lists all of them, with their possible values:
///
/// ```
/// use longshore_mock_registry::Profile;
///
/// let profile = Profile::from_toml("name = 'shy'\n[location]\nform = 'relative'")?;
/// assert_eq!(profile.auth, Profile::builtin("oci")?.auth);
/// # Ok::<(), longshore_mock_registry::ProfileError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profile {
    /// The profile's name.
    pub name: String,
    /// One line on what it plays.
    pub summary: String,
    /// `GET /v2/`.
    pub ping: PingKnobs,
    /// Authentication and the built-in token endpoint.
    pub auth: AuthKnobs,
    /// The form of `Location`.
    pub location: LocationKnobs,
    /// The life of upload sessions.
    pub session: SessionKnobs,
    /// Chunked uploads.
    pub chunk: ChunkKnobs,
    /// The `Range` header of upload answers.
    pub range: RangeKnobs,
    /// Blobs and their commit.
    pub blob: BlobKnobs,
    /// Cross-repository mounts.
    pub mount: MountKnobs,
    /// Manifests.
    pub manifest: ManifestKnobs,
    /// Repositories and their names.
    pub repository: RepositoryKnobs,
    /// How many requests are too many.
    pub rate: RateKnobs,
    /// The shape of errors.
    pub errors: ErrorKnobs,
}

impl Profile {
    /// The names of the embedded profiles.
    pub fn names() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(name, _)| *name)
    }

    /// An embedded profile.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn builtin(name: &str) -> Result<Self, ProfileError> {
        Self::from_toml(Self::source(name)?)
    }

    /// The text of an embedded profile, with its comments: the source and the confidence of each
    /// knob.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn source(name: &str) -> Result<&'static str, ProfileError> {
        EMBEDDED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, text)| *text)
            .ok_or_else(|| ProfileError::Unknown(name.to_owned()))
    }

    /// A profile from its text.
    ///
    /// # Errors
    /// It is not TOML, has an unknown knob or value (the error names its line and its key), or is
    /// based on a profile that is not embedded.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let table = expand(text, DEEPEST_BASE)?;
        table.try_into().map_err(|error| {
            blame::the_knob(text).unwrap_or_else(|| ProfileError::Invalid(Box::new(error)))
        })
    }

    /// A profile by name, or from the file of that path if no embedded one has that name.
    ///
    /// # Errors
    /// Neither exists, or the file is not a profile.
    pub fn load(name_or_path: &str) -> Result<Self, ProfileError> {
        if let Ok(text) = Self::source(name_or_path) {
            return Self::from_toml(text);
        }
        let path = Path::new(name_or_path);
        if path.extension().is_none() && !path.exists() {
            return Err(ProfileError::Unknown(name_or_path.to_owned()));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|e| ProfileError::File(name_or_path.to_owned(), e))?;
        Self::from_toml(&text)
            .map_err(|error| ProfileError::InFile(name_or_path.to_owned(), Box::new(error)))
    }
}

/// Why there is no such profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// No embedded profile has that name.
    #[error("no profile is called {0:?}; there are {known}", known = Known)]
    Unknown(String),
    /// The file cannot be read.
    #[error("cannot read the profile {0:?}: {1}")]
    File(String, #[source] std::io::Error),
    /// What is in the file is wrong.
    #[error("{0}: {1}")]
    InFile(String, #[source] Box<Self>),
    /// The text is not a profile.
    #[error("not a profile: {0}")]
    Invalid(#[source] Box<toml::de::Error>),
    /// A knob is unknown or has a value that it cannot have.
    #[error("line {line}, `{key}`: {message}")]
    Knob {
        /// The line of the text, counted from 1.
        line: usize,
        /// The key, with its section.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// Profiles are based on each other too deeply, or in a circle.
    #[error("the chain of base profiles is too long")]
    Circle,
}

struct Known;

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Profile::names().collect::<Vec<_>>().join(", "))
    }
}

fn expand(text: &str, deepest: usize) -> Result<toml::Table, ProfileError> {
    let mut own = parse(text)?;
    let mut whole = base_of(&mut own, deepest)?;
    overlay(&mut whole, own);
    Ok(whole)
}

/// The profile that one is based on, whose `base` is taken out.
fn base_of(own: &mut toml::Table, deepest: usize) -> Result<toml::Table, ProfileError> {
    let base = match own.remove("base") {
        Some(toml::Value::String(name)) => name,
        None => ROOT.to_owned(),
        Some(_) => {
            let message = "`base` must be the name of a profile";
            let error = serde::de::Error::custom(message);
            return Err(ProfileError::Invalid(Box::new(error)));
        }
    };
    let source = Profile::source(&base)?;
    if base == ROOT {
        return parse(source);
    }
    expand(source, deepest.checked_sub(1).ok_or(ProfileError::Circle)?)
}

fn parse(text: &str) -> Result<toml::Table, ProfileError> {
    toml::from_str(text).map_err(|e| ProfileError::Invalid(Box::new(e)))
}

fn overlay(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => overlay(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

const ROOT: &str = "oci";
const DEEPEST_BASE: usize = 8;
const EMBEDDED: &[(&str, &str)] = &[
    ("oci", include_str!("../profiles/oci.toml")),
    (
        "distribution-2.8",
        include_str!("../profiles/distribution-2.8.toml"),
    ),
    (
        "distribution-3",
        include_str!("../profiles/distribution-3.toml"),
    ),
    ("quay", include_str!("../profiles/quay.toml")),
    ("quay-3.3", include_str!("../profiles/quay-3.3.toml")),
    ("docker-hub", include_str!("../profiles/docker-hub.toml")),
    ("ghcr", include_str!("../profiles/ghcr.toml")),
    ("ecr", include_str!("../profiles/ecr.toml")),
    ("gar", include_str!("../profiles/gar.toml")),
    ("acr", include_str!("../profiles/acr.toml")),
    ("harbor", include_str!("../profiles/harbor.toml")),
    ("gitlab", include_str!("../profiles/gitlab.toml")),
    ("artifactory", include_str!("../profiles/artifactory.toml")),
    ("nexus", include_str!("../profiles/nexus.toml")),
    ("zot", include_str!("../profiles/zot.toml")),
    ("gitea", include_str!("../profiles/gitea.toml")),
    ("cloudflare", include_str!("../profiles/cloudflare.toml")),
    ("aliyun", include_str!("../profiles/aliyun.toml")),
];

#[cfg(test)]
mod tests;
