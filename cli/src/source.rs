//! The image to push: where it is, and that it is one.

use std::fmt;
use std::path::PathBuf;

use longshore_image::{Storage, StorageError, check_image};

use crate::console::plain;
use crate::exit::Exit;
use crate::failure::{Failure, Spot};

/// The image to push.
#[derive(Clone, Debug)]
pub enum Source {
    /// In this directory.
    Directory {
        /// What it is called.
        name: Name,
        /// Where it is.
        directory: PathBuf,
    },
    /// In Charliecloud's storage directory.
    Storage {
        /// What it is called.
        name: Name,
        /// Where the storage directory is.
        storage: PathBuf,
    },
}

/// The name of an image as Charliecloud knows it: without defaults filled in, `/` and `:` in place
/// of the `%` and `+` of its directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Reads a name. It need not be a reference that a registry would take.
    ///
    /// # Errors
    /// A character that no name has.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = |position: usize, reason: &str| {
            let shown = plain(text);
            Failure::usage(format!(
                "IMAGE_REF: \"{shown}\" is not an image reference: character {position}: {reason}"
            ))
            .at(Spot::new(text, position))
        };
        if text.is_empty() {
            return Err(wrong(1, "the name is missing"));
        }
        let text = text.strip_prefix("docker://").unwrap_or(text);
        let name = text.replace('%', "/").replace('+', ":");
        let is_fine = |c: char| c.is_ascii_alphanumeric() || "./:@_-[]".contains(c);
        match name.chars().position(|c| !is_fine(c)) {
            Some(at) => Err(wrong(
                at + 1,
                "a name has letters, digits, '.', '_', '-', '/', ':', '@' and brackets",
            )),
            None => Ok(Self(name)),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Source {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &Name {
        match self {
            Self::Directory { name, .. } | Self::Storage { name, .. } => name,
        }
    }

    /// Whether the directory was given instead of looked up.
    #[must_use]
    pub fn is_given(&self) -> bool {
        matches!(self, Self::Directory { .. })
    }

    /// Finds the image's directory.
    ///
    /// # Errors
    /// There is none, or it is no image.
    pub fn find(&self) -> Result<PathBuf, Failure> {
        let directory = match self {
            Self::Directory { directory, .. } => {
                let shown = plain(&directory.display().to_string());
                match directory.metadata() {
                    Ok(metadata) if metadata.is_dir() => directory.clone(),
                    Ok(_) => {
                        return Err(failure(format!("{shown} is not a directory")).hinting(
                            "an image is pushed from the directory that it is unpacked in",
                        ));
                    }
                    Err(error) => {
                        return Err(failure(format!("cannot find {shown}")).because(&error));
                    }
                }
            }
            Self::Storage { name, storage } => Storage::new(storage)
                .image_dir(&name.0)
                .map_err(|error| found(&error))?,
        };
        check_image(&directory).map_err(|error| found(&error))?;
        Ok(directory)
    }
}

fn found(error: &StorageError) -> Failure {
    match error {
        StorageError::NoSuchImage {
            reference,
            storage,
            near,
        } => {
            let storage = plain(&storage.display().to_string());
            let failure = failure(format!("no image {} in {storage}", plain(reference)));
            match near.as_slice() {
                [] => failure.hinting("--image DIR pushes an image from anywhere"),
                near => failure.hinting(format!("did you mean {}?", plain(&near.join(", ")))),
            }
        }
        StorageError::NotAStorage { .. } => failure(plain(&error.to_string())).hinting(
            "--storage DIR names the storage directory, --image DIR pushes an image from anywhere",
        ),
        _ => failure(plain(&error.to_string())),
    }
}

fn failure(what: String) -> Failure {
    Failure::new(
        Exit::Image,
        "looking for the image",
        format!("can't push: {what}"),
    )
}
