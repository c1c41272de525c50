//! `cargo xtask interop`: real registries and real clients, from the distribution's packages.

mod readers;

use std::process::Command;

use clap::Args;

use crate::process::{Failure, cargo, execute, installed};

#[derive(Args)]
pub(crate) struct Options {
    /// Run with the tools that are there; tests that miss one are skipped, and say so
    #[arg(long)]
    no_install: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut missing = missing();
    if !missing.is_empty() && !options.no_install {
        if can_install() {
            println!("== interop: installing {}", missing.join(" "));
            install(&missing)?;
            missing = self::missing();
        } else {
            println!(
                "== interop: cannot install {} (needs root and apt-get)",
                missing.join(" ")
            );
        }
    }
    let readers = readers::install(!options.no_install);
    println!("== interop: tests");
    let mut tests = cargo(&[
        "test",
        "--release",
        "-p",
        "longshore-tests",
        "--test",
        "interop",
    ]);
    tests.args(["--", "--include-ignored"]);
    match &readers {
        Ok(place) => {
            tests.env("LONGSHORE_READERS", place);
        }
        Err(failure) => {
            println!("== interop: no readers from other registries: {failure}");
            missing.push("readers from other registries");
        }
    }
    let whole = missing.is_empty();
    if whole {
        // Everything is there, so a test that skips itself would hide something.
        tests.env("LONGSHORE_INTEROP", "require");
    }
    if !whole && std::env::var_os("CI").is_some() {
        // Tests that are skipped there would never be missed.
        let missing = missing.join(", ");
        return Err(Failure::new(format!("not everything is there: {missing}")));
    }
    execute(&mut tests)?;
    if whole {
        println!("== interop: ok");
    } else {
        println!(
            "== interop: ok, but SKIPPED what needs {}",
            missing.join(", ")
        );
    }
    Ok(())
}

fn missing() -> Vec<&'static str> {
    let absent = PACKAGES.iter().filter(|(_, program)| !installed(program));
    absent.map(|(package, _)| *package).collect()
}

fn can_install() -> bool {
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    root && installed("apt-get")
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    execute(&mut apt_get(&["update", "--quiet"]))?;
    let options = ["install", "--quiet", "--yes", "--no-install-recommends"];
    execute(apt_get(&options).args(packages))
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Debian's packages, each with a program that shows it is there.
const PACKAGES: &[(&str, &str)] = &[
    ("docker-registry", "docker-registry"),
    ("skopeo", "skopeo"),
    ("umoci", "umoci"),
    ("charliecloud-builders", "ch-image"),
    // ch-image refuses to start without it, though its package does not depend on it.
    ("charliecloud-runtime", "ch-run"),
    ("buildah", "buildah"),
    ("apache2-utils", "htpasswd"),
    ("squid", "squid"),
    // what the judge's page is opened in
    ("chromium", "chromium"),
    // readers of layers
    ("busybox", "busybox"),
    ("isal", "igzip"),
    ("libarchive-tools", "bsdtar"),
    ("p7zip-full", "7z"),
    ("perl", "perl"),
    ("pigz", "pigz"),
    ("squashfs-tools", "sqfstar"),
    ("squashfs-tools-ng", "tar2sqfs"),
    ("toybox", "toybox"),
    ("zstd", "zstd"),
    // what those run in that come from elsewhere
    ("nodejs", "node"),
    ("npm", "npm"),
    ("virtualenv", "virtualenv"),
];
