use super::*;
use crate::testing::Tree;

/// What a tree of these looks like; what ends in `/` is a directory.
fn of(paths: &[&str]) -> Option<Lookalike> {
    let tree = Tree::new();
    for path in paths {
        match path.strip_suffix('/') {
            Some(path) => tree.directory(path, 0o755),
            None => tree.file(path, 0o644, b""),
        };
    }
    Lookalike::of(tree.path())
}

#[test]
fn any_tree_may_be_an_image() {
    let images: [&[&str]; 9] = [
        &["app/"],
        &["nix/"],
        &["data/", "home/"],
        &["hello"],
        &["usr/", ".git/", "Dockerfile"],
        &["bin/", "lib/"],
        &["ch/", "config.json"],
        &["app/", "manifest.json"],
        &["hello", "data.tar"],
    ];
    for paths in images {
        assert_eq!(of(paths), None, "{paths:?}");
    }
}

#[test]
fn what_is_something_else_is_told() {
    let digest = format!("{:064}", 7);
    let (tar, json) = (format!("{digest}.tar"), format!("{digest}.json"));
    let cases: [(&[&str], Lookalike); 13] = [
        (
            &["oci-layout", "index.json", "blobs/"],
            Lookalike::OciLayout,
        ),
        (
            &["manifest.json", "version", &digest],
            Lookalike::SkopeoDirectory,
        ),
        (&["manifest.json", "repositories"], Lookalike::DockerArchive),
        (&["manifest.json", &tar, &json], Lookalike::DockerArchive),
        (&["config.json", "rootfs/"], Lookalike::Above("rootfs")),
        (
            &["image/", "image/etc/", "image/usr/"],
            Lookalike::Above("image"),
        ),
        (
            &["img/", "dlcache/", "ulcache/", "version"],
            Lookalike::Storage,
        ),
        (&[".git/", "src/"], Lookalike::Checkout(".git")),
        (
            &["Cargo.toml", "src/", "bin/"],
            Lookalike::Checkout("Cargo.toml"),
        ),
        (&[".ssh/", "letters"], Lookalike::Home(".ssh")),
        (&["go.mod"], Lookalike::Checkout("go.mod")),
        (&["Makefile"], Lookalike::Checkout("Makefile")),
        (&[], Lookalike::Empty { beside: None }),
    ];
    for (paths, expected) in cases {
        assert_eq!(of(paths), Some(expected), "{paths:?}");
    }
    let archives = of(&["a.tar.gz", "b.tar"]);
    assert!(matches!(archives, Some(Lookalike::Archive(path)) if path.ends_with("a.tar.gz")));
    // Charliecloud's link to its build cache.
    assert_eq!(of(&[".git", "app/"]), None);
}

#[test]
fn the_archive_beside_an_empty_directory_is_found() {
    let tree = Tree::new();
    tree.directory("app", 0o755).file("app.tar.xz", 0o644, b"");
    let found = Lookalike::of(&tree.at("app"));
    let beside = tree.at("app.tar.xz").canonicalize().ok();
    assert_eq!(found, Some(Lookalike::Empty { beside }));
    assert_eq!(Lookalike::of(&tree.at("none")), None);
}
