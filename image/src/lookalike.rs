//! Directories that are mistaken for unpacked images.

use std::fs;
use std::path::{Path, PathBuf};

/// What a directory looks like, if that is something else than an unpacked image.
///
/// Any directory may be an image: one file is enough. So this is a guess, by names alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookalike {
    /// An OCI image layout (OCI image specification, "Image Layout"): an image, but not unpacked.
    OciLayout,
    /// An image as skopeo writes it into a directory (`dir:`).
    SkopeoDirectory,
    /// An image as `docker save` writes it, with the tar taken apart.
    DockerArchive,
    /// An OCI runtime bundle, or another directory with the image in a subdirectory of this name.
    Above(&'static str),
    /// A storage directory of Charliecloud.
    Storage,
    /// A source checkout, because of the file or directory of this name.
    Checkout(&'static str),
    /// A home directory, because of the file or directory of this name.
    Home(&'static str),
    /// There is nothing in it but archives, of which this is one.
    Archive(PathBuf),
    /// There is nothing in it. An archive beside it has the same name.
    Empty {
        /// The archive, if there is one.
        beside: Option<PathBuf>,
    },
}

impl Lookalike {
    /// Looks at the names in `directory`. A directory that cannot be read looks like nothing; packing
    /// it says why.
    #[must_use]
    pub fn of(directory: &Path) -> Option<Self> {
        let names = names(directory)?;
        let has = |name: &str| names.iter().any(|known| known == name);
        let is_dir = |name: &str| directory.join(name).is_dir();
        if has("oci-layout") && has("index.json") {
            return Some(Self::OciLayout);
        }
        if has("config.json") && is_dir("rootfs") {
            return Some(Self::Above("rootfs"));
        }
        if is_dir("img") && (has("version") || is_dir("dlcache")) && is_dir("ulcache") {
            return Some(Self::Storage);
        }
        if SYSTEM.iter().any(|name| has(name)) {
            return None;
        }
        if names.is_empty() {
            let beside = archive_beside(directory);
            return Some(Self::Empty { beside });
        }
        if has("manifest.json") {
            let digests = names.iter().filter(|name| is_digest(name)).count();
            if has("version") && digests > 0 {
                return Some(Self::SkopeoDirectory);
            }
            if has("repositories") || digests > 0 {
                return Some(Self::DockerArchive);
            }
        }
        if let Some(archive) = names
            .first()
            .filter(|_| names.iter().all(|name| is_archive(name)))
        {
            let path = directory.join(archive);
            return path.is_file().then_some(Self::Archive(path));
        }
        let is_there = |name: &&&'static str| has(name);
        if let Some(name) = REPOSITORIES.iter().find(|name| is_dir(name)) {
            return Some(Self::Checkout(name));
        }
        if let Some(name) = HOME.iter().find(is_there) {
            return Some(Self::Home(name));
        }
        if let Some(name) = ROOTS.iter().find(|name| is_root(&directory.join(name))) {
            return Some(Self::Above(name));
        }
        let project = PROJECT.iter().find(is_there);
        project.map(|name| Self::Checkout(name))
    }
}

fn names(directory: &Path) -> Option<Vec<String>> {
    let entries = fs::read_dir(directory).ok()?;
    let names = entries.map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<Option<_>>()?;
    names.sort_unstable();
    Some(names)
}

fn archive_beside(directory: &Path) -> Option<PathBuf> {
    // `.` has a name only when it is resolved.
    let directory = directory.canonicalize().ok()?;
    let name = directory.file_name()?.to_str()?;
    let beside = |ending| directory.with_file_name(format!("{name}{ending}"));
    ARCHIVES.iter().map(beside).find(|path| path.is_file())
}

fn is_archive(name: &str) -> bool {
    ARCHIVES.iter().any(|ending| name.ends_with(ending))
}

/// `skopeo` and `docker save` name files by their SHA-256.
fn is_digest(name: &str) -> bool {
    let digits = name.split('.').next().unwrap_or_default();
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_root(directory: &Path) -> bool {
    let found = ["bin", "etc", "usr", "lib"].iter();
    found.filter(|name| directory.join(name).exists()).count() >= 2
}

/// Where one of these is, whatever else there is belongs to the image.
const SYSTEM: [&str; 6] = ["ch", "etc", "proc", "sys", "usr", "var"];

const REPOSITORIES: [&str; 3] = [".git", ".hg", ".svn"];

/// Files that stand at the top of a project.
const PROJECT: [&str; 13] = [
    "CMakeLists.txt",
    "Cargo.toml",
    "Containerfile",
    "Dockerfile",
    "Gemfile",
    "Makefile",
    "build.gradle",
    "composer.json",
    "go.mod",
    "package.json",
    "pom.xml",
    "pyproject.toml",
    "setup.py",
];

const HOME: [&str; 4] = [".ssh", ".gnupg", ".bash_history", ".bashrc"];

/// What people call a directory that an image is unpacked in.
const ROOTS: [&str; 4] = ["rootfs", "root", "image", "fs"];

const ARCHIVES: [&str; 11] = [
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.xz",
    ".tar.zst",
    ".tar.bz2",
    ".oci",
    ".sif",
    ".sqfs",
    ".squashfs",
    ".sqsh",
];

#[cfg(test)]
mod tests;
