//! What an image directory says about the image: Charliecloud's `ch/metadata.json`.

mod environment;
mod error;
mod fields;
mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::history::{self, HistoryEntry};
use crate::notice::Notice;
use crate::platform::Platform;

pub use error::MetadataError;
pub(crate) use fields::Fields;

/// An image's metadata, whatever of it could be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// What the image runs on; from `arch`.
    pub platform: Option<Platform>,
    /// The environment; from `env`.
    pub env: BTreeMap<String, String>,
    /// Labels; from `labels`.
    pub labels: BTreeMap<String, String>,
    /// The working directory; from `cwd`.
    pub working_dir: Option<String>,
    /// What shell commands are given to; from `shell`.
    pub shell: Option<Vec<String>>,
    /// Mount points; from `volumes`.
    pub volumes: BTreeSet<String>,
    /// Who the image's program runs as; from `user`, which Charliecloud does not write.
    pub user: Option<String>,
    /// The image's program; from `entrypoint`, which Charliecloud does not write.
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments; from `cmd`, which Charliecloud does not write.
    pub cmd: Option<Vec<String>>,
    /// The steps that made the image, as they were found; from `history`.
    pub history: Vec<HistoryEntry>,
}

impl Metadata {
    /// Reads the metadata of the image unpacked in `directory`.
    ///
    /// Without `ch/metadata.json`, the environment is taken from `ch/environment`, which older
    /// versions and `ch-convert` write, and the rest is empty. Parts of a wrong type are ignored,
    /// each with a notice: a label that is a number is no reason not to push.
    ///
    /// Symbolic links are not followed within the image.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, and one that is not a JSON object.
    pub fn load(directory: &Path, notices: &mut dyn FnMut(Notice)) -> Result<Self, MetadataError> {
        if let Some(file) = file::read(directory, c"metadata.json")? {
            return Self::from_json(&file.bytes, &file.path, notices);
        }
        notices(Notice::NoMetadata);
        let mut metadata = Self::default();
        if let Some(file) = file::read(directory, c"environment")? {
            metadata.env = environment::read(&file.bytes, &mut Fields::new(notices));
        }
        Ok(metadata)
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
        let json = serde_json::from_slice(bytes).map_err(|source| MetadataError::Syntax {
            path: path.to_owned(),
            source,
        })?;
        let Value::Object(json) = json else {
            return Err(MetadataError::NotAnObject {
                path: path.to_owned(),
            });
        };
        let mut fields = Fields::new(notices);
        let mut metadata = Self::default();
        for (key, value) in json.iter().filter(|(_, value)| !value.is_null()) {
            match key.as_str() {
                "arch" => metadata.platform = fields.platform(key, value),
                "env" => metadata.env = fields.environment(key, value),
                "labels" => metadata.labels = fields.text_map(key, value),
                "cwd" => metadata.working_dir = fields.text(key, value),
                "shell" => metadata.shell = fields.text_list(key, value),
                "volumes" => metadata.volumes = fields.text_set(key, value),
                "user" => metadata.user = fields.text(key, value),
                "entrypoint" => metadata.entrypoint = fields.text_list(key, value),
                "cmd" => metadata.cmd = fields.text_list(key, value),
                "history" => metadata.history = history::read(value, &mut fields),
                // `arg` and what later versions may add do not belong into a config.
                _ => {}
            }
        }
        Ok(metadata)
    }
}

#[cfg(test)]
mod tests;
