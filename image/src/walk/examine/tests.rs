use std::fs::File;

use rustix::fs::{CWD, Mode, OFlags};

use super::*;
use crate::testing::Tree;
use crate::walk::Mounted;

#[test]
fn both_calls_say_the_same() {
    let tree = Tree::new();
    tree.file("file", 0o4711, b"content")
        .hard_link("other", "file")
        .directory("directory", 0o1777)
        .symlink("link", "file")
        .fifo("fifo");
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let directory = rustix::fs::openat(CWD, tree.path(), flags, Mode::empty()).unwrap();
    for path in [c"file", c"directory", c"link", c"fifo", c"/dev/null"] {
        let stat = rustix::fs::statat(&directory, path, AtFlags::SYMLINK_NOFOLLOW).unwrap();
        assert_eq!(
            name(directory.as_fd(), path).unwrap(),
            said(&stat),
            "{path:?}"
        );
    }
    let opened = File::open(tree.at("file")).unwrap();
    let stat = rustix::fs::fstat(&opened).unwrap();
    assert_eq!(file(&opened).unwrap(), said(&stat));
}

/// What the older call says, and that nothing is mounted there, which it does not say.
fn said(stat: &rustix::fs::Stat) -> Entry {
    Entry {
        mounted: Mounted::No,
        ..Entry::of(stat)
    }
}

#[test]
fn what_is_not_there_is_an_error_in_either_way() {
    let tree = Tree::new();
    let directory = File::open(tree.path()).unwrap();
    assert_eq!(name(directory.as_fd(), c"none"), Err(Errno::NOENT));
}
