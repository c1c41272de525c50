//! What a client is asked to do, and what goes wrong meanwhile.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::profile::Auth;

/// A registry, its faults, an image, and what should come of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it is about, in a sentence.
    pub about: String,
    /// The profile that the registry plays.
    pub profile: String,
    /// How it authenticates; `None` means as its profile does.
    pub auth: Option<Auth>,
    /// Whether it has a user at all.
    pub users: bool,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The image to push.
    pub image: Image,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// What should come of it.
    pub expect: Expect,
    /// What a failing client's message should name, one of these at least.
    pub says: Vec<String>,
    /// The checks that the end decides.
    pub decides: Vec<String>,
    /// How often the image is pushed; the last time counts, and only then things go wrong.
    pub runs: u32,
    /// Where all pushes but the last go; `None` means to the same repository and tag.
    pub first_to: Option<Target>,
    /// Whether the tag names another image before.
    pub tag_taken: bool,
    /// Whether the fallback tag of the image's subject names somebody else's manifest before.
    pub referrer_taken: bool,
    /// Whether the client is given a file of credentials with an identity token.
    pub identity: bool,
    /// How long the client may take.
    pub limit: Duration,
}

/// What should come of a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// The image is pushed.
    #[default]
    Success,
    /// The client fails, and says so.
    Failure,
    /// Either of both, as long as the client's word and the registry's store agree.
    Any,
}

/// Where an image is pushed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The repository.
    pub repository: String,
    /// The tag.
    pub tag: String,
}

/// An image to push.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Image {
    /// Three small layers.
    #[default]
    Small,
    /// The same layer twice.
    Twice,
    /// A layer of no bytes, and one of a single byte.
    Empty,
    /// One layer of six megabytes.
    Large,
    /// An image that says which other image it is about; in its OCI layout only.
    Subject,
    /// A layer named by its sha512; in its OCI layout only.
    Sha512,
}

impl Scenario {
    /// All scenarios that come with this crate.
    ///
    /// # Panics
    /// Never: they are read in a test.
    #[must_use]
    pub fn builtin() -> Vec<Self> {
        let files = BUILTIN.iter();
        files
            .flat_map(|text| Self::read(text).expect("the embedded scenarios are read in a test"))
            .collect()
    }

    /// The scenarios of a TOML file: a `[[scenario]]` table each.
    ///
    /// # Errors
    /// It is not TOML, has an unknown key, or a fault that there is not.
    pub fn read(text: &str) -> Result<Vec<Self>, ScenarioError> {
        let file: File = toml::from_str(text)?;
        file.scenario.into_iter().map(Table::scenario).collect()
    }
}

/// Why a file holds no scenarios.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// It cannot be read.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A fault in it.
    #[error("scenario {0}: {1}")]
    Fault(String, crate::fault::FaultError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    scenario: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    name: String,
    about: String,
    #[serde(default = "oci")]
    profile: String,
    auth: Option<Auth>,
    #[serde(default = "yes")]
    users: bool,
    #[serde(default)]
    tls: bool,
    #[serde(default)]
    image: Image,
    #[serde(default)]
    faults: Vec<String>,
    #[serde(default)]
    expect: Expect,
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    decides: Vec<String>,
    #[serde(default = "one")]
    runs: u32,
    first_to: Option<Target>,
    #[serde(default)]
    tag_taken: bool,
    #[serde(default)]
    referrer_taken: bool,
    #[serde(default)]
    identity: bool,
    #[serde(default = "minute")]
    limit: u64,
}

impl Table {
    fn scenario(self) -> Result<Scenario, ScenarioError> {
        let mut faults = Vec::new();
        for fault in &self.faults {
            let parsed = fault.parse();
            faults.push(parsed.map_err(|error| ScenarioError::Fault(self.name.clone(), error))?);
        }
        Ok(Scenario {
            name: self.name,
            about: self.about,
            profile: self.profile,
            auth: self.auth,
            users: self.users,
            tls: self.tls,
            image: self.image,
            faults,
            expect: self.expect,
            says: self.says,
            decides: self.decides,
            runs: self.runs.max(1),
            first_to: self.first_to,
            tag_taken: self.tag_taken,
            referrer_taken: self.referrer_taken,
            identity: self.identity,
            limit: Duration::from_secs(self.limit),
        })
    }
}

fn oci() -> String {
    "oci".into()
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn minute() -> u64 {
    60
}

const BUILTIN: [&str; 8] = [
    include_str!("../../scenarios/calm.toml"),
    include_str!("../../scenarios/auth.toml"),
    include_str!("../../scenarios/sessions.toml"),
    include_str!("../../scenarios/failures.toml"),
    include_str!("../../scenarios/evil.toml"),
    include_str!("../../scenarios/answers.toml"),
    include_str!("../../scenarios/mounts.toml"),
    include_str!("../../scenarios/newer.toml"),
];
