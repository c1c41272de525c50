//! Why a directory could not be packed.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::lost::Lost;
use crate::notice::SpecialKind;
use crate::text::Shown;
use crate::walk;

/// Why packing stopped. What was written until then is no layer and has to be thrown away.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// There is no directory to pack.
    #[error("there is no directory {}", Shown::path(path))]
    NoSuchDirectory {
        /// What was to be packed.
        path: PathBuf,
    },
    /// What was to be packed is something else than a directory.
    #[error("{} is not a directory; an unpacked image is one", Shown::path(path))]
    NotADirectory {
        /// What was to be packed.
        path: PathBuf,
    },
    /// The system refused to let something be read.
    #[error("cannot {operation} {}: {source}", Shown::path(path))]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// What was tried.
        operation: Operation,
        /// What the system said.
        source: io::Error,
    },
    /// Something in the image changed while it was packed, so the layer would show a state that
    /// never was.
    #[error(
        "{} changed while it was packed ({change}); try again when nothing writes to the image",
        Shown::path(path)
    )]
    Changed {
        /// What changed.
        path: PathBuf,
        /// How it changed.
        change: Change,
    },
    /// There is a device, FIFO or socket, and [`Options::strict`](crate::Options::strict) is set.
    #[error("{} is a {kind}, which an image cannot hold", Shown::path(path))]
    Special {
        /// The first one found.
        path: PathBuf,
        /// What it is.
        kind: SpecialKind,
    },
    /// Something is mounted in the image, and [`Options::strict`](crate::Options::strict) is set
    /// without [`Options::cross_mounts`](crate::Options::cross_mounts).
    #[error(
        "{} is a mount point, and what is mounted there is not the image's",
        Shown::path(path)
    )]
    MountPoint {
        /// The first one found.
        path: PathBuf,
    },
    /// Something went wrong in what is mounted in the image.
    #[error("{error}; {} is a mount point", Shown::path(mount))]
    Mounted {
        /// Where it is mounted.
        mount: PathBuf,
        /// What went wrong.
        #[source]
        error: Box<Self>,
    },
    /// A file has more or less content than the file system says: its content is made when it is
    /// read.
    #[error(
        "{} has {problem} content than its size says, {size} bytes",
        Shown::path(path)
    )]
    WrongSize {
        /// Which file.
        path: PathBuf,
        /// What the file system says, in bytes.
        size: u64,
        /// How the content differs.
        problem: SizeProblem,
    },
    /// Something of a file would not be in the layer, and
    /// [`Options::strict`](crate::Options::strict) is set.
    #[error("the {what} of {} would be lost", Shown::path(path))]
    Lost {
        /// The first file found.
        path: PathBuf,
        /// What of it.
        what: Lost,
    },
    /// The packed bytes could not be written to where the caller wanted them.
    #[error("cannot write the layer: {0}")]
    Sink(#[source] io::Error),
    /// The spool file could not be made or written.
    #[error(
        "cannot keep the layer in a temporary file in {}: {source}",
        Shown::path(directory)
    )]
    Spool {
        /// Where.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system would not start a thread.
    #[error("cannot start a thread to pack with: {0}")]
    Thread(#[source] io::Error),
    /// [`Watch::cancel`](crate::Watch::cancel) was called.
    #[error("packing was cancelled")]
    Cancelled,
}

/// What was tried with a file of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Opening it.
    Open,
    /// Reading its content.
    Read,
    /// Asking for its type, size and times.
    Examine,
    /// Reading the names in a directory.
    List,
    /// Reading where a symbolic link points.
    ReadLink,
    /// Reading its extended attributes.
    Attributes,
}

/// How something changed under the packer's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It was there and is gone.
    Vanished,
    /// Another file, maybe of another type, has taken its place.
    Replaced,
    /// It has become shorter.
    Shrunk,
    /// It has become longer.
    Grown,
    /// It was written to, or its mode, owner or links were changed.
    Touched,
}

/// How a file's content differs from its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SizeProblem {
    /// There is more of it.
    More,
    /// There is less of it.
    Less,
}

impl PackError {
    /// Names the mount point that the file in question lies in, if that is inside the image in
    /// `root`.
    pub(crate) fn at_mount(self, root: &Path) -> Self {
        let (Self::Unreadable { path, .. }
        | Self::Changed { path, .. }
        | Self::WrongSize { path, .. }) = &self
        else {
            return self;
        };
        match walk::mount_point(root, path) {
            Some(mount) => Self::Mounted {
                mount,
                error: Box::new(self),
            },
            None => self,
        }
    }
}

impl fmt::Display for SizeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::More => "more",
            Self::Less => "less",
        })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Examine => "examine",
            Self::List => "list",
            Self::ReadLink => "read the symbolic link",
            Self::Attributes => "read the extended attributes of",
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vanished => "it is gone",
            Self::Replaced => "another file took its place",
            Self::Shrunk => "it became shorter",
            Self::Grown => "it became longer",
            Self::Touched => "it was written to, or its attributes were changed",
        })
    }
}
