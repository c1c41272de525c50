//! Both transports and, where it is installed, skopeo, in turn: the same images to the same registry
//! on loopback, which hashes what it gets and throws it away.
//! `transports [--large MIB] [--blobs N] [--rounds N]`.
//!
//! Each push is a process of its own, so that its memory is its own.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose output is what it is for"
)]

use std::path::Path;
use std::process::{Command, ExitCode};

use longshore_mock_registry::{Config as RegistryConfig, Discard, MockRegistry, Profile};
use longshore_protocol::{BlobSpec, Config, Scheme};
use longshore_tests::bench::layout::{self, Outcome};
use longshore_tests::bench::measure::{self, Measured, medians};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["push", transport, layout, reference] => push(transport, Path::new(layout), reference),
        ["measure", ref command @ ..] => say(command),
        ref options => compare(options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("transports: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Pushes everything with everybody, several times, and prints the medians.
fn compare(options: &[&str]) -> Outcome<()> {
    let number = |name: &str, default: usize| match options.iter().position(|word| *word == name) {
        None => Ok(default),
        Some(at) => options
            .get(at + 1)
            .and_then(|word| word.parse().ok())
            .ok_or_else(|| format!("{name} wants a number")),
    };
    let (large, blobs) = (number("--large", 2048)?, number("--blobs", 200)?);
    let rounds = number("--rounds", 5)?.max(1);
    let folder = tempfile::tempdir()?;
    let many = layout::create(&folder.path().join("many"), &vec![64 << 10; blobs])?;
    let one = layout::create(&folder.path().join("one"), &[large << 20])?;
    println!("medians of {rounds} rounds, in each of which everybody pushes in turn\n");
    println!("| what | by | wall ms | of blocking | CPU ms | peak MiB |");
    println!("|---|---|---|---|---|---|");
    for (what, layout) in [
        (format!("{blobs} blobs of 64 KiB"), &many),
        (format!("one blob of {large} MiB"), &one),
    ] {
        let mut all = WAYS.map(|by| (by, Vec::new()));
        for round in 0..rounds {
            for (by, measured) in &mut all {
                eprintln!("{what}, round {}: {by}", round + 1);
                measured.extend(once(by, layout)?);
            }
        }
        let blocking = medians(&all[0].1);
        for (by, measured) in &all {
            if measured.is_empty() {
                println!("| {what} | {by} | not installed | | | |");
                continue;
            }
            let Measured {
                wall,
                cpu,
                resident,
            } = medians(measured);
            let ratio = wall / blocking.wall;
            println!("| {what} | {by} | {wall:.0} | {ratio:.2} | {cpu:.0} | {resident:.0} |");
        }
    }
    Ok(())
}

/// One push into a registry of its own; nothing if the program is not installed.
fn once(by: &str, layout: &Path) -> Outcome<Option<Measured>> {
    let profile = Profile::builtin("oci")?;
    let registry = MockRegistry::start(RegistryConfig::new(profile).store(Discard::default()))?;
    let reference = format!("{}/bench/image:1", registry.host());
    let this = std::env::current_exe()?;
    let mut command = Command::new(&this);
    command.arg("measure");
    if by == "skopeo" {
        if Command::new("skopeo").arg("--version").output().is_err() {
            return Ok(None);
        }
        command.args(["skopeo", "copy", "--quiet", "--insecure-policy"]);
        command.arg("--dest-tls-verify=false");
        command.arg(format!("oci:{}:1", layout.display()));
        command.arg(format!("docker://{reference}"));
    } else {
        command
            .arg(&this)
            .args(["push", by])
            .arg(layout)
            .arg(&reference);
    }
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{by}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let said = String::from_utf8(output.stdout)?;
    let figures: Vec<f64> = said
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let [wall, cpu, resident] = figures[..] else {
        return Err(format!("{by} was measured as {said}").into());
    };
    Ok(Some(Measured {
        wall,
        cpu,
        resident,
    }))
}

fn say(command: &[&str]) -> Outcome<()> {
    let Measured {
        wall,
        cpu,
        resident,
    } = measure::once(command)?;
    println!("{wall} {cpu} {resident}");
    Ok(())
}

/// Pushes the image in `layout`.
fn push(transport: &str, layout: &Path, reference: &str) -> Outcome<()> {
    let mut config = Config::new(reference.parse()?);
    config.scheme = Scheme::Http;
    let (blobs, manifest) = layout::read(layout)?;
    let files = blobs.into_iter().map(|descriptor| {
        let path = layout::blob(layout, &descriptor.digest);
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
    Ok(())
}

/// Everybody who pushes; the first is what the others are compared with.
const WAYS: [&str; 3] = ["blocking", "async", "skopeo"];
