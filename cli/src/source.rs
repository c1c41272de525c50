//! The image to push: where it is, and that it is one.

mod lookalike;

use std::fmt;
use std::path::{Path, PathBuf};

use longshore_image::{Storage, StorageError};
use longshore_protocol::Reference;
use longshore_protocol::redaction::without_credentials;

use crate::console::plain;
use crate::exit::Exit;
use crate::failure::{Failure, Spot};

pub(crate) use lookalike::check;

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
        /// What may have been meant instead.
        meant: Option<Meant>,
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
        if let Err(error) = text.parse::<Reference>()
            && error.has_credentials()
        {
            return Err(Failure::reference("IMAGE_REF", &error));
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

/// A path where the name of an image in the storage directory should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// A directory.
    Directory {
        /// Its path, as it was given.
        path: String,
        /// The destination, if there was one.
        destination: Option<String>,
    },
    /// A file.
    File,
}

impl Meant {
    /// What is at the path `source`, if there is something.
    #[must_use]
    pub fn of(source: &str, destination: Option<&str>) -> Option<Self> {
        let metadata = Path::new(source).metadata().ok()?;
        Some(match metadata.is_dir() {
            true => Self::Directory {
                path: source.to_owned(),
                destination: destination.map(str::to_owned),
            },
            false => Self::File,
        })
    }

    /// What to do instead.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Directory { path, destination } => {
                let mut path = plain(path);
                if path.contains(char::is_whitespace) {
                    path = format!("'{path}'");
                }
                let destination = destination.as_deref().map(without_credentials);
                let destination = destination.as_deref().map(plain);
                format!(
                    "{path} is a directory here: longshore push --image {path} {}",
                    destination.as_deref().unwrap_or("[HOST[:PORT]/]NAME[:TAG]")
                )
            }
            Self::File => format!("{UNPACK_IT}, with --image DIR"),
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
    /// There is none.
    pub fn find(&self) -> Result<PathBuf, Failure> {
        match self {
            Self::Directory { directory, .. } => {
                let shown = plain(&directory.display().to_string());
                match directory.metadata() {
                    Ok(metadata) if metadata.is_dir() => Ok(directory.clone()),
                    Ok(_) => Err(failure(format!("{shown} is not a directory")).hinting(UNPACK_IT)),
                    Err(error) => Err(failure(format!("cannot find {shown}")).because(&error)),
                }
            }
            Self::Storage {
                name,
                storage,
                meant,
            } => Storage::new(storage).image_dir(&name.0).map_err(|error| {
                let failure = found(&error);
                match meant {
                    Some(meant) => failure.hinting(meant.hint()),
                    None => failure,
                }
            }),
        }
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

const UNPACK_IT: &str = "an image is pushed from the directory that it is unpacked in";
