//! What is worth telling a person although the work goes on.

use std::fmt;
use std::path::PathBuf;

use crate::lost::Lost;
use crate::metadata::UnusedKey;
use crate::text::Shown;

/// News from packing or from reading metadata. `Display` is the sentence for a person.
///
/// Paths are relative to the image, as its members are named: `./usr/bin/su`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A set-user-ID bit was not taken into the layer.
    StrippedSetuid(PathBuf),
    /// A set-group-ID bit was not taken into the layer.
    StrippedSetgid(PathBuf),
    /// Something of a file was not taken into the layer.
    NotKept {
        /// The file.
        path: PathBuf,
        /// What.
        what: Lost,
    },
    /// The root directory has a mode that lets no other user into the image.
    ClosedRoot {
        /// Its permission bits.
        mode: u32,
    },
    /// Something is mounted there, which was left out: the directory or file is empty in the layer.
    MountPoint(PathBuf),
    /// A file of Charliecloud's build cache was left out.
    LeftOut(PathBuf),
    /// A file named like an OCI whiteout (`.wh.`): who unpacks the layer takes it as an order to
    /// delete the file of the remaining name.
    Whiteout(PathBuf),
    /// Devices, FIFOs and sockets were left out; said once, at the end.
    LeftOutSpecial(SpecialFiles),
    /// There is no `ch/metadata.json`; defaults are used.
    NoMetadata,
    /// What `ch/metadata.json` does not say was taken from `ch/config.pulled.json`: these, as configs
    /// call them.
    Filled(Vec<&'static str>),
    /// The layers and the history in a config are of another image and were left out.
    Replaced(PathBuf),
    /// Metadata have keys that nothing reads.
    UnusedKeys {
        /// The file; empty for `ch/metadata.json`.
        file: String,
        /// The keys.
        keys: Vec<UnusedKey>,
    },
    /// A part of the metadata was ignored.
    Metadata {
        /// Where: `env.PATH`, `history[3].created`.
        field: String,
        /// Why.
        problem: String,
    },
}

/// A type of file that a layer of Longshore does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpecialKind {
    /// A block or character device.
    Device,
    /// A FIFO.
    Fifo,
    /// A socket.
    Socket,
}

/// How many files of types that a layer does not hold were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecialFiles {
    /// Block and character devices.
    pub devices: u64,
    /// FIFOs.
    pub fifos: u64,
    /// Sockets.
    pub sockets: u64,
}

impl SpecialFiles {
    pub(crate) fn count(&mut self, kind: SpecialKind) {
        match kind {
            SpecialKind::Device => self.devices += 1,
            SpecialKind::Fifo => self.fifos += 1,
            SpecialKind::Socket => self.sockets += 1,
        }
    }

    /// Whether there were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StrippedSetuid(path) => {
                write!(f, "stripping unsafe setuid bit: {}", Shown::path(path))
            }
            Self::StrippedSetgid(path) => {
                write!(f, "stripping unsafe setgid bit: {}", Shown::path(path))
            }
            Self::NotKept { path, what } => {
                write!(f, "not keeping the {what}: {}", Shown::path(path))
            }
            Self::ClosedRoot { mode } => write!(
                f,
                "the image's root directory has mode {mode:04o}: only its owner and root can enter \
                 the image"
            ),
            Self::MountPoint(path) => write!(
                f,
                "a mount point, packed empty, without what is mounted there: {}",
                Shown::path(path)
            ),
            Self::LeftOut(path) => write!(f, "leaving out: {}", Shown::path(path)),
            Self::Whiteout(path) => write!(
                f,
                "named like a whiteout, will delete a file where it is unpacked: {}",
                Shown::path(path)
            ),
            Self::LeftOutSpecial(files) => write!(f, "leaving out {files}"),
            Self::NoMetadata => f.write_str("the image has no metadata; using defaults"),
            Self::Filled(keys) => write!(
                f,
                "metadata: from ch/config.pulled.json: {}",
                keys.join(", ")
            ),
            Self::Replaced(path) => write!(
                f,
                "{}: its layers and history are replaced by those of what is pushed",
                Shown::path(path)
            ),
            Self::UnusedKeys { file, keys } => unused(f, file, keys),
            Self::Metadata { field, problem } => {
                write!(
                    f,
                    "metadata: {}: {}",
                    field.escape_debug(),
                    problem.escape_debug()
                )
            }
        }
    }
}

impl fmt::Display for SpecialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Device => "device",
            Self::Fifo => "FIFO",
            Self::Socket => "socket",
        })
    }
}

impl fmt::Display for SpecialFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} devices, {} FIFOs and {} sockets",
            self.devices, self.fifos, self.sockets
        )
    }
}

/// `metadata: 2 keys are not used: …`, with a bound on how much of a strange file is repeated.
fn unused(f: &mut fmt::Formatter<'_>, file: &str, keys: &[UnusedKey]) -> fmt::Result {
    f.write_str("metadata: ")?;
    if !file.is_empty() {
        write!(f, "{}: ", file.escape_debug())?;
    }
    match keys.len() {
        1 => f.write_str("1 key is not used: ")?,
        count => write!(f, "{count} keys are not used: ")?,
    }
    for (number, UnusedKey { key, meant }) in keys.iter().take(MOST_NAMED).enumerate() {
        let comma = if number > 0 { ", " } else { "" };
        let cut: String = key.chars().take(LONGEST_NAMED).collect();
        let dots = if cut.len() < key.len() { "…" } else { "" };
        write!(f, "{comma}{}{dots}", cut.escape_debug())?;
        if let Some(meant) = meant {
            write!(f, " (did you mean {meant}?)")?;
        }
    }
    match keys.len().saturating_sub(MOST_NAMED) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// Keys that are named.
const MOST_NAMED: usize = 10;
/// Characters of a key that are shown.
const LONGEST_NAMED: usize = 60;
