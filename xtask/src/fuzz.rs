//! `cargo xtask fuzz`: lets libFuzzer look for bytes that break what must hold.
//!
//! The folder `fuzz/` has the layout of cargo-fuzz, which works too. This needs no nightly compiler:
//! the flags that count what a run reaches are stable ones, and no sanitizer is needed where unsafe
//! code is forbidden. It does need a C++ compiler, for libFuzzer itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::process::{Failure, capture, cargo, execute, root};

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// Only this target
    target: Option<String>,
    /// How long, for each target
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
    /// Then keep of the corpus only what reaches something that the rest does not
    #[arg(long)]
    minimize: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let targets = match &options.target {
        Some(target) => vec![target.clone()],
        None => targets()?,
    };
    let programs = build(&targets)?;
    for target in &targets {
        println!("== fuzz: {target}, {} minutes", options.minutes);
        let program = programs.join(target);
        let found = folder(&format!("target/found/{target}"))?;
        let corpus = folder(&format!("corpus/{target}"))?;
        let artifacts = folder(&format!("artifacts/{target}"))?;
        let mut command = Command::new(&program);
        command
            .arg(format!("-max_total_time={}", options.minutes * 60))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args(["-max_len=4096", "-timeout=20", "-print_final_stats=1"])
            .args([&found, &corpus]);
        execute(&mut command)?;
        if options.minimize {
            minimize(&program, &found, &corpus)?;
        }
    }
    Ok(())
}

/// Replaces the corpus by the smallest files that reach what it and what was found reach.
fn minimize(program: &Path, found: &Path, corpus: &Path) -> Result<(), Failure> {
    let small = folder("target/small")?;
    fs::remove_dir_all(&small).map_err(|error| cannot("remove", &small, &error))?;
    let small = folder("target/small")?;
    let mut command = Command::new(program);
    execute(command.arg("-merge=1").args([&small, corpus, found]))?;
    fs::remove_dir_all(corpus).map_err(|error| cannot("remove", corpus, &error))?;
    fs::rename(&small, corpus).map_err(|error| cannot("replace", corpus, &error))
}

/// Builds the targets, and says where the programs are.
fn build(targets: &[String]) -> Result<PathBuf, Failure> {
    let host = host()?;
    // With `--target`, build scripts and macros are left as they are.
    let mut command = cargo(&["build", "--release", "--target", &host]);
    command
        .arg("--manifest-path")
        .arg(fuzz().join("Cargo.toml"))
        .arg("--target-dir")
        .arg(fuzz().join("target"))
        .env("RUSTFLAGS", FLAGS.join(" "));
    for target in targets {
        command.args(["--bin", target]);
    }
    execute(&mut command)?;
    Ok(fuzz().join("target").join(host).join("release"))
}

/// The targets are the files in `fuzz/targets/`.
fn targets() -> Result<Vec<String>, Failure> {
    let folder = fuzz().join("targets");
    let entries = fs::read_dir(&folder).map_err(|error| cannot("read", &folder, &error))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn host() -> Result<String, Failure> {
    let said = capture(Command::new("rustc").args(["--print", "host-tuple"]))?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

/// A folder in `fuzz/`, made if it is not there.
fn folder(name: &str) -> Result<PathBuf, Failure> {
    let path = fuzz().join(name);
    fs::create_dir_all(&path).map_err(|error| cannot("make", &path, &error))?;
    Ok(path)
}

fn fuzz() -> PathBuf {
    root().join("fuzz")
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} {}: {error}", path.display()))
}

/// What libFuzzer needs to see: a counter for each edge, what is compared with what, and where.
const FLAGS: &[&str] = &[
    "--cfg fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
