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

const DIFF_ID: &str = "sha256:428e71edc57c49cd8622bcb3959bca28b288a8fe47a02c65029dfa9a16a3409d";
const GOLDEN: [(Compression, Level, &str); 6] = [
    (
        Compression::Gzip,
        Level::Fast,
        "sha256:31bab8a47f1315366726e2a2daf9e557c864b836656d4d5dbcc0a2581c7ff721",
    ),
    (
        Compression::Gzip,
        Level::Default,
        "sha256:d1fbf33664ca294b6ac65310de699aefd9f0d7db7bccec9db4ccba199ee8d6ed",
    ),
    (
        Compression::Gzip,
        Level::Best,
        "sha256:b006a7294483eff3e8cd4335636661b1c5bf0a321f4237a88def724a2a9aea8a",
    ),
    (
        Compression::Zstd,
        Level::Fast,
        "sha256:ced79b81007ccda272c88cf6bfebcbe510edf68ce8067e212e0545c470576d52",
    ),
    (
        Compression::Zstd,
        Level::Default,
        "sha256:c31c569f18d3afc133d4e31addc8bb84ee0f235bcb73e65166eefa41427ad9a8",
    ),
    (
        Compression::Zstd,
        Level::Best,
        "sha256:9fd1a1cf64fcfd7c8b29b5665ec0f971d24767d52bc8ca82c12dce4ab17815f3",
    ),
];
