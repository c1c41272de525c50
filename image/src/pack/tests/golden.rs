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
        "sha256:8d9c752794269de44aab594dc691fdfa8298389847b9654321d6729cdd6bb6e5",
    ),
    (
        Compression::Gzip,
        Level::Default,
        "sha256:75649f3c86886601809d9fcb77b441ec73dc7b4f33d097bccfc7b35e93d82615",
    ),
    (
        Compression::Gzip,
        Level::Best,
        "sha256:8a0eae09bff93099e4be08dfcf7e18d4b91d5082cd4478acb26e73c6c76c163d",
    ),
    (
        Compression::Zstd,
        Level::Fast,
        "sha256:cabb2d0180da89a2c6ddef6fa8838776978af1821eded33cfa5a59a676b045a6",
    ),
    (
        Compression::Zstd,
        Level::Default,
        "sha256:3947e25dcb0b7be55724cca463c2a2cb0ae6fbe980b244aa42123a647ad4563c",
    ),
    (
        Compression::Zstd,
        Level::Best,
        "sha256:78d848ee01328fd661bd88a5839c9c0ff060cebaff46242da336113ff8026594",
    ),
];
