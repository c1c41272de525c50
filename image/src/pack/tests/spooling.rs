//! Reading a layer while it is packed.

use std::fs;
use std::io::{self, Read};
use std::num::{NonZeroU8, NonZeroUsize};

use crate::testing::{Tree, noise, pack, serially};
use crate::{Compression, Layers, Options, PackError, Packer, Part, Spooling, Watch, divide};

#[test]
fn readers_at_any_place_get_what_packing_gives() {
    let tree = tree();
    let (layer, bytes, _) = pack(tree.path(), &Options::default());
    let (spooling, _place) = start(&tree, &Watch::default());
    let mut readers = [0, 1, bytes.len() / 2, bytes.len(), bytes.len() + 9]
        .map(|offset| (offset, spooling.open_at(offset as u64)));
    for (offset, reader) in &mut readers {
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        let expected = bytes.get(*offset..).unwrap_or_default();
        assert!(read == expected, "from {offset}");
    }
    let spooled = spooling.finish().unwrap();
    assert_eq!(*spooled.layer(), layer.unwrap());
    assert!(spooling.outcome().unwrap().is_ok());
}

#[test]
fn a_reader_hears_why_packing_failed() {
    let tree = tree();
    let watch = Watch::default();
    watch.cancel();
    let (spooling, _place) = start(&tree, &watch);
    let mut read = Vec::new();
    let error = spooling.open_at(0).read_to_end(&mut read).unwrap_err();
    assert!(error.to_string().contains("cancelled"), "{error}");
    let error = spooling.finish().unwrap_err();
    assert!(matches!(*error, PackError::Cancelled), "{error}");
}

#[test]
fn whoever_drops_it_stops_the_packer_and_lets_no_reader_wait() {
    let tree = tree();
    for number in 0..40 {
        tree.file(format!("more-{number}"), 0o644, &noise(number, 1 << 20));
    }
    let watch = Watch::default();
    let (spooling, _place) = start(&tree, &watch);
    let mut reader = spooling.open_at(0);
    reader.read_exact(&mut [0; 10]).unwrap();
    drop(spooling);
    // It ends, one way or the other: a packer that was done already has nothing to stop.
    let _ = reader.read_to_end(&mut Vec::new());
    assert!(!watch.is_cancelled(), "others look at that flag, too");
}

#[test]
fn no_more_is_read_than_there_is_leave_for() {
    let tree = tree();
    let watch = Watch::default();
    watch.hold_after(1 << 20);
    let (spooling, _place) = start(&tree, &watch);
    while !watch.is_waiting() {
        assert!(spooling.outcome().is_none(), "it did not wait");
        std::thread::yield_now();
    }
    assert!(watch.bytes() <= 2 << 20, "one block more at most");
    watch.release();
    assert_eq!(spooling.finish().unwrap().layer().summary.files, 2);
}

#[test]
fn packing_that_waits_for_leave_can_be_cancelled() {
    let tree = tree();
    let watch = Watch::default();
    watch.hold_after(0);
    let (spooling, _place) = start(&tree, &watch);
    watch.cancel();
    assert!(matches!(
        *spooling.finish().unwrap_err(),
        PackError::Cancelled
    ));
}

#[test]
fn no_place_for_the_file_is_said_at_once() {
    let tree = tree();
    let nowhere = tree.at("nowhere");
    let packer = Packer::default();
    let started = packer.start_to_spool(tree.path().to_owned(), &nowhere, |_| {}, Watch::default());
    assert!(matches!(started, Err(PackError::Spool { .. })));
    assert!(!fs::exists(nowhere).unwrap());
}

#[test]
fn layers_packed_side_by_side_are_those_packed_alone() {
    let tree = wide_tree();
    let options = Options {
        threads: NonZeroUsize::new(2),
        ..Options::default()
    };
    let watch = Watch::default();
    let parts = divide_near(&tree, &options, 4);
    assert!(parts.len() > 2, "{}", parts.len());
    let place = tempfile::tempdir().unwrap();
    let together = Packer::new(options.clone());
    assert_eq!(together.side_by_side(&parts).get(), 2);
    let begin = |part: &Part| {
        let packer = together.clone().of(part.clone());
        packer.start_to_spool(tree.path().to_owned(), place.path(), |_| {}, watch.clone())
    };
    let begun: Vec<Spooling> = parts.iter().map(|part| begin(part).unwrap()).collect();
    for (part, spooling) in parts.iter().zip(begun) {
        let alone = Packer::new(options.clone()).of(part.clone());
        let alone = alone.pack(tree.path(), io::sink(), &mut |_| {}, &watch);
        assert_eq!(*spooling.finish().unwrap().layer(), alone.unwrap());
    }
}

#[test]
fn one_layer_and_what_has_threads_of_its_own_is_packed_alone() {
    let tree = wide_tree();
    let at_once = |layers, options: Options| {
        let parts = divide_near(&tree, &options, layers);
        Packer::new(options).side_by_side(&parts).get()
    };
    let options = |threads, compression| Options {
        threads: NonZeroUsize::new(threads),
        compression,
        ..Options::default()
    };
    assert_eq!(at_once(1, options(8, Compression::Gzip)), 1);
    assert_eq!(at_once(2, options(1, Compression::Gzip)), 1);
    assert_eq!(at_once(2, options(8, Compression::Zstd)), 1);
    assert_eq!(at_once(2, options(8, Compression::Gzip)), 2);
    assert_eq!(at_once(2, options(16, Compression::None)), 4);
}

fn start(tree: &Tree, watch: &Watch) -> (Spooling, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let spooling = Packer::default()
        .start_to_spool(tree.path().to_owned(), place.path(), |_| {}, watch.clone())
        .unwrap();
    (spooling, place)
}

fn tree() -> Tree {
    let tree = Tree::new();
    tree.file("a", 0o644, &noise(3, 3 << 20))
        .file("b", 0o644, b"b");
    tree.settle();
    tree
}

/// The layers of a tree that nothing is done ahead in.
fn divide_near(tree: &Tree, options: &Options, layers: u8) -> Vec<Part> {
    let layers = Layers::AtMost(NonZeroU8::new(layers).unwrap());
    let mut ignore = |_| {};
    serially(|| divide(tree.path(), options, layers, &mut ignore, &Watch::default()).unwrap())
}

/// Enough directories for several layers, and too few to tell how far away they are.
fn wide_tree() -> Tree {
    let tree = Tree::new();
    tree.directory("usr", 0o755);
    for number in 0..6 {
        let directory = format!("usr/{number}");
        tree.directory(&directory, 0o755);
        tree.file(format!("{directory}/file"), 0o644, &noise(number, 1 << 20));
    }
    tree.settle();
    tree
}
