//! From an unpacked image to the bytes that a registry stores: layer, config and manifest.
//!
//! A directory is packed into one layer in one pass, with all processors and bounded memory, and
//! the bytes depend on nothing but the tree and the options. The image's metadata becomes a config,
//! and the manifest ties them together.
//!
//! ```
//! use longshore_image::{ImageOptions, Metadata, Options, Packer, Watch, assemble};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let image = tempfile::tempdir()?;
//! std::fs::create_dir(image.path().join("bin"))?;
//! std::fs::write(image.path().join("bin/hello"), "#!/bin/sh\necho hello\n")?;
//!
//! let mut notices = |notice| eprintln!("{notice}");
//! let metadata = Metadata::load(image.path(), &mut notices)?;
//! let packer = Packer::new(Options::default());
//! let spool = std::env::temp_dir();
//! let spooled = packer.pack_to_spool(image.path(), &spool, &mut notices, &Watch::default())?;
//! let layer = spooled.layer();
//! println!("layer {} of diff ID {}", layer.content.digest, layer.diff_id);
//!
//! let image = assemble(&metadata, &[layer.clone()], &ImageOptions::default());
//! println!("config {}", image.config_descriptor.digest);
//! println!("manifest {}", image.manifest_descriptor.digest);
//! # Ok(())
//! # }
//! ```
//!
//! A [`Cache`] remembers which layer a tree made, so that an unchanged tree need not be read again.
//!
//! Nothing here reads the environment, the clock or the network.

mod attributes;
mod cache;
mod error;
mod history;
mod image;
mod lookalike;
mod lost;
mod metadata;
mod notice;
mod pack;
mod platform;
mod rules;
mod storage;
mod tar;
#[cfg(test)]
mod testing;
mod text;
mod time;
mod walk;

pub use cache::{Cache, CacheError, CacheSize, Fingerprint, Key, Place};
pub use error::{Change, Operation, PackError, SizeProblem};
pub use history::HistoryEntry;
pub use image::{Format, Image, ImageOptions, assemble};
pub use lookalike::Lookalike;
pub use lost::{Lost, LostCounts};
pub use metadata::{
    Healthcheck, Metadata, MetadataError, Port, StopSignal, UnknownPort, UnknownSignal, UnusedKey,
};
pub use notice::{Notice, SpecialFiles, SpecialKind};
pub use pack::{
    Compression, Layer, LayerStream, Layers, Level, Options, Packer, Part, Preserve, SpoolReader,
    SpooledLayer, Spooling, SpoolingReader, Summary, Survey, Watch, divide, survey,
};
pub use platform::{Platform, UnknownPlatform};
pub use storage::{Storage, StorageError};
pub use time::parse as parse_date;
