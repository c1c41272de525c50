//! Any tree unpacks to itself.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::testing::{Tree, pack, snapshot, tar};
use crate::{Options, survey};

#[derive(Clone, Debug)]
enum Plan {
    Directory { mode: u32 },
    File { mode: u32, content: Vec<u8> },
    Symlink { target: Vec<u8> },
    HardLink { nth: prop::sample::Index },
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => b'a'..=b'c', 1 => any::<u8>()];
    let byte = byte.prop_filter("no name has these", |byte| ![0, b'/'].contains(byte));
    let length = prop_oneof![8 => 1..6usize, 1 => 90..256usize];
    length
        .prop_flat_map(move |length| prop::collection::vec(byte.clone(), length))
        .prop_filter("taken", |name| {
            ![&b"."[..], b".."].contains(&name.as_slice())
        })
}

fn plan() -> impl Strategy<Value = Plan> {
    let byte = (1..=255u8).boxed();
    prop_oneof![
        2 => (0..0o2000u32).prop_map(|mode| Plan::Directory { mode: mode | 0o700 }),
        3 => (0..0o2000u32, prop::collection::vec(any::<u8>(), 0..1500))
            .prop_map(|(mode, content)| Plan::File { mode: mode | 0o400, content }),
        1 => prop::collection::vec(byte, 1..300).prop_map(|target| Plan::Symlink { target }),
        1 => any::<prop::sample::Index>().prop_map(|nth| Plan::HardLink { nth }),
    ]
}

/// Makes the planned files, each in a directory that is there already.
fn grow(plans: &[(prop::sample::Index, Vec<u8>, Plan)]) -> Tree {
    let tree = Tree::new();
    let mut directories = vec![PathBuf::new()];
    let mut files: Vec<PathBuf> = Vec::new();
    for (place, name, plan) in plans {
        let path = place
            .get(&directories)
            .join(OsString::from_vec(name.clone()));
        if tree.at(&path).symlink_metadata().is_ok() || path == Path::new(".git") {
            continue;
        }
        match plan {
            Plan::Directory { mode } => {
                tree.directory(&path, *mode);
                directories.push(path);
            }
            Plan::File { mode, content } => {
                tree.file(&path, *mode, content);
                files.push(path);
            }
            Plan::Symlink { target } => {
                tree.symlink(&path, OsString::from_vec(target.clone()));
            }
            Plan::HardLink { nth } if !files.is_empty() => {
                tree.hard_link(&path, nth.get(&files));
            }
            Plan::HardLink { .. } => {}
        }
    }
    tree.settle();
    tree
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_unpacks_to_itself(
        plans in prop::collection::vec((any::<prop::sample::Index>(), name(), plan()), 0..30),
    ) {
        let tree = grow(&plans);
        let layer = tar(tree.path());
        let place = tempfile::tempdir().unwrap();
        let archive = place.path().join("layer.tar");
        let root = place.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(&archive, &layer).unwrap();
        let mut tar = std::process::Command::new("tar");
        let output = tar.args(["-x", "-p", "-f"]).arg(&archive).arg("-C").arg(&root).output();
        let output = output.unwrap();
        prop_assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        prop_assert_eq!(snapshot(&root), snapshot(tree.path()));

        // And the copy packs to the same bytes, though its inodes and their order are others.
        let (again, copy, _) = pack(&root, &Options {
            compression: crate::Compression::None,
            ..Options::default()
        });
        prop_assert!(copy == layer);
        let watch = crate::Watch::default();
        let scanned = survey(&root, &Options::default(), &mut |_| {}, &watch).unwrap();
        prop_assert_eq!(scanned.members, again.unwrap().summary.members);
    }
}
