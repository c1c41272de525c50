//! What goes into a layer.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use crate::testing::{SETTLED, Tree, list, names, pack, tar};
use crate::{Compression, Notice, Options, PackError, SpecialFiles, SpecialKind};

fn plain() -> Options {
    Options {
        compression: Compression::None,
        ..Options::default()
    }
}

#[test]
fn the_first_member_is_the_root_and_names_begin_with_it() {
    let tree = Tree::new();
    tree.directory("b", 0o755)
        .file("b/c", 0o644, b"")
        .file("a", 0o644, b"");
    assert_eq!(names(&tar(tree.path())), ["./", "./a", "./b/", "./b/c"]);
}

#[test]
fn set_id_bits_are_stripped_and_reported() {
    let tree = Tree::new();
    tree.directory("games", 0o2775)
        .file("su", 0o6755, b"")
        .directory("tmp", 0o1777);
    let (layer, bytes, notices) = pack(tree.path(), &plain());
    let modes: Vec<_> = list(&bytes).iter().map(|member| member.mode).collect();
    assert_eq!(modes, [0o755, 0o775, 0o755, 0o1777]);
    let texts: Vec<_> = notices.iter().map(Notice::to_string).collect();
    let expected = [
        "stripping unsafe setgid bit: ./games",
        "stripping unsafe setuid bit: ./su",
        "stripping unsafe setgid bit: ./su",
    ];
    assert_eq!(texts, expected);
    let summary = layer.unwrap().summary;
    assert_eq!((summary.setuid, summary.setgid), (1, 2));
}

#[test]
fn only_the_build_caches_own_files_are_left_out() {
    let tree = Tree::new();
    tree.directory("ch", 0o755)
        .file("ch/git", 0o644, b"")
        .file("ch/git.pickle", 0o644, b"");
    tree.file("ch/environment", 0o644, b"")
        .file(".git", 0o644, b"gitdir: /x");
    tree.directory("src", 0o755)
        .directory("src/ch", 0o755)
        .file("src/ch/git", 0o644, b"");
    tree.file("src/.git", 0o644, b"")
        .file(".gitignore", 0o644, b"!*\n")
        .file(".gitmodules", 0o644, b"");
    let (_, bytes, notices) = pack(tree.path(), &plain());
    let expected = [
        "./",
        "./.gitmodules",
        "./ch/",
        "./ch/environment",
        "./src/",
        "./src/.git",
        "./src/ch/",
        "./src/ch/git",
    ];
    assert_eq!(names(&bytes), expected);
    let left_out = ["./.git", "./.gitignore", "./ch/git", "./ch/git.pickle"].map(PathBuf::from);
    assert_eq!(notices, left_out.map(Notice::LeftOut));
}

#[test]
fn a_build_cache_that_is_a_directory_is_left_out_whole_and_a_repository_is_not() {
    let tree = Tree::new();
    tree.directory("ch", 0o755)
        .directory("ch/git", 0o755)
        .file("ch/git/HEAD", 0o644, b"");
    tree.directory(".git", 0o755)
        .file(".git/HEAD", 0o644, b"")
        .file(".gitignore", 0o644, b"!*\n");
    let expected = ["./", "./.git/", "./.git/HEAD", "./.gitignore", "./ch/"];
    assert_eq!(names(&tar(tree.path())), expected);
}

#[test]
fn the_first_name_of_a_file_is_the_file() {
    let tree = Tree::new();
    tree.directory("z", 0o755)
        .file("z/made-first", 0o644, b"content");
    tree.hard_link("b", "z/made-first").hard_link("a", "b");
    let (layer, bytes, _) = pack(tree.path(), &plain());
    let members = list(&bytes);
    let seen: Vec<_> = members[1..]
        .iter()
        .map(|member| {
            (
                member.kind,
                member.target.as_slice(),
                member.content.as_slice(),
            )
        })
        .collect();
    let link = (tar::EntryType::Link, &b"./a"[..], &b""[..]);
    let file = (tar::EntryType::Regular, &b""[..], &b"content"[..]);
    let directory = (tar::EntryType::Directory, &b""[..], &b""[..]);
    assert_eq!(seen, [file, link, directory, link]);
    assert_eq!(layer.unwrap().summary.hard_links, 2);
}

#[test]
fn a_name_outside_the_tree_does_not_count() {
    let outside = Tree::new();
    let tree = Tree::new();
    outside.file("f", 0o644, b"content");
    fs::hard_link(outside.at("f"), tree.at("only")).unwrap();
    let member = &list(&tar(tree.path()))[1];
    assert_eq!(
        (member.kind, member.content.as_slice()),
        (tar::EntryType::Regular, &b"content"[..])
    );
}

#[test]
fn files_of_other_types_are_left_out_and_counted_once() {
    let tree = Tree::new();
    tree.fifo("pipe").fifo("pipe2").file("z", 0o644, b"");
    let _socket = UnixListener::bind(tree.at("socket")).unwrap();
    let (layer, bytes, notices) = pack(tree.path(), &plain());
    assert_eq!(names(&bytes), ["./", "./z"]);
    let special = SpecialFiles {
        devices: 0,
        fifos: 2,
        sockets: 1,
    };
    assert_eq!(notices, [Notice::LeftOutSpecial(special)]);
    assert_eq!(layer.unwrap().summary.special, special);

    let strict = Options {
        strict: true,
        ..plain()
    };
    match pack(tree.path(), &strict).0 {
        Err(PackError::Special { path, kind }) => {
            assert_eq!((path, kind), (tree.at("pipe"), SpecialKind::Fifo));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn times_are_whole_seconds_and_no_later_than_the_epoch_given() {
    let tree = Tree::new();
    tree.file("new", 0o644, b"")
        .file("old", 0o644, b"")
        .mtime("old", 5)
        .settle();
    tree.mtime("old", 5);
    let times = |source_date_epoch| {
        let (_, bytes, _) = pack(
            tree.path(),
            &Options {
                source_date_epoch,
                ..plain()
            },
        );
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries = archive.entries().unwrap();
        entries
            .map(|entry| entry.unwrap().header().mtime().unwrap())
            .collect::<Vec<_>>()
    };
    let settled = u64::try_from(SETTLED).unwrap();
    assert_eq!(times(None), [settled, settled, 5]);
    assert_eq!(times(Some(1000)), [1000, 1000, 5]);
    assert_eq!(times(Some(u64::MAX)), times(None));
}

#[test]
fn a_name_that_would_delete_another_is_reported() {
    let tree = Tree::new();
    tree.file(".wh.passwd", 0o644, b"")
        .file("x.wh.y", 0o644, b"");
    let (_, _, notices) = pack(tree.path(), &plain());
    assert_eq!(notices, [Notice::Whiteout("./.wh.passwd".into())]);
}

#[test]
fn a_notice_is_one_line_whatever_the_name() {
    let notice = Notice::StrippedSetuid("./a\nfake: line\u{1b}[2J".into());
    let text = notice.to_string();
    assert!(!text.contains(char::is_control), "{text}");
}
