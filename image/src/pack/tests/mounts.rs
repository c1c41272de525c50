//! What is mounted in a tree. Tests that mount run once more in a namespace of their own, by the
//! program `unshare`; where that is not to be had, they say so and are skipped.

use std::fs;
use std::num::NonZeroU8;
use std::path::Path;
use std::process::Command;

use super::super::{Options, Packer, Watch, divide, survey};
use crate::cache::Key;
use crate::testing::{Listed, Tree, list, pack, serially};
use crate::{Compression, Layers, Notice, PackError, SizeProblem};

/// Whether the test is to go on: in a namespace in which it may mount.
fn may_mount(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let unshare = |program: &Path| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--"]);
        command.arg(program);
        command
    };
    if !unshare(Path::new("true"))
        .status()
        .is_ok_and(|s| s.success())
    {
        eprintln!("skipped: unshare cannot make a namespace");
        return false;
    }
    let status = unshare(&std::env::current_exe().unwrap())
        .args(["--exact", &format!("pack::tests::mounts::{test}")])
        .env(INSIDE, "1")
        .status();
    assert!(status.unwrap().success());
    false
}

fn mount(options: &[&str], from: &Path, to: &Path) {
    let status = Command::new("mount")
        .args(options)
        .args([from, to])
        .status();
    assert!(status.unwrap().success());
}

/// A tree with a directory, a file and a file system mounted in it, and where all that comes from.
fn mounted() -> (Tree, Tree) {
    let (tree, outside) = (Tree::new(), Tree::new());
    outside
        .directory("etc", 0o750)
        .file("etc/shadow", 0o600, b"secret")
        .file("resolv.conf", 0o644, b"secret");
    for directory in ["a", "bound", "proc", "z"] {
        tree.directory(directory, 0o755);
    }
    tree.file("a/resolv.conf", 0o600, b"own")
        .file("bound/own", 0o644, b"own")
        .file("z/file", 0o644, b"own")
        .settle();
    // The device is the same.
    mount(&["--bind"], &outside.at("etc"), &tree.at("bound"));
    mount(
        &["--bind"],
        &outside.at("resolv.conf"),
        &tree.at("a/resolv.conf"),
    );
    mount(&["-t", "tmpfs"], Path::new("none"), &tree.at("proc"));
    fs::write(tree.at("proc/file"), b"secret").unwrap();
    (tree, outside)
}

fn plain() -> Options {
    Options {
        compression: Compression::None,
        ..Options::default()
    }
}

fn find<'a>(members: &'a [Listed], path: &str) -> &'a Listed {
    let found = members.iter().find(|member| member.path == path.as_bytes());
    found.unwrap_or_else(|| panic!("no {path} in {members:?}"))
}

fn has_secret(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|window| window == b"secret")
}

fn told(notices: &[Notice]) -> Vec<String> {
    let paths = notices.iter().filter_map(|notice| match notice {
        Notice::MountPoint(path) => Some(path.display().to_string()),
        _ => None,
    });
    paths.collect()
}

const MOUNT_POINTS: [&str; 3] = ["./a/resolv.conf", "./bound", "./proc"];

#[test]
fn what_is_mounted_is_packed_empty_and_told() {
    if !may_mount("what_is_mounted_is_packed_empty_and_told") {
        return;
    }
    let (tree, _outside) = mounted();
    let ahead = pack(tree.path(), &plain());
    for (layer, bytes, notices) in [serially(|| pack(tree.path(), &plain())), ahead] {
        let layer = layer.unwrap();
        assert_eq!((layer.summary.members, layer.summary.bytes), (7, 3));
        assert_eq!(told(&notices), MOUNT_POINTS);
        assert!(!has_secret(&bytes));
        let members = list(&bytes);
        assert_eq!(find(&members, "./bound/").mode, 0o750);
        let file = find(&members, "./a/resolv.conf");
        assert_eq!((file.mode, file.content.as_slice()), (0o644, &b""[..]));
        assert_eq!(find(&members, "./z/file").content, b"own");
    }
}

#[test]
fn a_tree_looks_the_same_when_what_is_mounted_has_changed() {
    if !may_mount("a_tree_looks_the_same_when_what_is_mounted_has_changed") {
        return;
    }
    let (tree, outside) = mounted();
    let look = |options: &Options| {
        let mut notices = Vec::new();
        let survey = survey(
            tree.path(),
            options,
            &mut |notice| notices.push(notice),
            &Watch::default(),
        );
        (
            Key::new(&survey.unwrap().fingerprint, options),
            told(&notices),
        )
    };
    let entering = Options {
        cross_mounts: true,
        ..plain()
    };
    let (before, entered_before) = (look(&plain()), look(&entering));
    outside.file("etc/more", 0o600, b"more");
    fs::write(outside.at("resolv.conf"), b"other").unwrap();
    let (after, entered_after) = (look(&plain()), look(&entering));
    assert_eq!(before.1, MOUNT_POINTS);
    assert_eq!(before, after);
    assert_ne!(entered_before.0, entered_after.0);
    assert!(entered_before.1.is_empty());
}

#[test]
fn what_is_mounted_is_packed_where_it_is_asked_for() {
    if !may_mount("what_is_mounted_is_packed_where_it_is_asked_for") {
        return;
    }
    let (tree, _outside) = mounted();
    let options = Options {
        cross_mounts: true,
        ..plain()
    };
    let ahead = pack(tree.path(), &options);
    for (layer, bytes, notices) in [serially(|| pack(tree.path(), &options)), ahead] {
        layer.unwrap();
        assert!(told(&notices).is_empty());
        let members = list(&bytes);
        for path in ["./a/resolv.conf", "./bound/shadow", "./proc/file"] {
            assert_eq!(find(&members, path).content, b"secret");
        }
    }
}

#[test]
fn layers_of_a_tree_have_nothing_of_what_is_mounted() {
    if !may_mount("layers_of_a_tree_have_nothing_of_what_is_mounted") {
        return;
    }
    let (tree, _outside) = mounted();
    tree.directory("usr", 0o755);
    for number in 0..40 {
        tree.file(format!("usr/{number}"), 0o644, &[b'x'; 5000])
            .file(format!("z/{number}"), 0o644, &[b'x'; 5000]);
    }
    let three = Layers::AtMost(NonZeroU8::new(3).unwrap());
    for (options, is_entered) in [
        (plain(), false),
        (
            Options {
                cross_mounts: true,
                ..plain()
            },
            true,
        ),
    ] {
        let mut notices = Vec::new();
        let watch = Watch::default();
        let mut tell = |notice| notices.push(notice);
        let parts = divide(tree.path(), &options, three, &mut tell, &watch).unwrap();
        assert!(parts.len() > 1);
        let mut members = Vec::new();
        for part in parts {
            let mut bytes = Vec::new();
            let packer = Packer::new(options.clone()).of(part);
            packer
                .pack(tree.path(), &mut bytes, &mut |_| {}, &watch)
                .unwrap();
            members.extend(list(&bytes));
        }
        let secrets = members.iter().filter(|member| has_secret(&member.content));
        assert_eq!(secrets.count(), if is_entered { 3 } else { 0 });
        let expected: &[&str] = if is_entered { &[] } else { &MOUNT_POINTS };
        assert_eq!(told(&notices), expected);
        for path in ["./bound/", "./proc/", "./a/resolv.conf", "./z/file"] {
            find(&members, path);
        }
    }
}

#[test]
fn strictness_refuses_a_mount_point_and_the_root_may_be_one() {
    if !may_mount("strictness_refuses_a_mount_point_and_the_root_may_be_one") {
        return;
    }
    let (tree, _outside) = mounted();
    let strict = Options {
        strict: true,
        ..plain()
    };
    match pack(tree.path(), &strict).0 {
        Err(PackError::MountPoint { path }) => assert_eq!(path, tree.at("a/resolv.conf")),
        other => panic!("{other:?}"),
    }
    let (layer, bytes, notices) = pack(&tree.at("bound"), &strict);
    layer.unwrap();
    assert!(told(&notices).is_empty());
    assert_eq!(find(&list(&bytes), "./shadow").content, b"secret");
}

#[test]
fn an_error_below_a_mount_point_names_it() {
    if !may_mount("an_error_below_a_mount_point_names_it") || !Path::new(MADE).is_dir() {
        return;
    }
    let tree = Tree::new();
    tree.directory("made", 0o755);
    mount(&["--bind"], Path::new(MADE), &tree.at("made"));
    let options = Options {
        cross_mounts: true,
        ..plain()
    };
    let error = pack(tree.path(), &options).0.unwrap_err();
    let said = error.to_string();
    let end = format!("; {} is a mount point", tree.at("made").display());
    assert!(said.ends_with(&end), "{said}");
}

#[test]
fn a_file_with_more_content_than_its_size_says_is_an_error_that_names_it() {
    if !Path::new(MADE).is_dir() {
        return;
    }
    let root = Path::new(MADE);
    for result in [serially(|| pack(root, &plain())), pack(root, &plain())] {
        match result.0 {
            Err(PackError::WrongSize {
                path,
                size: 0,
                problem: SizeProblem::More,
            }) => assert_eq!(path.parent(), Some(root)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_file_with_less_content_than_its_size_says_is_an_error_that_names_it() {
    let root = Path::new("/sys/class/net/lo/statistics");
    if !root.is_dir() {
        return;
    }
    // The kernel may forget what it has made of a file, and makes it anew with another time.
    let pack = || {
        let mut tries = (0..10).map(|_| pack(root, &plain()).0.unwrap_err());
        tries.find(|error| !matches!(error, PackError::Changed { .. }))
    };
    for error in [serially(pack), pack()] {
        match error {
            Some(PackError::WrongSize {
                path,
                problem: SizeProblem::Less,
                ..
            }) => assert_eq!(path.parent(), Some(root)),
            other => panic!("{other:?}"),
        }
    }
}

/// Says that the test runs in a namespace of its own.
const INSIDE: &str = "LONGSHORE_TEST_MAY_MOUNT";

/// A directory of files that have content and the size 0, which does not change.
const MADE: &str = "/proc/sys/fs/epoll";
