//! Several layers instead of one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::num::NonZeroU8;

use proptest::prelude::*;
use rustix::fs::{Mode, OFlags};

use crate::testing::{Tree, noise};
use crate::{Compression, Layers, Options, PackError, Packer, Part, Watch, divide};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn layers_one_after_the_other_make_the_tree(
        things in prop::collection::vec(thing(), 1..40),
        layers in 2_u8..9,
    ) {
        let tree = build(&things);
        let parts = parts(&tree, layers);
        let split: Vec<_> = parts.iter().map(|part| members(&tar_of(&tree, part).unwrap())).collect();
        let whole = unpack(&[members(&crate::testing::tar(tree.path()))]);
        prop_assert_eq!(unpack(&split), whole);
        prop_assert!(split.len() <= usize::from(layers));
    }
}

#[test]
fn a_changed_file_changes_one_layer() {
    let tree = distribution();
    let before = layers_of(&tree);
    assert!(before.len() > 4, "{}", before.len());
    tree.file("usr/lib/python/module-7", 0o644, b"other");
    let after = layers_of(&tree);
    // The file was written in place: its directory is what it was.
    assert_eq!(differing(&before, &after).len(), 1);
}

#[test]
fn a_replaced_file_changes_the_layer_with_the_directories_as_well() {
    let tree = distribution();
    let before = layers_of(&tree);
    fs::write(tree.at("new"), "other").unwrap();
    fs::rename(tree.at("new"), tree.at("usr/lib/python/module-7")).unwrap();
    tree.mtime("usr/lib/python", 77);
    let after = layers_of(&tree);
    let differing = differing(&before, &after);
    assert_eq!(differing.len(), 2);
    assert!(differing.contains(&(before.len() - 1)));
}

#[test]
fn a_layer_is_known_again_while_others_change() {
    let tree = distribution();
    let prints = |tree: &Tree| -> Vec<String> {
        let parts = parts(tree, 16).into_iter();
        parts
            .map(|part| part.survey.fingerprint.to_string())
            .collect()
    };
    let before = prints(&tree);
    tree.file("etc/motd", 0o644, b"other");
    let after = prints(&tree);
    let same = before.iter().zip(&after).filter(|(a, b)| a == b).count();
    assert_eq!(same, before.len() - 1);
}

#[test]
fn all_names_of_a_file_are_in_one_layer() {
    let tree = distribution();
    for number in 0..40 {
        let name = format!("usr/lib/python/name-{number}");
        tree.hard_link(&name, "etc/motd");
    }
    let parts = parts(&tree, 16);
    let with_names = parts.iter().filter(|part| {
        let members = members(&tar_of(&tree, part).unwrap());
        members.iter().any(|(path, _)| path.contains("/name-"))
    });
    assert_eq!(with_names.count(), 1);
}

#[test]
fn what_would_delete_other_files_is_in_the_lowest_layer() {
    let tree = distribution();
    tree.file("usr/lib/python/.wh.module-3", 0o644, b"");
    tree.directory("opt/.wh.app", 0o755)
        .file("opt/.wh.app/x", 0o644, b"x");
    tree.hard_link("etc/.wh.motd", "etc/motd");
    let parts = parts(&tree, 16);
    for (number, part) in parts.iter().enumerate() {
        let members = members(&tar_of(&tree, part).unwrap());
        let names = members.iter().filter(|(path, _)| path.contains("/.wh."));
        assert_eq!(
            names.count(),
            if number == 0 { 4 } else { 0 },
            "layer {number}"
        );
    }
}

#[test]
fn a_tree_that_has_changed_since_it_was_divided_is_not_packed() {
    let tree = distribution();
    let parts = parts(&tree, 4);
    tree.file("usr/lib/python/module-7", 0o644, b"other");
    let failures = parts
        .iter()
        .filter(|part| matches!(tar_of(&tree, part), Err(PackError::Changed { .. })));
    assert_eq!(failures.count(), 1);
}

/// Deeper than open files and stacks are many.
#[test]
fn a_deep_tree_is_divided_and_packed() {
    let tree = Tree::new();
    let mut directory = rustix::fs::open(tree.path(), OFlags::PATH, Mode::empty()).unwrap();
    for _ in 0..3000 {
        rustix::fs::mkdirat(&directory, "down", Mode::RWXU).unwrap();
        directory = rustix::fs::openat(&directory, "down", OFlags::PATH, Mode::empty()).unwrap();
    }
    let flags = OFlags::CREATE | OFlags::WRONLY;
    let file = rustix::fs::openat(&directory, "file", flags, Mode::RWXU).unwrap();
    rustix::io::write(&file, b"content").unwrap();
    let parts = parts(&tree, 4);
    let packed = parts.iter().map(|part| tar_of(&tree, part).unwrap());
    let files = packed.map(|tar| {
        let members = members(&tar).into_iter();
        members
            .filter(|(_, member)| member.content == b"content")
            .count()
    });
    assert_eq!(files.sum::<usize>(), 1);
}

#[test]
fn one_layer_is_the_layer_of_before() {
    let tree = distribution();
    let [part] = &parts(&tree, 1)[..] else {
        panic!("one layer");
    };
    assert!(tar_of(&tree, part).unwrap() == crate::testing::tar(tree.path()));
}

fn parts(tree: &Tree, layers: u8) -> Vec<Part> {
    let layers = Layers::AtMost(NonZeroU8::new(layers).unwrap());
    let (options, watch) = (Options::default(), Watch::default());
    divide(tree.path(), &options, layers, &mut |_| {}, &watch).unwrap()
}

fn tar_of(tree: &Tree, part: &Part) -> Result<Vec<u8>, PackError> {
    let packer = Packer::new(Options {
        compression: Compression::None,
        ..Options::default()
    });
    let mut bytes = Vec::new();
    let packed =
        packer
            .of(part.clone())
            .pack(tree.path(), &mut bytes, &mut |_| {}, &Watch::default());
    packed.map(|_| bytes)
}

fn layers_of(tree: &Tree) -> Vec<Vec<u8>> {
    let parts = parts(tree, 16).into_iter();
    parts.map(|part| tar_of(tree, &part).unwrap()).collect()
}

fn differing(before: &[Vec<u8>], after: &[Vec<u8>]) -> Vec<usize> {
    assert_eq!(before.len(), after.len());
    (0..before.len())
        .filter(|number| before[*number] != after[*number])
        .collect()
}

/// A tree with enough in it to be divided.
fn distribution() -> Tree {
    let tree = Tree::new();
    for directory in ["usr", "usr/lib", "usr/lib/python", "etc", "opt"] {
        tree.directory(directory, 0o755);
    }
    for number in 0..64 {
        tree.file(
            format!("usr/lib/python/module-{number}"),
            0o644,
            &noise(number, 4000),
        );
        let package = format!("usr/lib/package-{number}");
        tree.directory(&package, 0o755);
        tree.file(format!("{package}/library"), 0o755, &noise(number, 20_000));
    }
    tree.file("etc/motd", 0o644, b"welcome")
        .symlink("lib", "usr/lib");
    tree.settle();
    tree
}

/// Something in a tree: which directory it is in, what it is called, and what it is.
type Thing = (usize, u8, Sort);

#[derive(Clone, Debug)]
enum Sort {
    Directory(u32),
    File(usize, u32),
    Symlink,
    /// Another name of an earlier file.
    Link(usize),
}

fn thing() -> impl Strategy<Value = Thing> {
    let mode = prop::sample::select(vec![0o755_u32, 0o700, 0o1777]);
    let size = prop::sample::select(vec![0_usize, 10, 30_000, 90_000]);
    let sort = prop_oneof![
        3 => mode.clone().prop_map(Sort::Directory),
        4 => (size, mode).prop_map(|(size, mode)| Sort::File(size, mode)),
        1 => Just(Sort::Symlink),
        2 => any::<usize>().prop_map(Sort::Link),
    ];
    (any::<usize>(), 0_u8..NAMES.len() as u8, sort)
}

fn build(things: &[Thing]) -> Tree {
    let tree = Tree::new();
    let mut directories = vec![String::new()];
    let mut files: Vec<String> = Vec::new();
    for (number, (place, name, sort)) in things.iter().enumerate() {
        let directory = &directories[place % directories.len()];
        let path = format!("{directory}{}", NAMES[usize::from(*name)]);
        if fs::symlink_metadata(tree.at(&path)).is_ok() {
            continue;
        }
        match sort {
            Sort::Directory(mode) => {
                tree.directory(&path, *mode);
                directories.push(format!("{path}/"));
            }
            Sort::File(size, mode) => {
                tree.file(&path, *mode, &noise(number as u64, *size));
                files.push(path);
            }
            Sort::Symlink => {
                tree.symlink(&path, "target");
            }
            Sort::Link(_) if files.is_empty() => {}
            Sort::Link(which) => {
                tree.hard_link(&path, &files[which % files.len()]);
            }
        }
    }
    tree
}

/// A member but for its path.
#[derive(Clone, Debug, PartialEq)]
struct Member {
    kind: tar::EntryType,
    mode: u32,
    mtime: u64,
    target: Vec<u8>,
    content: Vec<u8>,
}

fn members(tar: &[u8]) -> Vec<(String, Member)> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let header = entry.header();
        let member = Member {
            kind: header.entry_type(),
            mode: header.mode().unwrap(),
            mtime: header.mtime().unwrap(),
            target: entry.link_name_bytes().unwrap_or_default().into_owned(),
            content,
        };
        (path, member)
    });
    entries.collect()
}

/// What unpacking the layers leaves, the lowest first. It is strict: nothing may be in two layers
/// but directories, parents come first, a link has its file in its own layer, and nothing above the
/// lowest layer is an order to delete.
fn unpack(layers: &[Vec<(String, Member)>]) -> BTreeMap<String, Member> {
    let mut tree = BTreeMap::new();
    for (number, layer) in layers.iter().enumerate() {
        let mut own: BTreeMap<&str, &Member> = BTreeMap::new();
        for (path, member) in layer {
            let (parent, name) = path
                .trim_end_matches('/')
                .rsplit_once('/')
                .unwrap_or(("", path));
            assert!(
                parent.is_empty() || own.contains_key(&*format!("{parent}/")),
                "{path}"
            );
            assert!(number == 0 || !name.starts_with(".wh."), "{path}");
            if member.kind == tar::EntryType::Link {
                let target = String::from_utf8(member.target.clone()).unwrap();
                assert!(own.contains_key(&*target), "{path} to {target}");
            }
            own.insert(path, member);
            let earlier = tree.insert(path.clone(), member.clone());
            let is_directory = member.kind == tar::EntryType::Directory;
            assert!(earlier.is_none() || is_directory, "{path} twice");
        }
    }
    tree
}

const NAMES: [&str; 12] = [
    "usr", "lib", "etc", "opt", "local", "bin", "a", "b", ".wh.a", ".wh.lib", "+", "share",
];
