use proptest::prelude::*;

use super::*;
use crate::testing::Tree;
use crate::walk::{Members, Mounts, Reads, Walk};

#[test]
fn a_plan_says_what_the_walk_has_seen() {
    let tree = Tree::new();
    tree.directory("a", 0o1777)
        .directory("a/inner", 0o700)
        .file("a/inner/file", 0o4755, b"content")
        .hard_link("b", "a/inner/file")
        .symlink("c", "a/inner")
        .fifo("d");
    let mut walk = Walk::new(tree.path(), Reads::Nothing, Mounts::LeftOut).unwrap();
    let mut recorder = Recorder::new();
    let mut seen = Vec::new();
    while let Some(entry) = walk.next().unwrap() {
        let target = match entry.kind {
            Kind::Symlink => walk.read_link().unwrap(),
            _ => Vec::new(),
        };
        let attributes = match entry.kind {
            Kind::File => None,
            _ => Some(walk.attributes(&entry).unwrap()),
        };
        recorder.add(walk.path(), &entry, &target, attributes.as_ref());
        seen.push((walk.path().to_vec(), entry, target, attributes));
    }
    let plan = recorder.finish(false).unwrap();
    let mut reader = Reader::default();
    for (path, entry, target, attributes) in seen {
        let planned = reader.next(&plan).unwrap();
        assert_eq!(reader.path(), path);
        assert_eq!(planned.entry, entry);
        assert_eq!(planned.target, target);
        assert_eq!(planned.attributes, attributes);
    }
    assert!(reader.next(&plan).is_none());
}

#[test]
fn all_that_is_in_a_directory_is_skipped() {
    let tree = Tree::new();
    tree.directory("a", 0o755)
        .directory("a/inner", 0o700)
        .file("a/inner/file", 0o644, b"content")
        .file("b", 0o644, b"more")
        .directory("c", 0o755)
        .file("c/last", 0o644, b"");
    let plan = plan_of(&tree);
    let read = |skipped: &[u8]| {
        let mut reader = Reader::default();
        let mut seen = Vec::new();
        while let Some(planned) = reader.next(&plan) {
            seen.push((reader.path().to_vec(), planned.entry));
            if reader.path() == skipped {
                reader.skip(&plan);
            }
        }
        seen
    };
    let everything = read(b"nothing");
    assert_eq!(everything.len(), 7);
    for skipped in [
        &b"./a"[..],
        b"./a/inner",
        b"./a/inner/file",
        b"./b",
        b"./c",
        b".",
    ] {
        let below = [skipped, b"/"].concat();
        let expected = everything
            .iter()
            .filter(|(path, _)| !path.starts_with(&below));
        assert!(
            read(skipped).iter().eq(expected),
            "{}",
            skipped.escape_ascii()
        );
    }
}

proptest! {
    #[test]
    fn any_number_comes_back(unsigned: u64, signed: i64) {
        let mut bytes = Vec::new();
        put(&mut bytes, unsigned);
        put_signed(&mut bytes, signed);
        let mut rest = &bytes[..];
        prop_assert_eq!(take(&mut rest), Some(unsigned));
        prop_assert_eq!(take_signed(&mut rest), Some(signed));
        prop_assert!(rest.is_empty());
    }
}

#[test]
fn a_plan_that_becomes_too_large_is_given_up() {
    let tree = Tree::new();
    let entry = Walk::new(tree.path(), Reads::Nothing, Mounts::LeftOut)
        .unwrap()
        .next();
    let entry = entry.unwrap().unwrap();
    let mut recorder = Recorder::new();
    for _ in 0..=(MOST / 200) {
        recorder.add(&[b'x'; 200], &entry, b"", None);
    }
    assert!(recorder.finish(false).is_none());
}

fn plan_of(tree: &Tree) -> Plan {
    let mut walk = Walk::new(tree.path(), Reads::Nothing, Mounts::LeftOut).unwrap();
    let mut recorder = Recorder::new();
    while let Some(entry) = walk.next().unwrap() {
        recorder.add(walk.path(), &entry, b"", None);
    }
    recorder.finish(false).unwrap()
}
