//! Members that do not fit a plain header, unpacked by programs that take the rest in different ways.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use longshore_tests::real::clients::skopeo_layout;
use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Longshore, Push};
use longshore_tests::real::scratch::{must, scratch};
use longshore_tests::real::tools::{finish, isolated, said};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

use crate::harness::{Shared, Told};

pub(crate) fn members(_: &Shared) -> Told {
    let folder = scratch();
    let tree = folder.path().join("tree");
    plant(&tree);
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let endpoint = registry.endpoint();
    let options = &["--format", "oci", "--compression", "none"];
    Longshore::new().push(&Push {
        options,
        ..Push::new(&tree, &endpoint, "team/odd:1")
    });
    let layout = folder.path().join("layout");
    skopeo_layout(&endpoint, "team/odd:1", &layout);
    let layer = largest(&layout.join("blobs/sha256"));

    let expected = seen(&tree);
    let mut complaints = Vec::new();
    for locale in ["C", "C.UTF-8"] {
        for (number, reader) in READERS.iter().enumerate() {
            let root = folder.path().join(format!("root{number}{locale}"));
            must(&root, fs::create_dir(&root));
            let fill = |word: &str| {
                word.replace("{layer}", &layer.display().to_string())
                    .replace("{root}", &root.display().to_string())
            };
            let mut command = isolated(Command::new("sh"));
            command.env("LC_ALL", locale).arg("-c");
            let output = finish(command.arg(format!("set -e; {}", fill(reader.script))));
            let name = reader.script.split(' ').next().unwrap_or_default();
            if !output.status.success() {
                complaints.push(format!("{name}, {locale}: {}", said(&output)));
            }
            let unpacked = seen(&root);
            for (path, node) in &expected {
                let found = unpacked.get(path).map(|found| reader.forgives(found, node));
                if found.as_ref() != Some(node) {
                    complaints.push(format!(
                        "{name}, {locale}: {path:?} is {found:?}, not {node:?}"
                    ));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    Told::Whole
}

/// What must come out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    target: Option<PathBuf>,
    links: u64,
    /// Of files alone: some programs leave the times of others as they are.
    mtime: Option<i64>,
}

struct Reader {
    script: &'static str,
    times: Times,
}

/// Which times a reader can give to a file.
#[derive(Clone, Copy, PartialEq)]
enum Times {
    /// All that the archive has.
    All,
    /// Those of 1970 and later: it knows no pax record of a time.
    SinceEpoch,
    /// 32 bits of them: a squashfs has no more.
    Squashfs,
}

impl Reader {
    fn forgives(&self, found: &Node, expected: &Node) -> Node {
        let fits = match (self.times, expected.mtime) {
            (Times::All, _) | (_, None) => true,
            (Times::SinceEpoch, Some(mtime)) => mtime >= 0,
            (Times::Squashfs, Some(mtime)) => u32::try_from(mtime).is_ok(),
        };
        Node {
            mtime: if fits { found.mtime } else { expected.mtime },
            ..found.clone()
        }
    }
}

fn plant(tree: &Path) {
    for folder in ["bin", "etc", "usr"] {
        let folder = tree.join(folder);
        must(&folder, fs::create_dir_all(&folder));
    }
    let at = |name: &[u8]| tree.join(std::ffi::OsStr::from_bytes(name));
    let file = |name: &[u8], mtime| {
        let path = at(name);
        must(&path, fs::write(&path, "content"));
        let time = Timespec {
            tv_sec: mtime,
            tv_nsec: 0,
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        must(&path, utimensat(CWD, &path, &times, AtFlags::empty()));
    };
    let link = |name: &[u8], target: &[u8]| {
        let path = at(name);
        let target = std::ffi::OsStr::from_bytes(target);
        must(&path, symlink(target, &path));
    };
    let accented = "\u{e9}".repeat(70);
    file(b"ancient", -86_400);
    file(b"far", (1 << 33) + 5);
    file("\u{e9}".as_bytes(), 1_000_000);
    file(accented.as_bytes(), 1_000_000);
    file(b"\xff", 1_000_000);
    file(&[&b"\xff"[..], &[b'r'; 150]].concat(), 1_000_000);
    file(&[b'n'; 200], 1_000_000);
    file(b"zz-last", 1_000_000);
    link(b"up", "../\u{e9}".as_bytes());
    link(b"long", "x/".repeat(70).as_bytes());
    link(b"long-up", "../".repeat(45).as_bytes());
    link(&[b'p'; 210], format!("/{}", "q".repeat(120)).as_bytes());
    let hard = at("hard-\u{e9}".as_bytes());
    must(&hard, fs::hard_link(at("\u{e9}".as_bytes()), &hard));
}

/// What is in a folder that holds no folder of worth.
fn seen(root: &Path) -> BTreeMap<PathBuf, Node> {
    let entries = must(root, fs::read_dir(root)).map(|entry| {
        let path = must(root, entry).path();
        let metadata = must(&path, fs::symlink_metadata(&path));
        let node = Node {
            target: fs::read_link(&path).ok(),
            links: if metadata.is_dir() {
                0
            } else {
                metadata.nlink()
            },
            mtime: metadata.is_file().then(|| metadata.mtime()),
        };
        let name = path.file_name().expect("an entry has a name");
        (PathBuf::from(name), node)
    });
    entries.collect()
}

/// The layer: everything else in the layout is JSON of a few hundred bytes.
fn largest(folder: &Path) -> PathBuf {
    let blobs = must(folder, fs::read_dir(folder)).map(|entry| must(folder, entry).path());
    let size = |path: &PathBuf| must(path, fs::metadata(path)).len();
    blobs.max_by_key(size).expect("a layout has blobs")
}

const READERS: &[Reader] = &[
    Reader {
        script: "tar --warning=no-timestamp -xpf {layer} -C {root}",
        times: Times::All,
    },
    Reader {
        script: "bsdtar -xpf {layer} -C {root}",
        times: Times::All,
    },
    Reader {
        script: "python3 -W ignore -c 'import tarfile; tarfile.open(\"{layer}\").extractall(\"{root}\")'",
        times: Times::All,
    },
    Reader {
        script: "busybox tar -xpf {layer} -C {root}",
        times: Times::SinceEpoch,
    },
    Reader {
        script: "toybox tar xpf {layer} -C {root}",
        times: Times::SinceEpoch,
    },
    Reader {
        script: "sqfstar -quiet -no-progress {root}.sqfs < {layer}; \
                 unsquashfs -quiet -no-progress -f -d {root} {root}.sqfs",
        times: Times::Squashfs,
    },
    Reader {
        script: "tar2sqfs -q -f {root}.sqfs < {layer}; \
                 unsquashfs -quiet -no-progress -f -d {root} {root}.sqfs",
        times: Times::Squashfs,
    },
];
