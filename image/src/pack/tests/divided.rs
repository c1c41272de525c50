//! Directories that change between dividing a tree and packing its layers, where no file in them is
//! opened.

use std::fs;
use std::num::NonZeroU8;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::testing::{Tree, serially};
use crate::{Change, Layers, Options, PackError, Packer, Part, Watch, divide};

#[test]
fn a_directory_without_files_that_has_changed_is_noticed() {
    type Case = (&'static str, fn(&Tree), &'static str);
    let cases: [Case; 10] = [
        (
            "a new file in an empty directory",
            |tree| {
                tree.file("a/empty/new", 0o644, b"new");
            },
            "a/empty",
        ),
        (
            "a new file beside a link",
            |tree| {
                tree.file("links/new", 0o644, b"new");
            },
            "links",
        ),
        (
            "a new directory in one with directories only",
            |tree| {
                tree.directory("outer/inner/new", 0o755);
            },
            "outer/inner",
        ),
        (
            "another link",
            |tree| {
                fs::remove_file(tree.at("links/link")).unwrap();
                tree.symlink("links/link", "elsewhere");
            },
            "links",
        ),
        (
            "an empty directory that is gone",
            |tree| fs::remove_dir(tree.at("a/empty")).unwrap(),
            "a",
        ),
        (
            "a directory with a link that is gone",
            |tree| fs::remove_dir_all(tree.at("links")).unwrap(),
            "",
        ),
        (
            "a link in the place of an empty directory",
            |tree| {
                fs::rename(tree.at("a/empty"), tree.at("a/elsewhere")).unwrap();
                tree.symlink("a/empty", "elsewhere");
            },
            "a",
        ),
        (
            "a link in the place of a directory above others",
            |tree| {
                fs::rename(tree.at("outer"), tree.at("elsewhere")).unwrap();
                tree.symlink("outer", "elsewhere");
            },
            "",
        ),
        (
            "another mode of an empty directory",
            |tree| make_private(tree, "a/empty"),
            "a/empty",
        ),
        (
            "another mode of a directory with a link",
            |tree| make_private(tree, "links"),
            "links",
        ),
    ];
    for is_serial in [false, true] {
        for (what, change, expected) in cases {
            let tree = tree();
            let packed = match is_serial {
                true => serially(|| pack_last(&tree, change)),
                false => pack_last(&tree, change),
            };
            match packed {
                Err(PackError::Changed { path, change }) => {
                    // One after the other, a directory is opened before those in it are looked at.
                    if is_serial {
                        assert_eq!(path, tree.at(expected), "{what}");
                        let is_size = matches!(change, Change::Grown | Change::Shrunk);
                        assert!(is_size || change == Change::Touched, "{what}: {change:?}");
                    }
                }
                other => panic!("{what}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_directory_that_has_not_changed_is_packed() {
    for is_serial in [false, true] {
        let tree = tree();
        let packed = match is_serial {
            true => serially(|| pack_last(&tree, |_| {})),
            false => pack_last(&tree, |_| {}),
        };
        packed.unwrap();
    }
}

/// Charliecloud's build cache is no part of the image.
#[test]
fn a_change_in_a_directory_that_is_left_out_does_not_matter() {
    let tree = tree();
    tree.directory("ch", 0o755).directory("ch/git", 0o755);
    let new = |tree: &Tree| {
        tree.file("ch/git/new", 0o644, b"new");
    };
    pack_last(&tree, new).unwrap();
    serially(|| pack_last(&tree, new)).unwrap();
}

fn pack_last(tree: &Tree, change: impl Fn(&Tree)) -> Result<(), PackError> {
    let parts = parts(tree);
    change(tree);
    let last = parts.last().expect("there is at least one").clone();
    let packer = Packer::new(Options::default()).of(last);
    let mut bytes = Vec::new();
    let packed = packer.pack(tree.path(), &mut bytes, &mut |_| {}, &Watch::default());
    packed.map(drop)
}

fn parts(tree: &Tree) -> Vec<Part> {
    let layers = Layers::AtMost(NonZeroU8::new(4).unwrap());
    let (options, watch) = (Options::default(), Watch::default());
    divide(tree.path(), &options, layers, &mut |_| {}, &watch).unwrap()
}

/// Takes a directory's other modes away, at a moment that the file system's clock tells from the
/// one before.
fn make_private(tree: &Tree, path: &str) {
    let changed = |path: &PathBuf| {
        let found = fs::metadata(path).unwrap();
        (found.ctime(), found.ctime_nsec())
    };
    let before = changed(&tree.at(path));
    while changed(&tree.at(path)) == before {
        tree.mode(path, 0o700);
    }
}

fn tree() -> Tree {
    let tree = Tree::new();
    for directory in ["a", "a/empty", "links", "outer", "outer/inner"] {
        tree.directory(directory, 0o755);
    }
    tree.symlink("links/link", "target").settle();
    tree
}
