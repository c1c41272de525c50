//! What a layer is remembered by.

use sha2::{Digest as _, Sha256};

use longshore_protocol::Digest;

use super::Fingerprint;
use crate::pack::{Compression, Level, Options, Preserve};

/// Stands for the state of a tree, the options it is packed with, and the packer: all that decides
/// what the layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Digest);

impl Key {
    /// The key of a tree in this state, packed with these options by this version.
    #[must_use]
    pub fn new(tree: &Fingerprint, options: &Options) -> Self {
        let Options {
            compression,
            level,
            // The bytes do not depend on it.
            threads: _,
            source_date_epoch,
            strict,
            preserve,
            root_mode,
            cross_mounts,
            // What is told of a tree, and not what is packed.
            look_at_attributes: _,
        } = options;
        let Preserve {
            owner,
            setuid,
            xattrs,
        } = preserve;
        let compression = match compression {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        };
        let level = match level {
            Level::Fast => "fast",
            Level::Default => "default",
            Level::Best => "best",
        };
        let version = env!("CARGO_PKG_VERSION");
        let text = format!(
            "{version} {PACKER} {compression} {level} {source_date_epoch:?} {strict} \
             {owner} {setuid} {xattrs} {root_mode:?} {cross_mounts} {}",
            tree.digest()
        );
        Self(Digest::from_sha256(Sha256::digest(text).into()))
    }

    pub(super) fn name(&self) -> String {
        self.0.hex().to_owned()
    }
}

/// One more whenever the same tree gets other bytes: then the golden digests change as well.
const PACKER: u32 = 3;
