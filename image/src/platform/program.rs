//! What an image's programs run on: their ELF headers say.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, readlinkat, statat};

use super::Platform;

impl Platform {
    /// What the programs of the image unpacked in `directory` run on: its shell, or the first of
    /// some others and of `more` that is one. None if there is none, or it is a script.
    ///
    /// A few files are opened, and of one of them 20 bytes are read. Symbolic links are followed as
    /// if the image were the whole file system, and never out of it.
    #[must_use]
    pub fn of_programs(directory: &Path, more: &[&str]) -> Option<Self> {
        let root = rustix::fs::open(directory, DIRECTORY, Mode::empty()).ok()?;
        let programs = PROGRAMS.iter().chain(more);
        programs.into_iter().find_map(|program| {
            let mut header = Vec::new();
            let file = open(&root, Path::new(program))?;
            file.take(HEADER).read_to_end(&mut header).ok()?;
            of_header(&header)
        })
    }
}

/// What the program that begins like this runs on.
fn of_header(header: &[u8]) -> Option<Platform> {
    let (&[0x7f, b'E', b'L', b'F', class, data], rest) = header.split_first_chunk()? else {
        return None;
    };
    let machine: [u8; 2] = rest.get(12..14)?.try_into().ok()?;
    let (is_little, machine) = match data {
        1 => (true, u16::from_le_bytes(machine)),
        2 => (false, u16::from_be_bytes(machine)),
        _ => return None,
    };
    // elf(5), and the machines of the System V ABI
    let name = match (machine, class, is_little) {
        (3, 1, true) => "386",
        (62, _, true) => "amd64",
        (40, 1, true) => "arm",
        (183, 2, true) => "aarch64",
        (8, 1, true) => "mipsle",
        (8, 1, false) => "mips",
        (8, 2, true) => "mips64le",
        (8, 2, false) => "mips64",
        (21, 2, true) => "ppc64le",
        (21, 2, false) => "ppc64",
        (22, 2, false) => "s390x",
        (43, 2, false) => "sparc64",
        (243, 2, true) => "riscv64",
        (258, 2, true) => "loong64",
        _ => return None,
    };
    Platform::parse(name).ok()
}

/// Opens a regular file of the image at `root`. The kernel could do all of this (openat2(2),
/// `RESOLVE_IN_ROOT`), but only since 5.6, and clusters have older ones.
fn open(root: &OwnedFd, path: &Path) -> Option<File> {
    let mut above: Vec<OwnedFd> = Vec::new();
    let mut left = components(path.as_os_str());
    // As many links as Linux follows; a loop ends, too.
    let mut links = 0;
    while let Some(name) = left.pop() {
        if name == b".." {
            // Above the root is the root.
            above.pop();
            continue;
        }
        let here = above.last().unwrap_or(root);
        let name = OsStr::from_bytes(&name);
        let kind =
            FileType::from_raw_mode(statat(here, name, AtFlags::SYMLINK_NOFOLLOW).ok()?.st_mode);
        match kind {
            FileType::Symlink if links < MOST_LINKS => {
                links += 1;
                let target = readlinkat(here, name, Vec::new()).ok()?;
                if target.as_bytes().starts_with(b"/") {
                    above.clear();
                }
                left.extend(components(OsStr::from_bytes(target.as_bytes())));
            }
            FileType::Directory => {
                let directory = openat(here, name, DIRECTORY, Mode::empty()).ok()?;
                above.push(directory);
            }
            FileType::RegularFile if left.is_empty() => {
                // Something else may have taken its place since: it is neither followed nor waited
                // for.
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                return openat(here, name, flags, Mode::empty())
                    .ok()
                    .map(File::from);
            }
            _ => return None,
        }
    }
    None
}

/// The names in a path, the last one first.
fn components(path: &OsStr) -> Vec<Vec<u8>> {
    let names = path.as_bytes().split(|byte| *byte == b'/');
    let names = names.filter(|name| !name.is_empty() && *name != b".");
    names.map(<[u8]>::to_vec).rev().collect()
}

/// Nearly every image has one of these. What makes an image of another architecture run here, such
/// as `qemu-aarch64-static`, is not among them.
const PROGRAMS: [&str; 8] = [
    "bin/sh",
    "bin/bash",
    "bin/busybox",
    "usr/bin/env",
    "bin/ls",
    "sbin/init",
    "sbin/ldconfig",
    "usr/bin/python3",
];

/// Up to and including the machine.
const HEADER: u64 = 20;
const MOST_LINKS: u32 = 40;
const DIRECTORY: OFlags = OFlags::PATH
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

#[cfg(test)]
mod tests;
