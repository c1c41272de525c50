//! Charliecloud's storage directory: where `ch-image` keeps images.

use std::io;
use std::path::{Path, PathBuf};

use crate::text::{Shown, distance};

/// A storage directory. Where it is (`$CH_IMAGE_STORAGE` or `/var/tmp/$USER.ch`) is for the caller
/// to find out.
#[derive(Clone, Debug)]
pub struct Storage {
    root: PathBuf,
}

/// Why an image was not found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// There is no storage directory, or it is something else.
    #[error(
        "{} is not a Charliecloud storage directory: it has no `img`",
        Shown::path(path)
    )]
    NotAStorage {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The reference can name no image.
    #[error("`{}` cannot be an image in a storage directory", reference.escape_debug())]
    BadReference {
        /// The reference.
        reference: String,
    },
    /// The storage directory has no such image.
    #[error("no image {} in {}{}", reference.escape_debug(), Shown::path(storage), hint(near))]
    NoSuchImage {
        /// The reference.
        reference: String,
        /// The storage directory.
        storage: PathBuf,
        /// References of images with similar names, the most similar first.
        near: Vec<String>,
    },
    /// The system refused to let it be read.
    #[error("cannot examine {}: {source}", Shown::path(path))]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Storage {
    /// The storage directory at `root`; nothing is looked at yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory of the image with this reference.
    ///
    /// `reference` is taken as it is written, since Charliecloud stores images under what was asked
    /// for and adds no defaults: `alpine` and `alpine:latest` are two images. Its own form for file
    /// names (`alpine+3.17`) does as well.
    ///
    /// The directory may be a symbolic link: so are aliases.
    ///
    /// # Errors
    ///
    /// See [`StorageError`].
    pub fn image_dir(&self, reference: &str) -> Result<PathBuf, StorageError> {
        let images = self.root.join("img");
        if !is_dir(&images)? {
            return Err(StorageError::NotAStorage {
                path: self.root.clone(),
            });
        }
        let name = directory_name(reference);
        if ["", ".", ".."].contains(&name.as_str()) || name.contains('\0') {
            return Err(StorageError::BadReference {
                reference: reference.to_owned(),
            });
        }
        let directory = images.join(&name);
        if is_dir(&directory)? {
            return Ok(directory);
        }
        Err(StorageError::NoSuchImage {
            reference: reference.to_owned(),
            storage: self.root.clone(),
            near: near(&images, &name),
        })
    }
}

/// Charliecloud's name for the directory of an image: a reference without slashes and colons.
fn directory_name(reference: &str) -> String {
    reference.replace('/', "%").replace(':', "+")
}

fn reference(directory_name: &str) -> String {
    directory_name.replace('+', ":").replace('%', "/")
}

fn is_dir(path: &Path) -> Result<bool, StorageError> {
    match path.metadata() {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(error) if is_absence(&error) => Ok(false),
        Err(source) => Err(StorageError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

fn is_absence(error: &io::Error) -> bool {
    // A name too long for the file system is a name that nothing has.
    let kinds = [
        io::ErrorKind::NotFound,
        io::ErrorKind::NotADirectory,
        io::ErrorKind::InvalidFilename,
    ];
    kinds.contains(&error.kind())
}

/// References of the images that `name` may have been meant for.
fn near(images: &Path, name: &str) -> Vec<String> {
    let Ok(entries) = images.read_dir() else {
        return Vec::new();
    };
    let base = |name: &str| name.split(['+', '@']).next().unwrap_or_default().to_owned();
    let mut found: Vec<(usize, String)> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|other| {
            let distance = distance(name, &other);
            let is_near = distance <= 2 || base(&other) == base(name);
            is_near.then_some((distance, other))
        })
        .collect();
    found.sort();
    found
        .into_iter()
        .take(MOST_NEAR)
        .map(|(_, name)| reference(&name))
        .collect()
}

fn hint(near: &[String]) -> String {
    match near {
        [] => String::new(),
        _ => {
            let names: Vec<_> = near
                .iter()
                .map(|name| name.escape_debug().to_string())
                .collect();
            format!("; there is {}", names.join(", "))
        }
    }
}

const MOST_NEAR: usize = 5;

#[cfg(test)]
mod tests;
