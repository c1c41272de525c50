//! Packs a directory into nothing and says what it would have been: for measuring.
//!
//! ```sh
//! cargo run --release -p longshore-image --example pack -- DIRECTORY [fast|default|best|zstd|none] [THREADS]
//! ```
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "that is what it is for"
)]

use std::path::Path;
use std::time::Instant;

use longshore_image::{Compression, Level, Options, Packer, Watch};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("which directory?")?;
    let (compression, level) = match arguments.next().as_deref() {
        None | Some("default") => (Compression::Gzip, Level::Default),
        Some("fast") => (Compression::Gzip, Level::Fast),
        Some("best") => (Compression::Gzip, Level::Best),
        Some("zstd") => (Compression::Zstd, Level::Default),
        Some("none") => (Compression::None, Level::Default),
        Some(_) => return Err("the level is fast, default, best, zstd or none".into()),
    };
    let threads = arguments
        .next()
        .map(|threads| threads.parse())
        .transpose()?;
    let packer = Packer::new(Options {
        compression,
        level,
        threads,
        ..Options::default()
    });

    let start = Instant::now();
    let mut notices = |notice| eprintln!("{notice}");
    let watch = Watch::default();
    let layer = packer.pack(Path::new(&directory), std::io::sink(), &mut notices, &watch)?;
    let seconds = start.elapsed().as_secs_f64();

    println!("diff ID {}", layer.diff_id);
    println!("digest  {}", layer.content.digest);
    let (members, size) = (layer.summary.members, layer.content.size);
    println!(
        "{members} members, {} bytes, {size} compressed",
        layer.uncompressed_size
    );
    println!(
        "{seconds:.2} s, {:.0} MB/s",
        layer.uncompressed_size as f64 / seconds / 1e6
    );
    Ok(())
}
