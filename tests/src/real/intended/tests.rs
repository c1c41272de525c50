use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use super::{ch_image_pull, layer, pulled_by_ch_image, relative};
use crate::real::tree::{Kind, Tree};

#[test]
fn a_layer_has_neither_specials_nor_the_build_cache() {
    let layer = layer(&image(), (0, 0));
    let paths: Vec<_> = layer
        .entries
        .keys()
        .map(|path| path.to_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "",
            "ch",
            "ch/metadata.json",
            "dev",
            "dev/file",
            "file",
            "link",
            "mnt",
            "mnt/0"
        ]
    );
    assert_eq!(layer.entries[Path::new("file")].mode, 0o1055);
    assert!(layer.entries.values().all(|entry| entry.owner == (0, 0)));
}

#[test]
fn ch_image_makes_a_layer_usable_and_adds_its_own() {
    let layer = layer(&image(), (0, 0));
    let expected = ch_image_pull(&layer);
    let paths: Vec<_> = expected
        .entries
        .keys()
        .map(|path| path.to_str().unwrap())
        .collect();
    assert_eq!(paths, ["", "ch", "dev", "file", "link", "mnt"]);
    assert_eq!(expected.entries[Path::new("file")].mode, 0o1655);
    let Kind::Symlink { target } = &expected.entries[Path::new("link")].kind else {
        panic!("a link")
    };
    assert_eq!(target, Path::new("no/such"));
    assert_eq!(pulled_by_ch_image(&expected), expected);
}

#[test]
fn absolute_targets_become_relative_to_the_link() {
    for (link, target, expected) in [
        ("a", "/x", "x"),
        ("a/b/c", "/x/y", "../../x/y"),
        ("a/b", "x/./y", "x/y"),
        ("a/b", "../x/", "../x"),
        ("a", "/", "."),
    ] {
        assert_eq!(
            relative(Path::new(link), Path::new(target)),
            Path::new(expected),
            "{link} -> {target}"
        );
    }
}

fn image() -> Tree {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["ch", "dev", "mnt", "mnt/0"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    for name in [
        "ch/metadata.json",
        "ch/git.pickle",
        ".git",
        "dev/file",
        "file",
    ] {
        fs::write(root.join(name), "").unwrap();
    }
    // A reader need not be allowed to read it: root is, and everybody else owns it.
    fs::set_permissions(root.join("file"), Permissions::from_mode(0o7055 | 0o400)).unwrap();
    symlink("/no/such", root.join("link")).unwrap();
    drop(UnixListener::bind(root.join("socket")).unwrap());
    Tree::read(root).map(|_, entry| {
        if entry.mode == 0o7455 {
            entry.mode = 0o7055;
        }
        true
    })
}
