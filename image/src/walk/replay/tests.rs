use std::fs;

use super::*;
use crate::testing::{Tree, noise, serially};
use crate::walk::{Recorder, Walk};

#[test]
fn files_are_read_as_they_were_seen() {
    for is_far in [false, true] {
        let tree = tree();
        let plan = plan(&tree, is_far);
        let mut read = Vec::new();
        let mut replay = replay(&tree, &plan);
        while let Some(entry) = replay.next().unwrap() {
            if entry.kind == Kind::File {
                let content = content(&mut replay, &entry).unwrap();
                assert!(content == fs::read(replay.host_path()).unwrap());
                read.push(String::from_utf8_lossy(replay.path()).into_owned());
            }
        }
        assert_eq!(read, ["./a/deep/x", "./a/file", "./large", "./z"]);
    }
}

#[test]
fn a_pruned_directory_is_left_out() {
    let tree = tree();
    let mut replay = replay(&tree, &plan(&tree, true));
    let mut seen = Vec::new();
    while replay.next().unwrap().is_some() {
        seen.push(String::from_utf8_lossy(replay.path()).into_owned());
        if replay.path() == b"./a" {
            replay.prune();
        }
    }
    assert_eq!(seen, [".", "./a", "./large", "./z"]);
}

#[test]
fn what_is_no_longer_what_was_seen_is_noticed() {
    type Case = (&'static str, fn(&Tree), &'static str, Change);
    let cases: [Case; 5] = [
        (
            "a file that was written to",
            |tree| {
                tree.file("a/file", 0o644, b"CONTENT");
            },
            "a/file",
            Change::Touched,
        ),
        (
            "a file that is gone",
            |tree| fs::remove_file(tree.at("z")).unwrap(),
            "",
            Change::Touched,
        ),
        (
            "a new file in a directory",
            |tree| {
                tree.file("a/deep/new", 0o644, b"");
            },
            "a/deep",
            Change::Touched,
        ),
        (
            "another directory in its place",
            |tree| {
                fs::rename(tree.at("a/deep"), tree.at("a/other")).unwrap();
                tree.directory("a/deep", 0o755);
                let (a, at) = ("a", crate::testing::SETTLED);
                tree.mtime(a, at);
            },
            "a",
            Change::Touched,
        ),
        (
            "a link in its place",
            |tree| {
                fs::rename(tree.at("large"), tree.at("a/deep/x")).unwrap();
                tree.symlink("large", "/etc/passwd");
            },
            "",
            Change::Touched,
        ),
    ];
    for is_far in [false, true] {
        for (what, change, path, expected) in cases {
            let tree = tree();
            let plan = plan(&tree, is_far);
            change(&tree);
            match go(&tree, &plan) {
                Err(PackError::Changed {
                    path: found,
                    change,
                }) => {
                    let is_size = matches!(change, Change::Grown | Change::Shrunk);
                    assert!(change == expected || is_size, "{what}: {change:?}");
                    assert_eq!(found, tree.at(path), "{what}");
                }
                other => panic!("{what}: {other:?}"),
            }
        }
    }
}

#[test]
fn what_became_of_a_directory_without_files_is_said() {
    type Case = (fn(&Tree), Change);
    let cases: [Case; 2] = [
        (|_| {}, Change::Vanished),
        (
            |tree| {
                tree.symlink("a/none", "deep");
            },
            Change::Replaced,
        ),
    ];
    for (change, expected) in cases {
        let tree = tree();
        tree.directory("a/none", 0o755);
        let plan = plan(&tree, false);
        let error = serially(|| {
            let mut replay = replay(&tree, &plan).thoroughly();
            loop {
                let entry = match replay.next() {
                    Ok(entry) => entry.expect("it was noticed"),
                    Err(error) => return error,
                };
                if replay.path() == b"./a/file" {
                    content(&mut replay, &entry).unwrap();
                    fs::remove_dir(tree.at("a/none")).unwrap();
                    change(&tree);
                }
            }
        });
        match error {
            PackError::Changed { path, change } => {
                assert_eq!((path, change), (tree.at("a/none"), expected));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn more_directories_than_may_wait_are_all_checked() {
    let tree = Tree::new();
    for number in 100..500 {
        tree.directory(format!("{number}"), 0o755);
    }
    tree.settle();
    for late in ["100", "300", "499"] {
        let plan = plan(&tree, true);
        let new = format!("{late}/new");
        tree.file(&new, 0o644, b"");
        let mut replay = replay(&tree, &plan).thoroughly();
        let error = loop {
            match replay.next() {
                Ok(entry) => assert!(entry.is_some(), "it was not noticed"),
                Err(error) => break error,
            }
        };
        match error {
            PackError::Changed { path, .. } => assert_eq!(path, tree.at(late)),
            other => panic!("{other}"),
        }
        fs::remove_file(tree.at(&new)).unwrap();
        tree.settle();
    }
}

fn go(tree: &Tree, plan: &Arc<Plan>) -> Result<(), PackError> {
    let mut replay = serially(|| replay(tree, plan));
    while let Some(entry) = replay.next()? {
        if entry.kind == Kind::File {
            content(&mut replay, &entry)?;
        }
    }
    Ok(())
}

fn content(replay: &mut Replay, entry: &Entry) -> Result<Vec<u8>, PackError> {
    let mut file = replay.open_file(entry)?;
    let mut content = Vec::new();
    let mut space = vec![0; 100_000];
    while file.remaining() > 0 {
        let count = file.read(&mut space)?;
        content.extend_from_slice(&space[..count]);
    }
    file.finish()?;
    Ok(content)
}

fn replay(tree: &Tree, plan: &Arc<Plan>) -> Replay {
    let choose = Box::new(|_: &[u8], _: &Entry| Choice::Ours);
    Replay::new(tree.path(), Arc::clone(plan), Some(choose))
}

fn plan(tree: &Tree, is_far: bool) -> Arc<Plan> {
    let mut walk = Walk::new(tree.path(), Reads::Nothing, Mounts::LeftOut).unwrap();
    let mut recorder = Recorder::new();
    while let Some(entry) = walk.next().unwrap() {
        let attributes = walk.attributes(&entry).unwrap();
        let attributes = (entry.kind == Kind::Directory).then_some(&attributes);
        recorder.add(walk.path(), &entry, b"", attributes);
    }
    Arc::new(recorder.finish(is_far).unwrap())
}

fn tree() -> Tree {
    let tree = Tree::new();
    tree.directory("a", 0o755)
        .directory("a/deep", 0o755)
        .file("a/deep/x", 0o644, b"x")
        .file("a/file", 0o644, b"content")
        .file("large", 0o644, &noise(1, 500_000))
        .file("z", 0o644, b"")
        .settle();
    tree
}
