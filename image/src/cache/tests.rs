//! A cache that is wrong is worse than none.

mod trust;

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::thread;

use longshore_protocol::Digest;

use crate::testing::{SETTLED, Tree};
use crate::{
    Cache, Compression, Fingerprint, Key, Layer, Level, Options, Packer, Place, Preserve, Watch,
    survey,
};

#[test]
fn a_tree_that_was_left_alone_looks_the_same_and_packs_as_it_looks() {
    let tree = tree();
    let seen = look(&tree);
    assert_eq!(seen, look(&tree));
    let place = tempfile::tempdir().unwrap();
    let spooled = Packer::default()
        .pack_to_spool(tree.path(), place.path(), &mut |_| {}, &Watch::default())
        .unwrap();
    assert_eq!(*spooled.fingerprint(), seen);
}

#[test]
fn only_a_tree_of_which_a_layer_was_kept_may_be_known() {
    let (tree, other, place) = (tree(), Tree::new(), tempfile::tempdir().unwrap());
    let cache = Cache::new(place.path());
    assert!(!cache.may_know(tree.path()));
    cache.keep_tree(tree.path()).unwrap();
    assert!(cache.may_know(tree.path()));
    // By another path, too, since it is the same.
    assert!(cache.may_know(&tree.at("bin/..")));
    assert!(!cache.may_know(other.path()));
    assert!(!cache.may_know(&tree.at("none")));
    cache.prune().unwrap();
    assert!(!cache.may_know(tree.path()));
}

#[test]
fn every_change_shows() {
    let changes = [
        Change::new("content of the same length, and the old time", |tree| {
            fs::write(tree.at("bin/sh"), "ECHO").unwrap();
            tree.mtime("bin/sh", SETTLED);
        }),
        Change::new("another time", |tree| {
            tree.mtime("bin/sh", 7);
        }),
        Change::new("another mode", |tree| {
            tree.mode("bin/sh", 0o700);
        }),
        Change::new("another name", |tree| {
            fs::rename(tree.at("bin/sh"), tree.at("bin/ash")).unwrap();
        }),
        Change::new("another target", |tree| {
            fs::remove_file(tree.at("link")).unwrap();
            tree.symlink("link", "tin");
        }),
        Change::new("another file", |tree| {
            tree.file("new", 0o644, b"");
        }),
        Change::new("one less", |tree| {
            fs::remove_file(tree.at("etc/motd")).unwrap();
        }),
        Change::new("a second name", |tree| {
            tree.hard_link("bin/ash", "bin/sh");
        }),
        Change::new("a copy in its place", |tree| {
            fs::copy(tree.at("bin/sh"), tree.at("copy")).unwrap();
            fs::rename(tree.at("copy"), tree.at("bin/sh")).unwrap();
            tree.settle();
        }),
    ];
    for Change { what, make } in changes {
        let tree = tree();
        let before = look(&tree);
        make(&tree);
        assert_ne!(before, look(&tree), "{what}");
    }
}

#[test]
fn a_tree_that_was_just_written_is_not_to_be_trusted() {
    use std::os::unix::fs::MetadataExt;
    let tree = tree();
    // Its times were set to the past; when that was done cannot be set.
    let fingerprint = look(&tree);
    let nanoseconds = |path: &str| {
        let metadata = fs::symlink_metadata(tree.at(path)).unwrap();
        i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec())
    };
    let written = ["", "bin", "bin/sh", "etc", "etc/motd", "link"].map(nanoseconds);
    let written = written.into_iter().max().unwrap();
    for (later, expected) in [(0, false), (2_000_000_000, false), (2_000_000_001, true)] {
        assert_eq!(fingerprint.is_settled(written + later), expected, "{later}");
    }
    assert!(
        !fingerprint.is_settled(written - 3_600_000_000_000),
        "the future"
    );
}

#[test]
fn a_key_stands_for_all_that_decides_about_the_bytes() {
    let fingerprint = look(&tree());
    let key = |options: Options| Key::new(&fingerprint, &options);
    let plain = key(Options::default());
    let others = [
        Options {
            compression: Compression::Zstd,
            ..Options::default()
        },
        Options {
            level: Level::Best,
            ..Options::default()
        },
        Options {
            source_date_epoch: Some(0),
            ..Options::default()
        },
        Options {
            strict: true,
            ..Options::default()
        },
        Options {
            root_mode: Some(0o755),
            ..Options::default()
        },
        preserving(|preserve| preserve.owner = true),
        preserving(|preserve| preserve.setuid = true),
        preserving(|preserve| preserve.xattrs = true),
    ];
    for options in others {
        assert_ne!(plain, key(options.clone()), "{options:?}");
    }
    assert_ne!(plain, Key::new(&look(&tree()), &Options::default()));
    let threads = std::num::NonZeroUsize::new(7);
    assert_eq!(
        plain,
        key(Options {
            threads,
            look_at_attributes: true,
            ..Options::default()
        })
    );
}

fn preserving(what: impl FnOnce(&mut Preserve)) -> Options {
    let mut options = Options::default();
    what(&mut options.preserve);
    options
}

#[test]
fn an_attribute_and_an_owner_change_what_a_tree_looks_like() {
    let tree = tree();
    let before = look(&tree);
    let path = tree.at("bin/sh");
    let flags = rustix::fs::XattrFlags::empty();
    if let Err(errno) = rustix::fs::setxattr(&path, "user.note", b"1", flags) {
        let text = format!("SKIPPED: no extended attributes here: {errno}");
        let _ = writeln!(std::io::stderr(), "{text}");
        return;
    }
    let noted = look(&tree);
    assert_ne!(before, noted);
    // Of the same length.
    rustix::fs::setxattr(&path, "user.note", b"2", flags).unwrap();
    assert_ne!(noted, look(&tree));
}

#[test]
fn what_is_kept_is_found() {
    let Kept {
        cache, key, layer, ..
    } = &kept();
    assert_eq!(cache.layer(key), Some(layer.clone()));
    let other = Key::new(&look(&tree()), &Options::default());
    assert_eq!(cache.layer(&other), None);
    cache.forget_layer(key);
    assert_eq!(cache.layer(key), None);
}

#[test]
fn what_is_damaged_counts_as_absent() {
    let Kept {
        cache, key, file, ..
    } = &kept();
    let whole = fs::read(file).unwrap();
    for position in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] ^= 1;
        fs::write(file, &damaged).unwrap();
        assert_eq!(cache.layer(key), None, "byte {position}");
        fs::write(file, &whole[..position]).unwrap();
        assert_eq!(cache.layer(key), None, "cut at {position}");
    }
    fs::write(file, vec![b'x'; 1 << 20]).unwrap();
    assert_eq!(cache.layer(key), None, "something else");
    fs::write(file, &whole).unwrap();
    assert!(cache.layer(key).is_some());
}

#[test]
fn places_that_are_damaged_count_as_absent() {
    let (place, blob) = (tempfile::tempdir().unwrap(), Digest::sha256(b"x"));
    let cache = Cache::new(place.path());
    let known = Place {
        registry: "r:5000".to_owned(),
        repository: "a".to_owned(),
    };
    cache.keep_place(&blob, known.clone()).unwrap();
    let file = place.path().join("v1/places").join(blob.hex());
    let whole = fs::read(&file).unwrap();
    for position in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] ^= 1;
        fs::write(&file, &damaged).unwrap();
        assert_eq!(cache.places(&blob), [], "byte {position}");
    }
    cache.keep_place(&blob, known.clone()).unwrap();
    assert_eq!(cache.places(&blob), [known], "it is whole again");
}

#[test]
fn what_another_version_wrote_counts_as_absent() {
    let Kept {
        cache, key, file, ..
    } = &kept();
    let whole = fs::read_to_string(file).unwrap();
    let (_, record) = whole.split_once('\n').unwrap();
    for (of_ours, of_theirs) in [
        ("\"gzip\"", "\"brotli\""),
        ("\"digest\":\"sha256:", "\"digest\":\"sha256-"),
        ("\"size\":", "\"length\":"),
        ("\"counts\":[", "\"counts\":[0,"),
    ] {
        let record = record.replace(of_ours, of_theirs);
        let sum = Digest::sha256(record.as_bytes());
        fs::write(file, format!("{sum}\n{record}")).unwrap();
        assert_eq!(cache.layer(key), None, "{record}");
    }
}

#[test]
fn a_file_under_anothers_name_counts_as_absent() {
    let Kept { cache, file, .. } = &kept();
    let other = Key::new(&look(&tree()), &Options::default());
    fs::rename(file, file.with_file_name(other.name())).unwrap();
    assert_eq!(cache.layer(&other), None);
}

#[test]
fn many_at_once_find_the_whole_or_nothing() {
    let Kept {
        cache, key, layer, ..
    } = &kept();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    cache.keep_layer(key, layer).unwrap();
                    assert_eq!(cache.layer(key).as_ref(), Some(layer));
                }
            });
        }
    });
}

#[test]
fn it_does_not_grow_for_ever_and_keeps_what_is_used() {
    let Kept {
        cache,
        key,
        layer,
        file,
        ..
    } = &kept();
    let folder = file.parent().unwrap().to_owned();
    for number in 0..1100 {
        let old = folder.join(format!("{number:064x}"));
        fs::write(&old, "").unwrap();
        fs::File::open(&old)
            .unwrap()
            .set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
    }
    assert!(cache.layer(key).is_some());
    let other = Key::new(&look(&tree()), &Options::default());
    cache.keep_layer(&other, layer).unwrap();
    assert!(cache.size().unwrap().files <= 1024);
    assert!(cache.layer(key).is_some(), "it was used");
    assert!(cache.layer(&other).is_some(), "it is new");
}

#[test]
fn places_are_told_the_latest_first() {
    let (place, blob) = (tempfile::tempdir().unwrap(), Digest::sha256(b"x"));
    let cache = Cache::new(place.path());
    assert_eq!(cache.places(&blob), []);
    let at = |repository: &str| Place {
        registry: "r:5000".to_owned(),
        repository: repository.to_owned(),
    };
    for repository in ["a", "b", "a", "a"] {
        cache.keep_place(&blob, at(repository)).unwrap();
    }
    assert_eq!(cache.places(&blob), [at("a"), at("b")]);
    for number in 0..100 {
        cache.keep_place(&blob, at(&format!("n{number}"))).unwrap();
    }
    assert_eq!(cache.places(&blob).len(), 32);
    assert_eq!(cache.places(&Digest::sha256(b"y")), []);
}

#[test]
fn the_size_that_a_registry_takes_is_kept_for_a_month() {
    let place = tempfile::tempdir().unwrap();
    let cache = Cache::new(place.path());
    assert_eq!(cache.largest_chunk("r:5000"), None);
    cache.keep_largest_chunk("r:5000", 8 << 20).unwrap();
    cache.keep_largest_chunk("r:5000", 4 << 20).unwrap();
    assert_eq!(cache.largest_chunk("r:5000"), Some(4 << 20));
    assert_eq!(cache.largest_chunk("r"), None);
    let path = place
        .path()
        .join("v1/limits")
        .join(super::limits::name("r:5000"));
    let dated = |days: u64| {
        let age = std::time::Duration::from_secs(days * 24 * 60 * 60);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(std::time::SystemTime::now() - age)
            .unwrap();
        cache.largest_chunk("r:5000")
    };
    assert_eq!(dated(29), Some(4 << 20));
    assert_eq!(dated(31), None);
    assert_eq!(dated(0), Some(4 << 20));
    // Under another name, or damaged, it is none.
    let other = place
        .path()
        .join("v1/limits")
        .join(super::limits::name("other"));
    fs::copy(&path, other).unwrap();
    assert_eq!(cache.largest_chunk("other"), None);
    fs::write(&path, "4194304").unwrap();
    assert_eq!(cache.largest_chunk("r:5000"), None);
}

#[test]
fn where_there_is_no_cache_there_is_nothing_to_prune() {
    let cache = Cache::new(&PathBuf::from("/nonexistent/cache"));
    assert_eq!(cache.size().unwrap().files, 0);
    assert_eq!(cache.prune().unwrap().files, 0);
}

#[test]
fn a_cache_that_cannot_be_written_says_so_and_changes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let cache = Cache::new(&file);
    let Kept { key, layer, .. } = &kept();
    cache.keep_layer(key, layer).unwrap_err();
    assert_eq!(cache.layer(key), None);
}

struct Change {
    what: &'static str,
    make: fn(&Tree),
}

impl Change {
    fn new(what: &'static str, make: fn(&Tree)) -> Self {
        Self { what, make }
    }
}

struct Kept {
    place: tempfile::TempDir,
    cache: Cache,
    key: Key,
    layer: Layer,
    file: PathBuf,
}

/// A cache that remembers one layer.
fn kept() -> Kept {
    let place = tempfile::tempdir().unwrap();
    let tree = tree();
    let key = Key::new(&look(&tree), &Options::default());
    let layer = Packer::default()
        .pack(tree.path(), std::io::sink(), &mut |_| {}, &Watch::default())
        .unwrap();
    let cache = Cache::new(place.path());
    cache.keep_layer(&key, &layer).unwrap();
    let file = place.path().join("v1/layers").join(key.name());
    Kept {
        place,
        cache,
        key,
        layer,
        file,
    }
}

fn tree() -> Tree {
    let tree = Tree::new();
    tree.directory("bin", 0o755).directory("etc", 0o755);
    tree.file("bin/sh", 0o4755, b"echo").symlink("link", "bin");
    tree.file("etc/motd", 0o644, b"welcome").settle();
    tree
}

fn look(tree: &Tree) -> Fingerprint {
    let seen = survey(
        tree.path(),
        &Options::default(),
        &mut |_| {},
        &Watch::default(),
    );
    seen.unwrap().fingerprint
}
