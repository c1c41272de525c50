//! How the layers are made, as the command line asks for it.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use longshore_image::{Compression, Format, Layers, Level, Options, Platform, Preserve};

use super::in_environment;
use crate::args;
use crate::environment::Environment;
use crate::failure::Failure;

/// How the layers are made.
#[derive(Clone, Debug)]
pub struct Packing {
    /// What goes into them.
    pub options: Options,
    /// The format of manifest and configuration.
    pub format: Format,
    /// What the image runs on, `None` for what the metadata say.
    pub platform: Option<Platform>,
    /// Into how many layers.
    pub layers: Layers,
    /// When they are sent.
    pub sending: Sending,
    /// Where they are kept until they are uploaded.
    pub spool: PathBuf,
}

/// When a layer that has to be packed is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// While it is packed into a file, where that is a gain.
    Overlap,
    /// When it is packed and the registry has said that it does not have it.
    PackFirst,
    /// While it is packed, without a file.
    Stream,
}

pub(super) fn packing(
    push: &args::Push,
    common: &args::Common,
    environment: &Environment,
) -> Result<Packing, Failure> {
    if let (args::Compression::Zstd, args::Format::Docker) = (push.compression, push.format) {
        return Err(Failure::usage(
            "--compression zstd: Docker's manifests have no name for such a layer",
        )
        .hinting("--format oci has one; not every program can pull it yet"));
    }
    let options = Options {
        strict: push.strict,
        threads: push.jobs.and_then(|jobs| NonZeroUsize::new(jobs.into())),
        compression: match push.compression {
            args::Compression::Gzip => Compression::Gzip,
            args::Compression::Zstd => Compression::Zstd,
            args::Compression::None => Compression::None,
        },
        level: match push.compression_level {
            args::Level::Fast => Level::Fast,
            args::Level::Default => Level::Default,
            args::Level::Best => Level::Best,
        },
        source_date_epoch: source_date_epoch(environment)?,
        preserve: preserve(push, common),
        root_mode: push.root_mode,
        cross_mounts: push.cross_mounts,
        // Names of files are only told in detail, and what is forbidden is best found before
        // anything is packed.
        look_at_attributes: push.strict || common.verbose > 0,
    };
    let spool = push
        .spool
        .clone()
        .unwrap_or_else(|| temporary(&std::env::temp_dir()));
    let sending = match (push.pack_first, push.stream) {
        (true, _) => Sending::PackFirst,
        (_, true) => Sending::Stream,
        _ => Sending::Overlap,
    };
    if sending != Sending::Stream && !spool.is_dir() {
        return Err(Failure::usage(format!(
            "the layer cannot be kept in {}: not a directory",
            spool.display()
        ))
        .hinting("--spool DIR names a directory with room for the packed layer"));
    }
    let platform = match common.arch.as_deref() {
        // To ch-image, `yolo` is to take an image as it is.
        None | Some("yolo") => None,
        Some("host") => Some(Platform::host()),
        Some(name) => Some(Platform::parse(name).map_err(|error| {
            Failure::usage(format!("--arch: {error}"))
                .hinting("host is this machine's, yolo what the image itself says")
        })?),
    };
    Ok(Packing {
        options,
        format: match push.format {
            args::Format::Docker => Format::Docker,
            args::Format::Oci => Format::Oci,
        },
        platform,
        layers: push.layers,
        sending,
        spool,
    })
}

/// The directory for temporary files. An empty `TMPDIR` is one that is not set, which the standard
/// library does not know.
pub(crate) fn temporary(directory: &Path) -> PathBuf {
    let is_empty = directory.as_os_str().is_empty();
    let directory = if is_empty {
        Path::new("/tmp")
    } else {
        directory
    };
    directory.to_owned()
}

fn preserve(push: &args::Push, common: &args::Common) -> Preserve {
    let has = |what| push.preserve.contains(&what);
    let mut preserve = Preserve::default();
    preserve.owner = has(args::Preserve::Owner);
    preserve.setuid = has(args::Preserve::Setuid);
    preserve.xattrs = has(args::Preserve::Xattrs) || common.xattrs;
    preserve
}

fn source_date_epoch(environment: &Environment) -> Result<Option<u64>, Failure> {
    let parse = |text: &String| {
        let reason = "it is a number of seconds since 1970";
        text.parse()
            .map_err(|_| in_environment("SOURCE_DATE_EPOCH", text, reason))
    };
    environment
        .source_date_epoch
        .as_ref()
        .map(parse)
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_directory_for_temporary_files_is_none() {
        assert_eq!(temporary(Path::new("")), Path::new("/tmp"));
        assert_eq!(temporary(Path::new("/scratch")), Path::new("/scratch"));
    }
}
