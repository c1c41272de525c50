//! Programs that unpack layers take all of each of ours. Many read one gzip member or one zstd frame
//! and stop there, most of them without an error.
//!
//! Left out: `ostree-ext` and confidential-containers' `image-rs`, which need libraries of the
//! system. They decompress with flate2's reader of one member, which is here.

mod packed;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use longshore_tests::real::scratch::{must, scratch};
use longshore_tests::real::tools::{finish, isolated, said};
use longshore_tests::real::tree::hex;
use sha2::{Digest as _, Sha256};

pub(crate) use packed::Packed;
use packed::{Image, Layer, files};
use table::{Gives, Reader};

use crate::harness::{Shared, Told, required};

pub(crate) fn of_gzip(shared: &Shared) -> Told {
    whole(&complaints(shared.packed(), "gzip", table::GZIP))
}

pub(crate) fn of_zstd(shared: &Shared) -> Told {
    whole(&complaints(shared.packed(), "zstd", table::ZSTD))
}

pub(crate) fn of_tar(shared: &Shared) -> Told {
    whole(&complaints(shared.packed(), "none", table::TAR))
}

/// From PyPI and npm, and of Go.
pub(crate) fn of_packages(shared: &Shared) -> Told {
    if installed().is_none() {
        return not_installed();
    }
    let packed = shared.packed();
    let mut all = complaints(packed, "gzip", table::GZIP_PACKAGES);
    all.extend(complaints(packed, "zstd", table::ZSTD_PACKAGES));
    whole(&all)
}

/// Rust libraries that unpack whole images.
pub(crate) fn of_images(shared: &Shared) -> Told {
    let Some(place) = installed() else {
        return not_installed();
    };
    let packed = shared.packed();
    let mut complaints = Vec::new();
    for image in &packed.images {
        for (name, unpack) in [
            ("dkregistry", dkregistry as Unpack),
            ("oci-unpack", oci_unpack),
            ("ocipkg", ocipkg),
        ] {
            // The others know no zstd, and dkregistry nothing but gzip.
            if image.compression != "gzip" && name != "oci-unpack" {
                continue;
            }
            if let Err(complaint) = unpack(&place.join("readers"), image, &packed.files) {
                complaints.push(format!("{name}, {}: {complaint}", image.name));
            }
        }
    }
    whole(&complaints)
}

type Unpack = fn(&Path, &Image, &BTreeMap<PathBuf, u64>) -> Result<(), String>;

fn dkregistry(
    program: &Path,
    image: &Image,
    expected: &BTreeMap<PathBuf, u64>,
) -> Result<(), String> {
    let folder = scratch();
    let mut command = isolated(Command::new(program));
    command.arg("dkregistry").arg(folder.path());
    run(command.args(image.layers.iter().map(|layer| &layer.path)))?;
    same(expected, &files(folder.path()))
}

fn oci_unpack(
    program: &Path,
    image: &Image,
    expected: &BTreeMap<PathBuf, u64>,
) -> Result<(), String> {
    let folder = scratch();
    let mut command = isolated(Command::new(program));
    command.arg("oci-unpack").arg(&image.layout);
    run(command.arg(folder.path()))?;
    same(expected, &files(&folder.path().join("rootfs")))
}

fn ocipkg(program: &Path, image: &Image, _: &BTreeMap<PathBuf, u64>) -> Result<(), String> {
    let mut command = isolated(Command::new(program));
    let printed = run(command.arg("ocipkg").arg(&image.layout))?;
    let expected: BTreeSet<_> = image.layers.iter().flat_map(|layer| &layer.names).collect();
    let (seen, expected) = (packed::names(&printed).len(), expected.len());
    (seen == expected)
        .then_some(())
        .ok_or_else(|| format!("{seen} of {expected} members, and no error"))
}

/// What is wrong with what each reader makes of each layer.
fn complaints(packed: &Packed, compression: &str, readers: &[Reader]) -> Vec<String> {
    let mut complaints = Vec::new();
    for image in &packed.images {
        if image.compression != compression {
            continue;
        }
        for (number, layer) in image.layers.iter().enumerate() {
            for reader in readers {
                if let Err(complaint) = takes(reader, layer) {
                    let Reader { name, .. } = reader;
                    complaints.push(format!("{name}, {} {number}: {complaint}", image.name));
                }
            }
        }
    }
    complaints
}

fn takes(reader: &Reader, layer: &Layer) -> Result<(), String> {
    let place = installed().unwrap_or_default();
    let fill = |word: &str| {
        let layer = layer.path.display().to_string();
        let place = place.display().to_string();
        word.replace("{layer}", &layer).replace("{place}", &place)
    };
    let mut words = reader.command.iter().map(|word| fill(word));
    let mut command = isolated(Command::new(words.next().expect("a reader has a program")));
    command.env("NODE_PATH", place.join("node_modules"));
    let printed = run(command.args(words))?;
    match reader.gives {
        Gives::Nothing => Ok(()),
        Gives::Tar if format!("sha256:{}", hex(&Sha256::digest(&printed))) == layer.diff_id => {
            Ok(())
        }
        Gives::Tar => Err(format!("{} bytes, and no error", printed.len())),
        Gives::Names => {
            let (seen, expected) = (packed::names(&printed), &layer.names);
            (seen == *expected).then_some(()).ok_or_else(|| {
                format!("{} of {} members, and no error", seen.len(), expected.len())
            })
        }
    }
}

fn run(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = finish(command);
    if output.status.success() {
        return Ok(output.stdout);
    }
    let last = |bytes: &[u8]| bytes[bytes.len().saturating_sub(400)..].to_vec();
    let (stdout, stderr) = (Vec::new(), last(&output.stderr));
    let short = std::process::Output {
        stdout,
        stderr,
        ..output
    };
    Err(said(&short))
}

fn same(expected: &BTreeMap<PathBuf, u64>, seen: &BTreeMap<PathBuf, u64>) -> Result<(), String> {
    (expected == seen)
        .then_some(())
        .ok_or_else(|| format!("{} of {} files, and no error", seen.len(), expected.len()))
}

/// All complaints at once: what one reader says helps to understand the other.
fn whole(complaints: &[String]) -> Told {
    assert!(
        complaints.is_empty(),
        "not every reader took all of it:\n{}",
        complaints.join("\n")
    );
    Told::Whole
}

/// Where `cargo xtask interop` put the readers that no distribution has.
pub(crate) fn installed() -> Option<PathBuf> {
    let place = PathBuf::from(std::env::var_os("LONGSHORE_READERS")?);
    Some(must(&place, fs::canonicalize(&place)))
}

pub(crate) fn not_installed() -> Told {
    assert!(
        !required(),
        "LONGSHORE_INTEROP=require, but {NOT_INSTALLED}"
    );
    Told::Skipped(NOT_INSTALLED)
}

const NOT_INSTALLED: &str = "LONGSHORE_READERS is not set: `cargo xtask interop` installs them";
