//! `cargo xtask msrv`: the oldest Rust that is promised, stated once and inherited by every member.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::Command;

use crate::process::{Failure, capture, root};

pub(crate) fn run() -> Result<(), Failure> {
    let promised = check_manifests(&root())?;
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let printed = capture(Command::new(rustc).arg("--version"))?;
    let used = Version::from_rustc(&String::from_utf8_lossy(&printed))?;
    if promised > used {
        return Err(Failure::new(format!(
            "rust-version is {promised}, but this toolchain is {used}"
        )));
    }
    println!("  rust-version {promised} is inherited by every member; this toolchain is {used}");
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    fn parse(text: &str) -> Result<Self, Failure> {
        let mut numbers = text.split(['.', '-']).map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Self { major, minor }),
            _ => Err(Failure::new(format!("`{text}` is no Rust version"))),
        }
    }

    fn from_rustc(printed: &str) -> Result<Self, Failure> {
        Self::parse(printed.split_whitespace().nth(1).unwrap_or_default())
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The workspace's promise, once every member is known to inherit it.
fn check_manifests(root: &Path) -> Result<Version, Failure> {
    let workspace = read(&root.join("Cargo.toml"))?;
    let promised = at(&workspace, &["workspace", "package", "rust-version"])
        .and_then(toml::Value::as_str)
        .ok_or_else(|| Failure::new("[workspace.package] states no rust-version"))?;
    let members = at(&workspace, &["workspace", "members"])
        .and_then(toml::Value::as_array)
        .ok_or_else(|| Failure::new("[workspace] lists no members"))?;
    for member in members.iter().filter_map(toml::Value::as_str) {
        let manifest = read(&root.join(member).join("Cargo.toml"))?;
        let inherits = at(&manifest, &["package", "rust-version", "workspace"]);
        if inherits.and_then(toml::Value::as_bool) != Some(true) {
            return Err(Failure::new(format!(
                "{member}/Cargo.toml lacks `rust-version.workspace = true`"
            )));
        }
    }
    Version::parse(promised)
}

fn read(path: &Path) -> Result<toml::Table, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn at<'a>(table: &'a toml::Table, path: &[&str]) -> Option<&'a toml::Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(table.get(*first)?, |value, key| value.get(key))
}
