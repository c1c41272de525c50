//! An image with a real system's files and with every oddity a file system can hold.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, mknodat, utimensat};
use serde_json::json;
use tempfile::TempDir;

use super::scratch::{must, scratch};
use super::tree::Tree;

/// An image directory and what was in it when it was made.
#[derive(Debug)]
pub struct Specimen {
    folder: TempDir,
    tree: Tree,
}

impl Specimen {
    /// The image directory, as `--image` wants it.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    /// What is in it.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Makes a new one, of the size of a small system.
    pub fn create(special: Special) -> Self {
        Self::with_files(special, FILES)
    }

    fn with_files(special: Special, files: usize) -> Self {
        let folder = scratch();
        let root = folder.path().join("image");
        must(&root, fs::create_dir(&root));
        for name in [
            "bin", "ch", "dev", "etc", "mnt", "proc", "sys", "tmp", "usr",
        ] {
            must(&root, fs::create_dir(root.join(name)));
        }
        must(
            &root,
            fs::set_permissions(root.join("tmp"), Permissions::from_mode(0o1777)),
        );
        let mut left = files;
        copy(
            Path::new("/usr/lib"),
            &root.join("usr/lib"),
            &mut left,
            files / 2,
        );
        copy(
            Path::new("/usr/share"),
            &root.join("usr/share"),
            &mut left,
            0,
        );
        assert_eq!(
            left, 0,
            "this machine has too few files in /usr/lib and /usr/share"
        );
        add_metadata(&root);
        add_oddities(&root.join("usr/odd"), special);
        let tree = Tree::read(&root);
        Self { folder, tree }
    }
}

/// Whether FIFOs and sockets are among the oddities: ch-image refuses to push those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// With them.
    Included,
    /// Without.
    LeftOut,
}

/// Copies a folder of the machine, until only `enough` files are left to be copied.
fn copy(from: &Path, to: &Path, left: &mut usize, enough: usize) {
    // What this user may not read is no part of the specimen.
    let Ok(listed) = fs::read_dir(from) else {
        return;
    };
    must(to, fs::create_dir(to));
    let mut children: Vec<_> = listed
        .filter_map(Result::ok)
        .map(|child| child.path())
        .collect();
    children.sort();
    for source in children {
        if *left <= enough {
            break;
        }
        let Ok(metadata) = fs::symlink_metadata(&source) else {
            continue;
        };
        let target = to.join(source.file_name().expect("read_dir yields no `..`"));
        let kind = metadata.file_type();
        if kind.is_dir() {
            copy(&source, &target, left, enough);
        } else if kind.is_symlink() {
            let link = must(&source, fs::read_link(&source));
            must(&target, symlink(link, &target));
        } else if kind.is_file()
            && metadata.len() <= BYTES_PER_FILE
            && fs::copy(&source, &target).is_ok()
        {
            set_mtime(&target, metadata.mtime(), metadata.mtime_nsec());
            *left -= 1;
        }
    }
    if let Ok(metadata) = fs::metadata(from) {
        set_mtime(to, metadata.mtime(), metadata.mtime_nsec());
    }
}

fn add_metadata(root: &Path) {
    let metadata = json!({
        "arch": "amd64",
        "arg": {},
        "cwd": "/usr/odd",
        "env": { "LANG": "C.UTF-8", "ODD": "a=b \"quoted\" \u{e9}" },
        "history": [
            { "created": "2020-01-02T03:04:05Z", "created_by": "COPY everything", "empty_layer": true },
            { "created": "2020-01-02T03:04:06Z", "created_by": "RUN something" },
        ],
        "labels": { "org.example.odd": "yes" },
        "shell": ["/bin/sh", "-c"],
        "volumes": ["/mnt/data"],
    });
    write(
        &root.join("ch/metadata.json"),
        metadata.to_string().as_bytes(),
    );
    write(&root.join("ch/environment"), b"LANG=C.UTF-8\n");
    write(&root.join("etc/hosts"), b"127.0.0.1 localhost\n");
    write(&root.join("etc/resolv.conf"), b"");
    write(&root.join("bin/sh"), b"#!/bin/true\n");
    must(
        root,
        fs::set_permissions(root.join("bin/sh"), Permissions::from_mode(0o755)),
    );
    // The build cache's own, never part of an image.
    write(&root.join("ch/git.pickle"), b"\x80\x04N.");
}

fn add_oddities(odd: &Path, special: Special) {
    must(odd, fs::create_dir_all(odd.join("folder/empty")));
    add_modes(odd);
    add_links(odd);
    add_names(odd);
    add_sizes(odd);
    if special == Special::Included {
        let fifo = odd.join("fifo");
        must(
            &fifo,
            mknodat(CWD, &fifo, FileType::Fifo, Mode::from(0o644), 0),
        );
        let socket = odd.join("socket");
        // The name stays when the listener goes.
        drop(must(&socket, UnixListener::bind(&socket)));
    }
    add_times(odd);
}

fn add_modes(odd: &Path) {
    let modes = [
        ("setuid", 0o4755),
        ("setgid", 0o2755),
        ("setuid-setgid", 0o6711),
        ("sticky", 0o1644),
        ("read-only", 0o444),
        ("nobody-else", 0o600),
        ("everybody", 0o777),
    ];
    for (name, mode) in modes {
        write(&odd.join(name), name.as_bytes());
        must(
            odd,
            fs::set_permissions(odd.join(name), Permissions::from_mode(mode)),
        );
    }
    for (name, mode) in [
        ("closed-folder", 0o700),
        ("setgid-folder", 0o2775),
        ("sticky-folder", 0o1777),
    ] {
        must(odd, fs::create_dir(odd.join(name)));
        must(
            odd,
            fs::set_permissions(odd.join(name), Permissions::from_mode(mode)),
        );
    }
    if rustix::process::geteuid().is_root() {
        write(&odd.join("somebody-elses"), b"");
        must(
            odd,
            std::os::unix::fs::chown(odd.join("somebody-elses"), Some(1234), Some(5678)),
        );
    }
}

fn add_links(odd: &Path) {
    write(&odd.join("links-b"), b"one file, three names");
    // One name sorts before the first one written, one is in another folder.
    must(odd, fs::hard_link(odd.join("links-b"), odd.join("links-a")));
    must(
        odd,
        fs::hard_link(odd.join("links-b"), odd.join("folder/links-c")),
    );
    let long = "long/".repeat(60) + "target";
    let targets = [
        ("dangling", "no/such/file"),
        ("to-file", "setuid"),
        ("to-folder", "folder"),
        ("to-itself", "to-itself"),
        ("upwards", "../lib"),
        ("absolute", "/usr/odd/setuid"),
        ("absolute-dangling", "/no/such/file"),
        ("long-target", &long),
        ("odd-target", "tab\tand\nnewline"),
    ];
    for (name, target) in targets {
        must(odd, symlink(target, odd.join(name)));
    }
}

fn add_names(odd: &Path) {
    let longest = "n".repeat(255);
    let names: &[&[u8]] = &[
        b"latin-1-caf\xe9",
        b"invalid-\xff\xfe",
        "utf-8-\u{e9}\u{4e2d}\u{1f6a2}".as_bytes(),
        // The same letter composed otherwise: not the same name.
        "utf-8-e\u{301}".as_bytes(),
        b"new\nline",
        b" leading and trailing ",
        b"back\\slash",
        b"-dash",
        b"=key=value",
        b"*?[glob]",
        b"quote'\"`",
        &longest.as_bytes()[..99],
        &longest.as_bytes()[..100],
        &longest.as_bytes()[..101],
        longest.as_bytes(),
    ];
    let folder = odd.join("names");
    must(&folder, fs::create_dir(&folder));
    for name in names {
        write(&folder.join(OsStr::from_bytes(name)), name);
    }
    // Deeper than any field of a tar header is long.
    let deep = odd.join("deep/".repeat(60));
    must(&deep, fs::create_dir_all(&deep));
    write(&deep.join("file"), b"far down");
}

fn add_sizes(odd: &Path) {
    // Around the block of a tar file, and around its end-of-file mark.
    for size in [0, 1, 511, 512, 513, 1023, 1024, 10240] {
        write(&odd.join(format!("size-{size}")), &vec![b'x'; size]);
    }
    let path = odd.join("sparse");
    let mut file = must(&path, File::create(&path));
    must(&path, file.write_all(b"start"));
    must(&path, file.seek(SeekFrom::Start(SPARSE)));
    must(&path, file.write_all(b"end"));
}

fn add_times(odd: &Path) {
    let times = [
        ("epoch", 0, 0),
        ("fraction", 1_600_000_000, 123_456_789),
        ("last-century", 915_148_799, 0),
    ];
    for (name, seconds, nanoseconds) in times {
        let path = odd.join(format!("time-{name}"));
        write(&path, name.as_bytes());
        set_mtime(&path, seconds, nanoseconds);
    }
    // Of a link itself, and of a folder with something in it.
    set_mtime(&odd.join("dangling"), 1_234_567_890, 0);
    set_mtime(&odd.join("folder"), 1_234_567_891, 0);
}

fn write(path: &Path, content: &[u8]) {
    must(path, fs::write(path, content));
}

fn set_mtime(path: &Path, seconds: i64, nanoseconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    must(
        path,
        utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW),
    );
}

const FILES: usize = 10_000;
const BYTES_PER_FILE: u64 = 256 * 1024;
/// Where the second half of the sparse file begins: a hole of 16 MiB.
const SPARSE: u64 = 16 << 20;
