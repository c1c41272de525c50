//! The parts that a push spends its time in, each by itself: `cargo bench -p longshore-image`.
#![expect(
    clippy::unwrap_used,
    reason = "what a measurement cannot go on without may panic"
)]

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use longshore_image::{Compression, Layers, Level, Options, Packer, Watch, divide, survey};
use longshore_protocol::Digest;
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// Looking at every file, and a fingerprint of that: what an unchanged image costs.
#[divan::bench]
fn walk(bencher: Bencher<'_, '_>) {
    let tree = small_files();
    let look = || survey(tree.path(), &plain(), &mut |_| {}, &Watch::default()).unwrap();
    bencher.counter(ItemsCount::new(FILES)).bench(look);
}

/// The same twice, with a layer chosen for each file.
#[divan::bench]
fn divide_into_layers(bencher: Bencher<'_, '_>) {
    let tree = small_files();
    let divide = || {
        let (options, watch) = (plain(), Watch::default());
        divide(tree.path(), &options, Layers::Auto, &mut |_| {}, &watch).unwrap()
    };
    bencher.counter(ItemsCount::new(FILES)).bench(divide);
}

/// Headers, and opening and closing: files of a few bytes, not compressed.
#[divan::bench]
fn members(bencher: Bencher<'_, '_>) {
    let tree = small_files();
    bencher
        .counter(ItemsCount::new(FILES))
        .bench(|| pack(tree.path(), &plain()));
}

/// Compressing on one thread, with both hashes on others.
#[divan::bench(args = ["none", "fast", "default", "best", "zstd"], sample_count = 20)]
fn compress(bencher: Bencher<'_, '_>, how: &str) {
    let (compression, level) = match how {
        "none" => (Compression::None, Level::Default),
        "fast" => (Compression::Gzip, Level::Fast),
        "best" => (Compression::Gzip, Level::Best),
        "zstd" => (Compression::Zstd, Level::Default),
        _ => (Compression::Gzip, Level::Default),
    };
    let options = Options {
        compression,
        level,
        threads: Some(NonZeroUsize::MIN),
        ..Options::default()
    };
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("file"), text(TEXT)).unwrap();
    bencher
        .counter(BytesCount::new(TEXT))
        .bench(|| pack(tree.path(), &options));
}

/// What the one thread does that every byte goes through.
#[divan::bench]
fn sha256(bencher: Bencher<'_, '_>) {
    let text = text(TEXT);
    bencher
        .counter(BytesCount::new(TEXT))
        .bench(|| Digest::sha256(&text));
}

fn pack(tree: &Path, options: &Options) -> Digest {
    let packer = Packer::new(options.clone());
    let layer = packer.pack(tree, io::sink(), &mut |_| {}, &Watch::default());
    layer.unwrap().diff_id
}

fn plain() -> Options {
    Options {
        compression: Compression::None,
        ..Options::default()
    }
}

fn small_files() -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    for number in 0..FILES {
        let folder = tree.path().join(format!("usr/share/{}", number / 100));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(number.to_string()), number.to_string()).unwrap();
    }
    tree
}

/// What compresses to about a third, as programs and texts do.
fn text(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut text = String::with_capacity(size + 16);
    while text.len() < size {
        state = state.wrapping_mul(0x915f_77f5).wrapping_add(1);
        text += &format!("entry = {:#06x}\n", state >> 16);
    }
    text.truncate(size);
    text.into_bytes()
}

const FILES: usize = 10_000;
const TEXT: usize = 16 << 20;
