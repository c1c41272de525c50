//! `cargo xtask deps`: the dependency rules, from what cargo itself resolved.

mod graph;
mod rules;

#[cfg(test)]
mod tests;

use graph::Graph;

use crate::process::{Failure, capture, cargo, execute, installed};

pub(crate) fn run() -> Result<(), Failure> {
    let metadata = capture(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--locked",
    ]))?;
    let graph = Graph::parse(&metadata)?;
    let broken = rules::check(&graph);
    for rule in &broken {
        eprintln!("  error: {rule}");
    }
    if !broken.is_empty() {
        return Err(Failure::new(format!(
            "{} dependency rule(s) broken",
            broken.len()
        )));
    }
    println!(
        "  dependency rules hold for {} packages",
        graph.packages.len()
    );
    fuzzer()?;
    deny()
}

/// The fuzz targets are a workspace of their own, whose lock file nothing else would keep current.
fn fuzzer() -> Result<(), Failure> {
    capture(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--manifest-path",
        "fuzz/Cargo.toml",
    ]))?;
    println!("  the lock file of the fuzz targets is current");
    Ok(())
}

/// Licences, duplicates and sources. Not advisories: see `deny.toml`.
fn deny() -> Result<(), Failure> {
    if !installed("cargo-deny") {
        println!(
            "  SKIPPED: cargo deny check (cargo-deny is not installed: cargo install cargo-deny)"
        );
        return Ok(());
    }
    execute(&mut cargo(&[
        "deny",
        "--workspace",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}
