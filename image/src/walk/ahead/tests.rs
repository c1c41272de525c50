use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::*;
use crate::attributes::Attributes;
use crate::error::{Change, PackError};
use crate::testing::{Tree, noise};
use crate::walk::{Members, Walk};

#[test]
fn everything_is_found_in_the_order_of_the_walk() {
    let tree = Tree::new();
    tree.file("a", 0o644, b"content")
        .directory("b", 0o755)
        .file("b/empty", 0o644, b"")
        .symlink("c", "target")
        .fifo("d");
    let shared = shared(&tree, Reads::Files, plenty());
    assert_eq!(shared.work_now(), 5);
    let take = |position: &[u32]| shared.take_member(position).0.unwrap().more;
    let read = |more| match more {
        More::File {
            opened: Opened::Read { content, .. },
            ..
        } => content.bytes,
        _ => panic!("not a file that was read"),
    };
    assert_eq!(read(take(&[0])), b"content");
    assert!(matches!(take(&[1]), More::Directory(listing) if listing.names.len() == 1));
    assert_eq!(read(take(&[1, 0])), b"");
    assert!(matches!(take(&[2]), More::Target(target) if target == b"target"));
    assert!(matches!(take(&[3]), More::Nothing));
}

#[test]
fn no_file_is_opened_for_a_look() {
    let tree = Tree::new();
    tree.file("a", 0o644, b"content");
    let shared = shared(&tree, Reads::Nothing, plenty());
    shared.work_now();
    let found = shared.take_member(&[0]).0.unwrap();
    assert!(matches!(found.more, More::Nothing));
}

#[test]
fn no_more_is_held_than_may_be() {
    let tree = Tree::new();
    for number in 0..9 {
        tree.file(format!("{number}"), 0o644, b"content");
        tree.directory(format!("directory-{number}"), 0o755);
    }
    let limits = [
        (
            Limits {
                members: 4,
                ..plenty()
            },
            4,
        ),
        (
            Limits {
                open: 0,
                ..plenty()
            },
            0,
        ),
        // Files come first.
        (
            Limits {
                content: 1,
                ..plenty()
            },
            1,
        ),
    ];
    for (limits, expected) in limits {
        let shared = shared(&tree, Reads::Files, limits);
        assert_eq!(shared.work_now(), expected);
        // What the walk has taken makes room.
        shared.take_member(&[0]);
        assert_eq!(shared.work_now(), usize::from(expected > 0));
    }
}

#[test]
fn what_the_walk_has_passed_is_not_worked_on() {
    let tree = Tree::new();
    tree.directory("a", 0o755)
        .file("a/inner", 0o644, b"")
        .file("b", 0o644, b"")
        .file("c", 0o644, b"");
    let shared = shared(&tree, Reads::Files, plenty());
    // It was not begun, so the walk does it itself.
    assert!(shared.take_member(&[1]).0.is_none());
    assert_eq!(shared.work_now(), 1);
    assert!(shared.take_member(&[2]).0.is_some());
}

#[test]
fn a_large_file_is_read_in_pieces() {
    let tree = Tree::new();
    let content = noise(1, 3 * PIECE + 5);
    tree.file("large", 0o644, &content);
    let shared = shared(&tree, Reads::Files, plenty());
    assert_eq!(shared.work_now(), 4);
    let Some(More::File {
        opened: Opened::Open { start, .. },
        ..
    }) = shared.take_member(&[0]).0.map(|found| found.more)
    else {
        panic!("it is closed");
    };
    let mut read = start.unwrap().bytes;
    for number in 1..4 {
        read.extend(shared.take_piece(&[0, number]).0.unwrap().bytes);
    }
    assert!(read == content);
}

#[test]
fn of_a_file_with_several_names_one_is_read() {
    let tree = Tree::new();
    tree.file("a", 0o644, b"content").hard_link("b", "a");
    let shared = shared(&tree, Reads::Files, plenty());
    shared.work_now();
    let more = |number| shared.take_member(&[number]).0.unwrap().more;
    assert!(matches!(more(0), More::File { .. }));
    assert!(matches!(more(1), More::Nothing));
}

#[test]
fn what_cannot_be_done_ahead_is_left_to_the_walk() {
    let tree = Tree::new();
    tree.file("a", 0o644, b"content").file("b", 0o644, b"");
    let shared = shared(&tree, Reads::Files, plenty());
    fs::remove_file(tree.at("a")).unwrap();
    shared.work_now();
    assert!(shared.take_member(&[0]).0.is_none());
    assert!(shared.take_member(&[1]).0.is_some());
}

#[test]
fn a_file_that_changes_while_it_is_read_ahead_is_no_longer_the_same() {
    let tree = Tree::new();
    tree.file("a", 0o644, &noise(2, PIECE + 1));
    let mut walk = Walk::new(tree.path(), Reads::Files, Mounts::LeftOut).unwrap();
    walk.next().unwrap();
    let entry = walk.next().unwrap().unwrap();
    let mut file = walk.open_file(&entry).unwrap();
    tree.file("a", 0o644, b"short");
    while file.remaining() > 0 && file.read(&mut [0; 4096]).is_ok() {}
    assert!(matches!(
        file.finish(),
        Err(PackError::Changed {
            change: Change::Shrunk,
            ..
        })
    ));
}

#[test]
fn a_directory_that_changes_before_it_is_left_fails_the_walk() {
    let tree = Tree::new();
    tree.directory("d", 0o755)
        .file("d/f", 0o644, b"")
        .file("z", 0o644, b"")
        .settle();
    let mut walk = Walk::new(tree.path(), Reads::Files, Mounts::LeftOut).unwrap();
    while walk.path() != b"./d/f" {
        walk.next().unwrap();
    }
    tree.file("d/late", 0o644, b"");
    let error = loop {
        match walk.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it is noticed at the end at the latest"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, PackError::Changed { path, .. } if path == tree.at("d")));
}

#[test]
fn slow_calls_are_told_from_those_that_had_much_to_copy_or_had_to_wait_for_a_processor() {
    let is_slow = |bytes, waits: [u64; 4]| {
        let mut latency = Latency::new();
        let mut waits = waits.iter().cycle().take(64);
        waits.any(|micros| latency.is_slow(bytes, Duration::from_micros(*micros)))
    };
    assert!(is_slow(0, [200, 200, 200, 200]));
    assert!(is_slow(0, [200, 1, 200, 200]));
    assert!(!is_slow(0, [200, 1, 200, 1]));
    assert!(!is_slow(0, [5000, 1, 1, 1]));
    assert!(!is_slow(1 << 20, [1000, 1000, 1000, 1000]));
}

#[test]
fn not_every_call_is_measured() {
    let mut latency = Latency::new();
    let measured = (0..1000).filter(|_| latency.start().is_some()).count();
    assert!((100..300).contains(&measured), "{measured}");
}

/// Work on a tree that is done when the test says so.
fn shared(tree: &Tree, reads: Reads, limits: Limits) -> Shared {
    let shared = Shared::new(reads, Mounts::LeftOut, limits);
    let root = OwnedFd::from(File::open(tree.path()).unwrap());
    let listing = Listing::new(Handle::from(root), Attributes::default(), None).unwrap();
    shared.enter(listing, &[]);
    shared
}

fn plenty() -> Limits {
    Limits {
        open: 100,
        members: 100,
        names: 1 << 20,
        content: 8 << 20,
    }
}
