//! The bytes of layers are a promise: caches, signatures and other people's registries know them by
//! their digests. A change of these constants makes every image of every user a new one.

use std::num::NonZeroUsize;

use crate::testing::{Tree, noise, pack};
use crate::{Compression, Level, Options};

/// A tree of all types of members and several blocks, the last one partly filled.
fn tree() -> Tree {
    let tree = Tree::new();
    tree.directory("bin", 0o755)
        .directory("tmp", 0o1777)
        .directory("usr", 0o2755);
    tree.file("bin/busy", 0o4755, &noise(1, 1_500_000))
        .hard_link("bin/box", "bin/busy");
    tree.symlink("bin/sh", "busy").file("usr/empty", 0o644, b"");
    tree.file("usr/zeros", 0o600, &vec![0; 3 << 20])
        .file("usr/noise", 0o444, &noise(2, 700_001));
    tree.file(
        "usr/text",
        0o644,
        "All work and no play.\n".repeat(40_000).as_bytes(),
    );
    tree.file(format!("usr/{}", "long".repeat(50)), 0o644, b"x")
        .file("usr/é", 0o644, b"y");
    tree.settle();
    tree
}

fn digests(options: &Options) -> [String; 2] {
    let (layer, _, _) = pack(tree().path(), options);
    let layer = layer.unwrap();
    [layer.diff_id.to_string(), layer.content.digest.to_string()]
}

#[test]
fn digests_are_the_same_for_ever_whatever_the_number_of_threads() {
    for threads in [1, 2, 7] {
        let made = GOLDEN.map(|(compression, level, _)| {
            let options = Options {
                compression,
                level,
                threads: NonZeroUsize::new(threads),
                ..Options::default()
            };
            let [diff_id, digest] = digests(&options);
            assert_eq!(diff_id, DIFF_ID, "{compression:?} {level:?} {threads}");
            digest
        });
        assert_eq!(made, GOLDEN.map(|(_, _, digest)| digest), "{threads}");
    }
}

#[test]
fn an_uncompressed_layer_is_its_own_diff_id() {
    let options = Options {
        compression: Compression::None,
        ..Options::default()
    };
    assert_eq!(digests(&options), [DIFF_ID, DIFF_ID]);
}

const DIFF_ID: &str = "sha256:c4efd9ed90e7ca329a62c453c29f49c8794fab16557f01dd6365b9c271036b9c";
const GOLDEN: [(Compression, Level, &str); 6] = [
    (
        Compression::Gzip,
        Level::Fast,
        "sha256:59c463e730e8cc839eb05eae912ef115ca82b3de245a947de77b2dd3c35eb712",
    ),
    (
        Compression::Gzip,
        Level::Default,
        "sha256:ac6cbd75310692752726bb1a97e726603dab7458bd52dff8c2eb72d74200e5a8",
    ),
    (
        Compression::Gzip,
        Level::Best,
        "sha256:56c2d42e11d4960d8f95a03d8b905bde2509acb50ec481f77cdbe0117398ab9f",
    ),
    (
        Compression::Zstd,
        Level::Fast,
        "sha256:245c63a8a2a20498c14ba7c5f72f7a233304dd9e68dd04b620a1bc9a290ef660",
    ),
    (
        Compression::Zstd,
        Level::Default,
        "sha256:32fa42d1e2212d08a93602ade08ae1c53af99d87c227dbcd7ec1a06e19dcf543",
    ),
    (
        Compression::Zstd,
        Level::Best,
        "sha256:3753f307fe6af0c6ac9372ced635b4e752b79ac3d209c7fff6f19a807c539997",
    ),
];
