//! Both transports and, where it is installed, skopeo: the same images to the same registry on
//! loopback, which hashes what it gets and throws it away. `transports [--large MIB]`.
//!
//! Each push is a process of its own, so that its memory is its own.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose output is what it is for"
)]

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use longshore_mock_registry::{Config as RegistryConfig, Discard, MockRegistry, Profile};
use longshore_protocol::{
    BlobSpec, Config, Content, Descriptor, Digest, ManifestSpec, MediaType, Scheme,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["push", transport, layout, reference] => push(transport, Path::new(layout), reference),
        ["--large", mib] => mib.parse().map_err(Into::into).and_then(measure),
        [] => measure(2048),
        _ => Err("usage: transports [--large MIB]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("transports: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Pushes everything with everybody, several times, and prints the best of each.
fn measure(large: usize) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let many = layout(&folder.path().join("many"), &[64 << 10; 200])?;
    let one = layout(&folder.path().join("one"), &[large << 20])?;
    println!(
        "{:<28} {:<10} {:>9} {:>9} {:>12}",
        "what", "by", "wall ms", "CPU ms", "resident KiB"
    );
    for (what, layout, rounds) in [
        ("200 blobs of 64 KiB".to_owned(), &many, 5),
        (format!("one blob of {large} MiB"), &one, 3),
    ] {
        for by in ["blocking", "async", "skopeo"] {
            let mut best: Option<Measured> = None;
            for _ in 0..rounds {
                let Some(measured) = once(by, layout)? else {
                    continue;
                };
                if best.as_ref().is_none_or(|best| measured.wall < best.wall) {
                    best = Some(measured);
                }
            }
            let Some(Measured { wall, said }) = best else {
                println!("{what:<28} {by:<10} not installed");
                continue;
            };
            let (cpu, resident) = said.unwrap_or_default();
            println!(
                "{what:<28} {by:<10} {:>9} {cpu:>9} {resident:>12}",
                wall.as_millis()
            );
        }
    }
    Ok(())
}

struct Measured {
    wall: Duration,
    /// Milliseconds of processor, KiB of memory.
    said: Option<(u64, u64)>,
}

fn once(by: &str, layout: &Path) -> Outcome<Option<Measured>> {
    let profile = Profile::builtin("oci")?;
    let registry = MockRegistry::start(RegistryConfig::new(profile).store(Discard::default()))?;
    let reference = format!("{}/bench/image:1", registry.host());
    let mut command = if by == "skopeo" {
        let mut command = Command::new("skopeo");
        command.args([
            "copy",
            "--quiet",
            "--insecure-policy",
            "--dest-tls-verify=false",
        ]);
        command.arg(format!("oci:{}:1", layout.display()));
        command.arg(format!("docker://{reference}"));
        command
    } else {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["push", by]).arg(layout).arg(&reference);
        command
    };
    let started = Instant::now();
    let output = match command.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        output => output?,
    };
    let wall = started.elapsed();
    if !output.status.success() {
        return Err(format!("{by}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let mut numbers = said.split_whitespace().filter_map(|word| word.parse().ok());
    let said = numbers.next().zip(numbers.next());
    Ok(Some(Measured { wall, said }))
}

/// Pushes the image in `layout`, and says what it cost.
fn push(transport: &str, layout: &Path, reference: &str) -> Outcome<()> {
    let mut config = Config::new(reference.parse()?);
    config.scheme = Scheme::Http;
    let index: Value = serde_json::from_slice(&std::fs::read(layout.join("index.json"))?)?;
    let manifest: Descriptor = serde_json::from_value(index["manifests"][0].clone())?;
    let manifest = std::fs::read(blob(layout, &manifest.digest))?;
    let parsed: Value = serde_json::from_slice(&manifest)?;
    let mut descriptors: Vec<Descriptor> = serde_json::from_value(parsed["layers"].clone())?;
    descriptors.push(serde_json::from_value(parsed["config"].clone())?);
    let manifest = ManifestSpec::new(MediaType::OCI_MANIFEST, manifest);
    let files = descriptors.into_iter().map(|descriptor| {
        let path = blob(layout, &descriptor.digest);
        (BlobSpec::known(descriptor), path)
    });
    match transport {
        "blocking" => {
            use longshore_blocking::{Client, FileSource, Source, push};
            let client = Client::builder().proxy(None).build()?;
            let blobs = files.map(|(spec, path)| {
                let source: Box<dyn Source> = Box::new(FileSource::new(path));
                (spec, source)
            });
            push(&client, config, blobs.collect(), manifest, ())?;
        }
        "async" => {
            use longshore_async::{Client, FileSource, Source, push};
            let client = Client::builder().proxy(None).build()?;
            let blobs = files.map(|(spec, path)| {
                let source: Box<dyn Source> = Box::new(FileSource::new(path));
                (spec, source)
            });
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            runtime.block_on(push(&client, config, blobs.collect(), manifest, ()))?;
        }
        other => return Err(format!("no transport is called {other}").into()),
    }
    println!("{} {}", cpu()?, resident()?);
    Ok(())
}

/// An image with layers of these sizes as an OCI layout.
fn layout(folder: &Path, sizes: &[usize]) -> Outcome<PathBuf> {
    std::fs::create_dir_all(folder.join("blobs/sha256"))?;
    std::fs::write(
        folder.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )?;
    let mut layers = Vec::new();
    for (index, size) in sizes.iter().enumerate() {
        layers.push(layer(folder, index, *size)?);
    }
    let ids: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": ids },
    });
    let config = stored(folder, MediaType::OCI_CONFIG, config.to_string().as_bytes())?;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST,
        "config": config, "layers": layers,
    });
    let media_type = MediaType::OCI_MANIFEST;
    let manifest = stored(folder, media_type, manifest.to_string().as_bytes())?;
    let mut manifest = serde_json::to_value(manifest)?;
    manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": "1" });
    let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
    std::fs::write(folder.join("index.json"), index.to_string())?;
    Ok(folder.to_owned())
}

/// A layer that differs from every other, written piece by piece.
fn layer(folder: &Path, index: usize, size: usize) -> Outcome<Descriptor> {
    let path = folder.join("layer");
    let mut file = std::fs::File::create(&path)?;
    let mut hasher = Sha256::new();
    let piece: Vec<u8> = (0..64 << 10)
        .map(|at: usize| (at.wrapping_mul(31) >> 3) as u8 ^ index as u8)
        .collect();
    let mut left = size;
    while left > 0 {
        let piece = &piece[..left.min(piece.len())];
        file.write_all(piece)?;
        hasher.update(piece);
        left -= piece.len();
    }
    let content = Content {
        digest: Digest::from_sha256(hasher.finalize().into()),
        size: size as u64,
    };
    std::fs::rename(&path, blob(folder, &content.digest))?;
    Ok(Descriptor::new(MediaType::OCI_LAYER_GZIP, content))
}

fn stored(folder: &Path, media_type: MediaType, bytes: &[u8]) -> Outcome<Descriptor> {
    let descriptor = Descriptor::new(media_type, Content::of(bytes));
    std::fs::write(blob(folder, &descriptor.digest), bytes)?;
    Ok(descriptor)
}

fn blob(folder: &Path, digest: &Digest) -> PathBuf {
    folder
        .join("blobs")
        .join(digest.to_string().replace(':', "/"))
}

/// Milliseconds of processor that this process has used.
fn cpu() -> Outcome<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(ticks * 1000 / TICKS)
}

/// The most memory that this process has had, in KiB.
fn resident() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.unwrap_or_default().parse()?)
}

/// Of the processor's accounts, in a second, on every Linux.
const TICKS: u64 = 100;
