//! Every level, beside libdeflate: `cargo bench -p longshore-deflate`.
//!
//! `CORPUS=FILE` encodes the first 64 MB of a file instead of a text that is made here.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints what it measures, and may panic"
)]

use std::fs::File;
use std::io::Read;

use divan::Bencher;
use divan::counter::BytesCount;
use libdeflater::{CompressionLvl, Compressor};
use longshore_deflate::{Encoder, Ending, Level, WINDOW};

fn main() {
    let text = text();
    println!("{} bytes", text.len());
    for (name, level) in LEVELS {
        println!("{name}: {} bytes", encode(&mut Encoder::new(level), &text));
    }
    for level in LIBDEFLATE {
        println!("libdeflate {level}: {} bytes", libdeflate(level, &text));
    }
    divan::main();
}

#[divan::bench(args = LEVELS.map(|(name, _)| name), sample_count = 5)]
fn ours(bencher: Bencher<'_, '_>, name: &str) {
    let text = text();
    let (_, level) = LEVELS.into_iter().find(|level| level.0 == name).unwrap();
    let mut encoder = Encoder::new(level);
    bencher
        .counter(BytesCount::new(text.len()))
        .bench_local(|| encode(&mut encoder, &text));
}

#[divan::bench(args = LIBDEFLATE, sample_count = 5)]
fn theirs(bencher: Bencher<'_, '_>, level: i32) {
    let text = text();
    bencher
        .counter(BytesCount::new(text.len()))
        .bench_local(|| libdeflate(level, &text));
}

/// In parts of a mebibyte, each with its window; the size of the stream.
fn encode(encoder: &mut Encoder, text: &[u8]) -> usize {
    let mut part = vec![0; Encoder::bound(PART)];
    let mut size = 0;
    for start in (0..text.len()).step_by(PART) {
        let end = text.len().min(start + PART);
        let window = start.saturating_sub(WINDOW);
        size += encoder.encode(&text[window..end], start - window, Ending::More, &mut part);
    }
    size
}

/// In streams of a mebibyte, which is all that it can do side by side.
fn libdeflate(level: i32, text: &[u8]) -> usize {
    let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
    let mut out = vec![0; compressor.deflate_compress_bound(PART)];
    let parts = text.chunks(PART);
    parts
        .map(|part| compressor.deflate_compress(part, &mut out).unwrap())
        .sum()
}

fn text() -> Vec<u8> {
    let mut text = Vec::new();
    if let Some(path) = std::env::var_os("CORPUS") {
        let file = File::open(path).unwrap();
        file.take(64_000_000).read_to_end(&mut text).unwrap();
        return text;
    }
    let mut state = 1_u32;
    while text.len() < 8_000_000 {
        state = state.wrapping_mul(0x915f_77f5).wrapping_add(1);
        text.extend(format!("entry = {:#06x}\n", state >> 16).into_bytes());
    }
    text
}

const LEVELS: [(&str, Level); 3] = [
    ("fast", Level::Fast),
    ("default", Level::Default),
    ("best", Level::Best),
];
/// The levels that were used before there was this crate.
const LIBDEFLATE: [i32; 3] = [1, 2, 7];
const PART: usize = 1 << 20;
