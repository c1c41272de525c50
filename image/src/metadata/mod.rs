//! What an image says about itself: Charliecloud's `ch/metadata.json`, the config of the image that
//! was pulled, or a config in a file.

mod config;
mod environment;
mod error;
mod fields;
mod file;
mod healthcheck;
mod key;
mod members;
mod port;
mod signal;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::history::HistoryEntry;
use crate::notice::Notice;
use crate::platform::Platform;
use members::Members;

pub use error::MetadataError;
pub(crate) use fields::Fields;
pub use healthcheck::Healthcheck;
pub use key::UnusedKey;
pub use port::{Port, UnknownPort};
pub use signal::{StopSignal, UnknownSignal};

/// An image's metadata, whatever of it could be used.
///
/// Where a member comes from is said by its name in `metadata.json`, and in a config (OCI image
/// configuration). Charliecloud (0.31 to 0.38) writes `arch`, `cwd`, `env`, `history`, `labels`,
/// `shell` and `volumes`; the other names in `metadata.json` are ours, for files made by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// What the image runs on; from `arch`, or `architecture` and `variant`.
    pub platform: Option<Platform>,
    /// Who made the image; from `author`.
    pub author: Option<String>,
    /// When the image was made; from `created`. What is newer in the image counts instead.
    pub created: Option<Timestamp>,
    /// The environment; from `env`, or `Env`.
    pub env: BTreeMap<String, String>,
    /// Labels; from `labels`, or `Labels`.
    pub labels: BTreeMap<String, String>,
    /// The working directory; from `cwd`, or `WorkingDir`.
    pub working_dir: Option<String>,
    /// What shell commands are given to; from `shell`, or `Shell`.
    pub shell: Option<Vec<String>>,
    /// Mount points; from `volumes`, or `Volumes`.
    pub volumes: BTreeSet<String>,
    /// Ports that the image's program listens on; from `exposed_ports`, or `ExposedPorts`.
    pub exposed_ports: BTreeSet<Port>,
    /// Who the image's program runs as; from `user`, or `User`.
    pub user: Option<String>,
    /// The image's program; from `entrypoint`, or `Entrypoint`.
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments; from `cmd`, or `Cmd`.
    pub cmd: Option<Vec<String>>,
    /// What ends it; from `stop_signal`, or `StopSignal`.
    pub stop_signal: Option<StopSignal>,
    /// How docker sees whether it is well; from `healthcheck`, or `Healthcheck`.
    pub healthcheck: Option<Healthcheck>,
    /// Instructions for a build from the image; from `on_build`, or `OnBuild`.
    pub on_build: Option<Vec<String>>,
    /// The steps that made the image, as they were found; from `history`.
    pub history: Vec<HistoryEntry>,
}

impl Metadata {
    /// Reads the metadata of the image unpacked in `directory`.
    ///
    /// That is `ch/metadata.json`, and what this does not say is taken from `ch/config.pulled.json`,
    /// the config of the image that `ch-image pull` unpacked. Charliecloud copies of that what it
    /// uses itself, and keeps it up to date in `ch/metadata.json`: so that goes first wherever both
    /// say something, and an empty list there is a list of nothing. Arguments (`Cmd`) are not taken
    /// where `ch/metadata.json` names another program (`entrypoint`).
    ///
    /// Without `ch/metadata.json`, the environment is taken from `ch/environment`, which older
    /// versions and `ch-convert` write. Parts of a wrong type are ignored, each with a notice: a
    /// label that is a number is no reason not to push. Keys without a meaning are named in one
    /// notice for each file.
    ///
    /// Symbolic links are not followed within the image.
    ///
    /// # Errors
    ///
    /// A `ch/metadata.json` or `ch/environment` that cannot be read, and the first if it is not a
    /// JSON object.
    pub fn load(directory: &Path, notices: &mut dyn FnMut(Notice)) -> Result<Self, MetadataError> {
        let own = match file::read(directory, c"metadata.json")? {
            Some(file) => Some(object(&file.bytes, &file.path)?),
            None => None,
        };
        let mut fields = Fields::new(notices);
        let mut pulled = pulled(directory, &mut fields);
        let Some(own) = own else {
            if pulled.is_empty() {
                fields.notice(Notice::NoMetadata);
            }
            let environment = file::read(directory, c"environment")?;
            if environment.is_some() {
                pulled.forget(key::Key::Env);
            }
            let mut metadata = pulled.read(&mut fields);
            if let Some(file) = environment {
                metadata.env = environment::read(&file.bytes, &mut fields);
            }
            return Ok(metadata);
        };
        let mut members = Members::of_metadata(own, &mut fields);
        let filled = members.fill(pulled);
        if !filled.is_empty() {
            fields.notice(Notice::Filled(filled));
        }
        Ok(members.read(&mut fields))
    }

    /// Reads metadata from the bytes of a `metadata.json`; `path` is for errors.
    ///
    /// # Errors
    ///
    /// If it is not a JSON object.
    pub fn from_json(
        bytes: &[u8],
        path: &Path,
        notices: &mut dyn FnMut(Notice),
    ) -> Result<Self, MetadataError> {
        let json = object(bytes, path)?;
        let mut fields = Fields::new(notices);
        Ok(Members::of_metadata(json, &mut fields).read(&mut fields))
    }

    /// Reads metadata from the bytes of an image's config (OCI image configuration, or Docker's);
    /// `path` is for errors. Its layers and its history are those of another image, so they are left
    /// out, with a notice.
    ///
    /// # Errors
    ///
    /// If it is no config, or is for another system than Linux.
    pub fn from_config(
        bytes: &[u8],
        path: &Path,
        notices: &mut dyn FnMut(Notice),
    ) -> Result<Self, MetadataError> {
        let json = config::check(parse(bytes, path)?, path)?;
        let mut fields = Fields::new(notices);
        let mut members = Members::of_config(json.rest, &path.to_string_lossy(), &mut fields);
        if json.has_layers || members.says(key::Key::History) {
            fields.notice(Notice::Replaced(path.to_owned()));
        }
        members.forget(key::Key::History);
        Ok(members.read(&mut fields))
    }

    /// Whether it says nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The config that `ch-image pull` left. It only adds to what the image says otherwise, so whatever is
/// wrong with it is a notice.
fn pulled(directory: &Path, fields: &mut Fields<'_>) -> Members {
    let read = file::read(directory, c"config.pulled.json");
    let json = read.and_then(|file| match file {
        Some(file) => object(&file.bytes, &file.path).map(Some),
        None => Ok(None),
    });
    match json {
        Ok(Some(json)) => Members::of_config(json, PULLED, fields),
        Ok(None) => Members::default(),
        Err(error) => {
            fields.ignore(PULLED, &error.to_string());
            Members::default()
        }
    }
}

fn parse(bytes: &[u8], path: &Path) -> Result<Value, MetadataError> {
    serde_json::from_slice(bytes).map_err(|source| MetadataError::Syntax {
        path: path.to_owned(),
        source,
    })
}

fn object(bytes: &[u8], path: &Path) -> Result<Map<String, Value>, MetadataError> {
    match parse(bytes, path)? {
        Value::Object(json) => Ok(json),
        _ => Err(MetadataError::NotAnObject {
            path: path.to_owned(),
        }),
    }
}

const PULLED: &str = "ch/config.pulled.json";

#[cfg(test)]
mod tests;
