//! Trees that change while they are packed.
//!
//! A notice about a file comes after the file was looked at and before it is opened, so that what
//! the notice's receiver does to the file happens at just that moment, in every run: where nothing
//! is done ahead, which might have been earlier.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::testing::{Tree, noise, serially};
use crate::{Change, Compression, Operation, Options, PackError, Packer, Watch};

fn pack_while(tree: &Tree, mut change: impl FnMut()) -> PackError {
    let packer = Packer::new(Options::default());
    let packed = serially(|| {
        packer.pack(
            tree.path(),
            io::sink(),
            &mut |_| change(),
            &Watch::default(),
        )
    });
    packed.expect_err("the change has to be noticed")
}

fn changed(error: PackError) -> (PathBuf, Change) {
    match error {
        PackError::Changed { path, change } => (path, change),
        other => panic!("{other}"),
    }
}

#[test]
fn a_file_that_grows_between_looking_and_opening() {
    let tree = Tree::new();
    tree.file("su", 0o4755, b"content");
    let error = pack_while(&tree, || {
        OpenOptions::new()
            .append(true)
            .open(tree.at("su"))
            .unwrap()
            .write_all(b"!")
            .unwrap();
    });
    let text = error.to_string();
    assert!(text.contains(&*tree.at("su").to_string_lossy()), "{text}");
    assert_eq!(changed(error), (tree.at("su"), Change::Grown));
}

#[test]
fn a_file_that_becomes_a_directory() {
    let tree = Tree::new();
    tree.file("su", 0o4755, b"content");
    let error = pack_while(&tree, || {
        fs::rename(tree.at("su"), tree.at("was-su")).unwrap();
        tree.directory("su", 0o755);
    });
    assert_eq!(changed(error), (tree.at("su"), Change::Replaced));
}

#[test]
fn a_file_that_grows_while_it_is_read() {
    let tree = Tree::new();
    let file = tree.at("large");
    // More than may wait between reading and writing, so the first write happens during the read.
    fs::write(&file, noise(3, 16 << 20)).unwrap();
    struct Sink(Option<PathBuf>);
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(path) = self.0.take() {
                OpenOptions::new()
                    .append(true)
                    .open(path)?
                    .write_all(b"!")?;
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let options = Options {
        compression: Compression::None,
        threads: std::num::NonZeroUsize::new(1),
        ..Options::default()
    };
    let sink = Sink(Some(file.clone()));
    let packed = Packer::new(options).pack(tree.path(), sink, &mut |_| {}, &Watch::default());
    assert_eq!(changed(packed.unwrap_err()), (file, Change::Grown));
}

#[test]
fn a_second_name_whose_file_was_written_to_since_the_first() {
    let tree = Tree::new();
    tree.file("a", 0o644, b"content")
        .file("m", 0o4755, b"")
        .hard_link("z", "a")
        .settle();
    let error = pack_while(&tree, || {
        tree.file("a", 0o644, b"CONTENT");
    });
    assert_eq!(changed(error), (tree.at("z"), Change::Touched));
}

#[test]
fn a_failing_sink_ends_it() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let tree = Tree::new();
    tree.file("large", 0o644, &noise(4, 32 << 20));
    let packer = Packer::new(Options::default());
    let watch = Watch::default();
    match packer.pack(tree.path(), Full, &mut |_| {}, &watch) {
        Err(PackError::Sink(error)) => assert_eq!(error.kind(), io::ErrorKind::StorageFull),
        other => panic!("{other:?}"),
    }
    assert!(watch.bytes() < 32 << 20, "it went on reading");
}

#[test]
fn cancelling_ends_it() {
    let tree = Tree::new();
    tree.file("a", 0o4755, b"")
        .file("large", 0o644, &noise(5, 32 << 20));
    let watch = Watch::default();
    let mut cancel = |_| watch.cancel();
    let packed = Packer::default().pack(tree.path(), io::sink(), &mut cancel, &watch);
    assert!(matches!(packed, Err(PackError::Cancelled)));
    assert!(watch.bytes() < 32 << 20, "it went on reading");
}

#[test]
fn what_may_not_be_read_is_named() {
    let tree = Tree::new();
    tree.directory("file", 0o755)
        .file("file/secret", 0o600, b"content");
    tree.directory("directory", 0o755)
        .directory("directory/secret", 0o700);
    let cases = [("file", Operation::Open), ("directory", Operation::Open)];
    for (part, expected) in cases {
        let root = tree.at(part);
        match pack_as_nobody(&root) {
            PackError::Unreadable {
                path,
                operation,
                source,
            } => {
                assert_eq!((path, operation), (root.join("secret"), expected));
                assert_eq!(source.kind(), io::ErrorKind::PermissionDenied);
            }
            other => panic!("{other}"),
        }
    }
}

/// Permissions do not stop root, so if the test is root, a thread of it becomes somebody else.
fn pack_as_nobody(root: &Path) -> PackError {
    let work = || {
        if rustix::process::getuid().is_root() {
            let nobody = rustix::process::Uid::from_raw(65_534);
            rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
        }
        Packer::default().pack(root, io::sink(), &mut |_| {}, &Watch::default())
    };
    std::thread::scope(|scope| scope.spawn(work).join().unwrap()).unwrap_err()
}
