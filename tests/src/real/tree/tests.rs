use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use tempfile::TempDir;

use super::{Kind, Special, Tree};

#[test]
fn a_tree_agrees_with_its_copy() {
    let (a, b) = (sample(), sample());
    let differences = Tree::read(a.path()).differences(&Tree::read(b.path()));
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn every_kind_of_change_is_named() {
    let (a, b) = (sample(), sample());
    let changed = b.path();
    fs::write(changed.join("file"), "CONTENT").unwrap();
    fs::set_permissions(changed.join("folder"), Permissions::from_mode(0o700)).unwrap();
    fs::remove_file(changed.join("link")).unwrap();
    symlink("elsewhere", changed.join("link")).unwrap();
    fs::remove_file(changed.join("folder/inner")).unwrap();
    fs::write(changed.join("new"), "").unwrap();
    settle(changed);

    let differences = Tree::read(a.path())
        .differences(&Tree::read(changed))
        .lines()
        .join("\n");
    for expected in [
        "! `file`: kind file of 7 bytes, sha256 ed7002b439e9, linked with `file` became file of 7 bytes, ",
        "! `folder`: mode 0755 became 0700",
        "! `link`: kind symlink to `file` became symlink to `elsewhere`",
        "- `folder/inner` is missing: file of 0 bytes",
        "+ `new` was not expected: file of 0 bytes",
    ] {
        assert!(
            differences.contains(expected),
            "{expected}\nnot in\n{differences}"
        );
    }
    // And `twin`, which is the same file.
    assert_eq!(differences.lines().count(), 6, "{differences}");
}

#[test]
fn a_copied_hard_link_is_a_difference() {
    let (a, b) = (sample(), sample());
    fs::remove_file(b.path().join("twin")).unwrap();
    fs::write(b.path().join("twin"), "content").unwrap();
    settle(b.path());

    let differences = Tree::read(a.path()).differences(&Tree::read(b.path()));
    assert_eq!(differences.lines().len(), 2, "{differences}");
    assert!(
        differences
            .to_string()
            .contains("linked with `file` became file of"),
        "{differences}"
    );
}

#[test]
fn a_link_to_outside_the_tree_makes_no_group() {
    let (outside, inside) = (sample(), tempfile::tempdir().unwrap());
    fs::hard_link(outside.path().join("file"), inside.path().join("file")).unwrap();
    let tree = Tree::read(inside.path());
    assert!(matches!(
        &tree.entries[Path::new("file")].kind,
        Kind::File { links: None, .. }
    ));
}

#[test]
fn mtimes_count_by_the_second() {
    let (a, b) = (sample(), sample());
    let file = fs::File::open(b.path().join("file")).unwrap();
    file.set_modified(settled() + Duration::from_millis(900))
        .unwrap();
    assert!(
        Tree::read(a.path())
            .differences(&Tree::read(b.path()))
            .is_empty()
    );
    file.set_modified(settled() + Duration::from_secs(5))
        .unwrap();
    let differences = Tree::read(a.path()).differences(&Tree::read(b.path()));
    assert!(
        differences
            .to_string()
            .contains("mtime 1000000000 became 1000000005"),
        "{differences}"
    );
}

#[test]
fn names_that_are_no_text_can_be_read_in_the_report() {
    let (a, b) = (sample(), sample());
    fs::write(b.path().join(OsStr::from_bytes(b"caf\xe9\n")), "").unwrap();
    let differences = Tree::read(a.path()).differences(&Tree::read(b.path()));
    assert!(
        differences
            .to_string()
            .contains("+ `caf\\xe9\\n` was not expected"),
        "{differences}"
    );
}

#[test]
fn specials_are_seen_and_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let _listener = UnixListener::bind(folder.path().join("socket")).unwrap();
    let tree = Tree::read(folder.path());
    assert_eq!(
        tree.entries[Path::new("socket")].kind,
        Kind::Special(Special::Socket)
    );
}

#[test]
fn map_changes_and_drops() {
    let folder = sample();
    let tree = Tree::read(folder.path()).map(|path, entry| {
        entry.mode = 0;
        path != Path::new("twin")
    });
    assert!(tree.entries.values().all(|entry| entry.mode == 0));
    assert_eq!(tree.files(), 2);
}

#[test]
fn a_long_report_is_cut() {
    let (a, b) = (sample(), sample());
    for number in 0..60 {
        fs::write(b.path().join(number.to_string()), "").unwrap();
    }
    settle(b.path());
    let differences = Tree::read(a.path()).differences(&Tree::read(b.path()));
    assert_eq!(differences.lines().len(), 60);
    assert!(
        differences.to_string().ends_with("  and 20 more\n"),
        "{differences}"
    );
}

/// `file` and `twin` are one; `folder/inner` is empty; `link` points to `file`.
fn sample() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("folder")).unwrap();
    fs::set_permissions(root.join("folder"), Permissions::from_mode(0o755)).unwrap();
    fs::write(root.join("folder/inner"), "").unwrap();
    fs::write(root.join("file"), "content").unwrap();
    fs::hard_link(root.join("file"), root.join("twin")).unwrap();
    symlink("file", root.join("link")).unwrap();
    settle(root);
    folder
}

/// Gives everything one mtime, so that only what a test changes can differ.
fn settle(root: &Path) {
    let time = Timespec {
        tv_sec: SETTLED,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    for path in ["file", "twin", "new", "link", "folder/inner", "folder", ""] {
        let path = root.join(path);
        if fs::symlink_metadata(&path).is_ok() {
            utimensat(CWD, &path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
        }
    }
}

fn settled() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(SETTLED.unsigned_abs())
}

const SETTLED: i64 = 1_000_000_000;
