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
        for (level, digest) in [
            (Level::Fast, FAST),
            (Level::Default, DEFAULT),
            (Level::Best, BEST),
        ] {
            let threads = NonZeroUsize::new(threads);
            let options = Options {
                level,
                threads,
                ..Options::default()
            };
            assert_eq!(
                digests(&options),
                [DIFF_ID, digest],
                "{level:?} {threads:?}"
            );
        }
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
const FAST: &str = "sha256:f71f92098ae5602534adff0a1377674bda4e669d0a28fe48272764d1485121e6";
const DEFAULT: &str = "sha256:107a5a98bde0190fe514dce387b53d2fa40a74e7a8be05810e950e98bfdcaa6e";
const BEST: &str = "sha256:3171e99c988c94eba11f2a3ca4b4b4f989ea8639e12b66ee7a7b65cd43db4509";
