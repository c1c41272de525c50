use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::*;
use crate::testing::{Tree, serially};

fn paths(root: &Path) -> Vec<String> {
    let mut walk = Walk::new(root, Reads::Nothing, Mounts::LeftOut).unwrap();
    let mut paths = Vec::new();
    while walk.next().unwrap().is_some() {
        paths.push(String::from_utf8_lossy(walk.path()).into_owned());
    }
    paths
}

/// Goes on until the current member is `path`, with nothing done ahead.
fn walk_to(tree: &Tree, path: &str) -> (Walk, Entry) {
    let mut walk = serially(|| Walk::new(tree.path(), Reads::Nothing, Mounts::LeftOut)).unwrap();
    loop {
        let entry = walk.next().unwrap().expect("the path is in the tree");
        if walk.path() == path.as_bytes() {
            return (walk, entry);
        }
    }
}

fn change(result: Result<impl Sized, PackError>) -> (String, Change) {
    match result.err() {
        Some(PackError::Changed { path, change }) => (
            path.file_name().unwrap().to_string_lossy().into_owned(),
            change,
        ),
        other => panic!("not a change: {other:?}"),
    }
}

#[test]
fn names_are_sorted_within_their_directory() {
    let tree = Tree::new();
    for directory in ["b", "a", "a.d", "a/c"] {
        tree.directory(directory, 0o755);
    }
    // Byte order of whole paths would put `a.d` before `a/c`.
    tree.file("a/c/é", 0o644, b"")
        .file("a/c/z", 0o644, b"")
        .file("a/B", 0o644, b"");
    let expected = [
        ".", "./a", "./a/B", "./a/c", "./a/c/z", "./a/c/é", "./a.d", "./b",
    ];
    assert_eq!(paths(tree.path()), expected);
}

#[test]
fn the_root_may_be_a_link_but_nothing_below_is_followed() {
    let tree = Tree::new();
    tree.directory("real", 0o755)
        .file("real/f", 0o644, b"")
        .symlink("real/loop", ".");
    tree.symlink("alias", "real");
    assert_eq!(paths(&tree.at("alias")), [".", "./f", "./loop"]);
}

#[test]
fn what_is_not_a_directory_cannot_be_walked() {
    let tree = Tree::new();
    tree.file("file", 0o644, b"");
    assert!(matches!(
        Walk::new(&tree.at("none"), Reads::Nothing, Mounts::LeftOut).err(),
        Some(PackError::NoSuchDirectory { .. })
    ));
    assert!(matches!(
        Walk::new(&tree.at("file"), Reads::Nothing, Mounts::LeftOut).err(),
        Some(PackError::NotADirectory { .. })
    ));
}

#[test]
fn a_pruned_directory_is_not_entered() {
    let tree = Tree::new();
    tree.directory("skip", 0o755)
        .file("skip/inner", 0o644, b"")
        .file("z", 0o644, b"");
    let (mut walk, _) = walk_to(&tree, "./skip");
    walk.prune();
    walk.next().unwrap();
    assert_eq!(walk.path(), b"./z");
}

/// A tree that is deeper than open files and stacks are many, and longer than paths may be.
#[test]
fn depth_has_no_limit() {
    let tree = Tree::new();
    let depth = 3000;
    let mut directory = rustix::fs::open(tree.path(), OFlags::PATH, Mode::empty()).unwrap();
    for _ in 0..depth {
        rustix::fs::mkdirat(&directory, "down", Mode::RWXU).unwrap();
        rustix::fs::mkdirat(&directory, "x", Mode::RWXU).unwrap();
        directory = rustix::fs::openat(&directory, "down", OFlags::PATH, Mode::empty()).unwrap();
    }
    let mut walk = Walk::new(tree.path(), Reads::Nothing, Mounts::LeftOut).unwrap();
    let (mut members, mut longest, mut most_open) = (0, 0, 0);
    while walk.next().unwrap().is_some() {
        let open = walk.frames.iter().filter(|frame| frame.directory.is_some());
        most_open = most_open.max(open.count());
        longest = longest.max(walk.path().len());
        members += 1;
    }
    assert_eq!(members, 1 + 2 * depth);
    assert_eq!(longest, 1 + "/down".len() * depth);
    assert_eq!(walk.path(), b".");
    assert_eq!(most_open, MOST_OPEN);
    // tempfile removes by descriptors as well, so the tree goes away.
}

#[test]
fn a_file_that_grows_while_it_is_read_is_noticed() {
    let tree = Tree::new();
    tree.file("f", 0o644, b"content");
    let (mut walk, entry) = walk_to(&tree, "./f");
    let mut file = walk.open_file(&entry).unwrap();
    assert_eq!(file.read(&mut [0; 3]).unwrap(), 3);
    OpenOptions::new()
        .append(true)
        .open(tree.at("f"))
        .unwrap()
        .write_all(b"!")
        .unwrap();
    assert_eq!(
        file.read(&mut [0; 8]).unwrap(),
        4,
        "no more than the header will say"
    );
    assert_eq!(file.remaining(), 0);
    assert_eq!(change(file.finish()), ("f".to_owned(), Change::Grown));
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_noticed() {
    let tree = Tree::new();
    tree.file("f", 0o644, b"content");
    let (mut walk, entry) = walk_to(&tree, "./f");
    let mut file = walk.open_file(&entry).unwrap();
    OpenOptions::new()
        .write(true)
        .open(tree.at("f"))
        .unwrap()
        .set_len(2)
        .unwrap();
    assert_eq!(file.read(&mut [0; 8]).unwrap(), 2);
    assert_eq!(
        change(file.read(&mut [0; 8])),
        ("f".to_owned(), Change::Shrunk)
    );
}

#[test]
fn a_file_that_is_overwritten_in_place_is_noticed() {
    let tree = Tree::new();
    tree.file("f", 0o644, b"content").settle();
    let (mut walk, entry) = walk_to(&tree, "./f");
    let mut file = walk.open_file(&entry).unwrap();
    assert_eq!(file.read(&mut [0; 8]).unwrap(), 7);
    tree.file("f", 0o644, b"CONTENT");
    assert_eq!(change(file.finish()), ("f".to_owned(), Change::Touched));
}

#[test]
fn a_file_that_is_swapped_before_it_is_opened_is_noticed() {
    type Case = (&'static str, fn(&Tree), Change);
    let cases: [Case; 5] = [
        ("gone", |_| {}, Change::Vanished),
        (
            "another file",
            |tree| {
                tree.file("f", 0o644, b"content");
            },
            Change::Replaced,
        ),
        (
            "a link",
            |tree| {
                tree.symlink("f", "/etc/passwd");
            },
            Change::Replaced,
        ),
        (
            "a directory",
            |tree| {
                tree.directory("f", 0o755);
            },
            Change::Replaced,
        ),
        // It must not wait for a writer either.
        (
            "a FIFO",
            |tree| {
                tree.fifo("f");
            },
            Change::Replaced,
        ),
    ];
    for (what, replace, expected) in cases {
        let tree = Tree::new();
        tree.file("f", 0o644, b"content");
        let (mut walk, entry) = walk_to(&tree, "./f");
        // The old file lives on elsewhere, so the new one cannot get its inode.
        fs::rename(tree.at("f"), tree.path().with_extension("kept")).unwrap();
        replace(&tree);
        let found = change(walk.open_file(&entry));
        fs::remove_file(tree.path().with_extension("kept")).unwrap();
        assert_eq!(found, ("f".to_owned(), expected), "{what}");
    }
}

#[test]
fn a_link_that_became_a_file_is_noticed() {
    let tree = Tree::new();
    tree.symlink("l", "target");
    let (walk, _) = walk_to(&tree, "./l");
    assert_eq!(walk.read_link().unwrap(), b"target");
    fs::remove_file(tree.at("l")).unwrap();
    tree.file("l", 0o644, b"");
    assert_eq!(change(walk.read_link()), ("l".to_owned(), Change::Replaced));
}

#[test]
fn a_directory_that_becomes_a_link_is_not_entered() {
    let tree = Tree::new();
    tree.directory("d", 0o755);
    let (mut walk, _) = walk_to(&tree, "./d");
    fs::remove_dir(tree.at("d")).unwrap();
    tree.symlink("d", "/");
    assert_eq!(change(walk.next()), ("d".to_owned(), Change::Replaced));
}

#[test]
fn a_directory_that_vanishes_is_noticed() {
    let tree = Tree::new();
    tree.directory("d", 0o755);
    let (mut walk, _) = walk_to(&tree, "./d");
    fs::remove_dir(tree.at("d")).unwrap();
    assert_eq!(change(walk.next()), ("d".to_owned(), Change::Vanished));
}

#[test]
fn a_name_that_comes_into_a_directory_is_noticed() {
    let tree = Tree::new();
    tree.directory("d", 0o755).file("d/f", 0o644, b"").settle();
    let (mut walk, _) = walk_to(&tree, "./d/f");
    tree.file("d/late", 0o644, b"");
    let (path, _) = change(walk.next());
    assert_eq!(path, "d");
}

#[test]
fn holes_are_zeros() {
    let tree = Tree::new();
    let size = SPARSE_TEST_SIZE;
    let file = fs::File::create(tree.at("sparse")).unwrap();
    file.set_len(size).unwrap();
    let data = [
        (0, &b"first"[..]),
        (40 << 20, b"middle"),
        (size - 4, b"last"),
    ];
    for (offset, bytes) in data {
        std::os::unix::fs::FileExt::write_all_at(&file, bytes, offset).unwrap();
    }
    let (mut walk, entry) = walk_to(&tree, "./sparse");
    let mut file = walk.open_file(&entry).unwrap();
    let mut read = Vec::new();
    let mut space = vec![0xaa; 1 << 20];
    while file.remaining() > 0 {
        let count = file.read(&mut space).unwrap();
        read.extend_from_slice(&space[..count]);
    }
    file.finish().unwrap();
    assert!(read == fs::read(tree.at("sparse")).unwrap());
}

/// Above the size from which holes are looked for.
const SPARSE_TEST_SIZE: u64 = (96 << 20) + 777;

#[test]
fn a_directory_of_another_device_is_a_mount_point_only_where_the_system_does_not_say() {
    let tree = Tree::new();
    tree.directory("directory", 0o755).file("file", 0o644, b"");
    let above = FileId {
        device: u64::MAX,
        inode: 1,
    };
    for (mounted, directory, file) in [
        (Mounted::Yes, true, true),
        // A subvolume of Btrfs, and a file of another layer of an overlay.
        (Mounted::No, false, false),
        (Mounted::Unknown, true, false),
    ] {
        let is_left_out = |entry: &Entry| {
            let entry = Entry { mounted, ..*entry };
            assert!(!Mounts::Entered.leave_out(&entry, Some(above)));
            Mounts::LeftOut.leave_out(&entry, Some(above))
        };
        let (_, inner) = walk_to(&tree, "./directory");
        assert_eq!(is_left_out(&inner), directory, "{mounted:?}");
        let (_, inner) = walk_to(&tree, "./file");
        assert_eq!(is_left_out(&inner), file, "{mounted:?}");
        let same = Entry { mounted, ..inner };
        assert_eq!(
            Mounts::LeftOut.leave_out(&same, Some(same.stamp.file)),
            mounted == Mounted::Yes
        );
    }
}
