//! Readers of layers and of credentials that no distribution has, from PyPI, npm, the Rust registry and Go.
//!
//! What they are is pinned in `tests/readers/`. They stay in the target folder, so that they are
//! fetched once.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, cargo, execute, root};

/// The folder with the readers: fetched and built if that is wanted, or as they were left.
pub(super) fn install(wanted: bool) -> Result<PathBuf, Failure> {
    let place = target().join("readers");
    if wanted {
        println!("== interop: readers");
        python(&place)?;
        node(&place)?;
        go(&place)?;
        rust(&place)?;
    }
    if place.join("readers").is_file() {
        return Ok(place);
    }
    Err(Failure::new("they were never installed"))
}

fn python(place: &Path) -> Result<(), Failure> {
    let environment = place.join("python");
    execute(Command::new("virtualenv").arg("--quiet").arg(&environment))?;
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"]);
    execute(pip.arg(source().join("requirements.txt")))
}

fn node(place: &Path) -> Result<(), Failure> {
    let manifest = "package.json";
    std::fs::copy(source().join(manifest), place.join(manifest))
        .map_err(|error| Failure::new(format!("cannot copy {manifest}: {error}")))?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]);
    execute(npm.arg(place))
}

/// The compiler is a package of PyPI's.
fn go(place: &Path) -> Result<(), Failure> {
    let mut go = Command::new(place.join("python/bin/go"));
    go.env("GOCACHE", place.join("go"))
        .env("GOTOOLCHAIN", "local");
    go.arg("build").arg("-o").arg(place.join("gunzip"));
    execute(go.arg(source().join("gunzip.go")))
}

fn rust(place: &Path) -> Result<(), Failure> {
    let mut build = cargo(&["build", "--quiet", "--locked", "--manifest-path"]);
    build.arg(source().join("Cargo.toml"));
    execute(build.arg("--target-dir").arg(place.join("rust")))?;
    let built = place.join("rust/debug/longshore-readers");
    std::fs::copy(&built, place.join("readers"))
        .map_err(|error| Failure::new(format!("cannot copy {}: {error}", built.display())))?;
    Ok(())
}

fn source() -> PathBuf {
    root().join("tests/readers")
}

fn target() -> PathBuf {
    let elsewhere = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    // A relative one is relative to where cargo was started, which is not known here.
    let elsewhere = elsewhere.filter(|folder| folder.is_absolute());
    elsewhere.unwrap_or_else(|| root().join("target"))
}
