//! Where layers go: spools and streams.

use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use longshore_protocol::Content;

use crate::testing::{Tree, noise, pack};
use crate::{Options, PackError, Packer, Preserve, Watch, survey};

fn tree() -> Tree {
    let tree = Tree::new();
    tree.file("a", 0o644, &noise(6, 5 << 20))
        .file("b", 0o4755, b"content")
        .settle();
    tree
}

#[test]
fn a_spooled_layer_is_read_at_any_offset_by_several_threads() {
    let tree = tree();
    let (_, expected, _) = pack(tree.path(), &Options::default());
    let spool = tempfile::tempdir().unwrap();
    let packer = Packer::new(Options::default());
    let spooled = packer.pack_to_spool(tree.path(), spool.path(), &mut |_| {}, &Watch::default());
    let spooled = spooled.unwrap();
    assert_eq!(spooled.layer().content, Content::of(&expected));

    let names = spool.path().read_dir().unwrap().count();
    assert_eq!(names, 0, "nothing may be left if the process is killed now");

    let offsets = [
        0,
        1,
        1_234_567,
        expected.len() - 1,
        expected.len(),
        expected.len() + 9,
    ];
    thread::scope(|scope| {
        for offset in offsets {
            let (spooled, expected) = (&spooled, &expected);
            scope.spawn(move || {
                let mut bytes = Vec::new();
                spooled
                    .open_at(offset as u64)
                    .read_to_end(&mut bytes)
                    .unwrap();
                assert!(
                    bytes == expected[offset.min(expected.len())..],
                    "from {offset}"
                );
            });
        }
    });
}

#[test]
fn a_spool_that_cannot_be_is_named() {
    let missing = Path::new("/nowhere/at/all");
    let packed =
        Packer::default().pack_to_spool(tree().path(), missing, &mut |_| {}, &Watch::default());
    assert!(matches!(packed, Err(PackError::Spool { directory, .. }) if directory == missing));
}

#[test]
fn a_stream_gives_the_same_bytes_and_the_layer() {
    let tree = tree();
    let (expected_layer, expected, _) = pack(tree.path(), &Options::default());
    let (sender, notices) = std::sync::mpsc::channel();
    let notice = move |notice| sender.send(notice).unwrap();
    let packer = Packer::default();
    let mut stream = packer
        .pack_stream(tree.path().to_owned(), notice, Watch::default())
        .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    assert!(bytes == expected);
    assert_eq!(
        stream.read(&mut [0; 8]).unwrap(),
        0,
        "the end stays the end"
    );
    assert_eq!(stream.finish().unwrap(), expected_layer.unwrap());
    assert_eq!(notices.iter().count(), 1);
}

#[test]
fn a_stream_fails_where_packing_does() {
    let tree = tree();
    tree.fifo("fifo");
    let packer = Packer::new(Options {
        strict: true,
        preserve: Preserve {
            setuid: true,
            ..Preserve::default()
        },
        ..Options::default()
    });
    let mut stream = packer
        .pack_stream(tree.path().to_owned(), |_| {}, Watch::default())
        .unwrap();
    for _ in 0..2 {
        let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("is a FIFO"), "{error}");
    }
    let error = stream.finish().unwrap_err();
    assert!(matches!(*error, PackError::Special { .. }));
}

#[test]
fn dropping_a_stream_stops_the_packer() {
    let tree = Tree::new();
    tree.file("large", 0o644, &noise(7, 64 << 20));
    let watch = Watch::default();
    let options = Options {
        threads: NonZeroUsize::new(1),
        ..Options::default()
    };
    let packer = Packer::new(options);
    let stream = packer
        .pack_stream(tree.path().to_owned(), |_| {}, watch.clone())
        .unwrap();
    // As dropping does, but it waits for the thread.
    assert!(matches!(
        *stream.finish().unwrap_err(),
        PackError::Cancelled
    ));
    assert!(watch.bytes() < 64 << 20, "it went on reading");
}

#[test]
fn a_survey_counts_what_packing_will_read() {
    let tree = tree();
    tree.directory("ch", 0o755)
        .directory("ch/git", 0o755)
        .file("ch/git/HEAD", 0o644, b"left out")
        .fifo("pipe");
    tree.symlink("link", "target");
    let watch = Watch::default();
    let survey = survey(tree.path(), &Options::default(), &mut |_| {}, &watch).unwrap();
    let layer = Packer::default()
        .pack(tree.path(), io::sink(), &mut |_| {}, &watch)
        .unwrap();
    assert_eq!((survey.members, survey.bytes), (5, (5 << 20) + 7));
    assert_eq!(
        (layer.summary.members, layer.summary.bytes),
        (survey.members, survey.bytes)
    );
    assert_eq!(
        (watch.members(), watch.bytes()),
        (survey.members, survey.bytes)
    );
}
