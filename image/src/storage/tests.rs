use super::*;
use crate::testing::Tree;

fn storage(names: &[&str]) -> (Tree, Storage) {
    let tree = Tree::new();
    tree.directory("img", 0o755);
    for name in names {
        tree.directory(format!("img/{name}"), 0o755);
    }
    let storage = Storage::new(tree.path());
    (tree, storage)
}

#[test]
fn references_are_found_under_charlieclouds_names() {
    let cases = [
        ("alpine", "alpine"),
        ("alpine:3.17", "alpine+3.17"),
        ("alpine+3.17", "alpine+3.17"),
        ("example.com:5000/a/b:c", "example.com+5000%a%b+c"),
        ("a@sha256:0123", "a@sha256+0123"),
    ];
    let (tree, storage) = storage(&cases.map(|(_, name)| name)[..2]);
    for (_, name) in &cases[3..] {
        tree.directory(format!("img/{name}"), 0o755);
    }
    for (reference, name) in cases {
        assert_eq!(
            storage.image_dir(reference).unwrap(),
            tree.at("img").join(name)
        );
    }
}

#[test]
fn an_alias_is_a_link() {
    let (tree, storage) = storage(&["real"]);
    tree.symlink("img/alias", "real")
        .symlink("img/broken", "none")
        .file("img/file", 0o644, b"");
    assert_eq!(storage.image_dir("alias").unwrap(), tree.at("img/alias"));
    for no_image in ["broken", "file"] {
        let found = storage.image_dir(no_image);
        assert!(matches!(found, Err(StorageError::NoSuchImage { .. })));
    }
}

#[test]
fn a_missing_image_comes_with_similar_ones() {
    let (_tree, storage) = storage(&["alpine+3.16", "alpine+3.18", "alpin", "debian", "x%alpine"]);
    let error = storage.image_dir("alpine:3.17").unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("; there is alpine:3.16, alpine:3.18"),
        "{text}"
    );
    let text = storage.image_dir("alpine").unwrap_err().to_string();
    assert!(
        text.ends_with("; there is alpin, x/alpine, alpine:3.16, alpine:3.18"),
        "{text}"
    );
    let text = storage.image_dir("unlike/all").unwrap_err().to_string();
    assert!(!text.contains("there is"), "{text}");
}

#[test]
fn no_reference_leads_out_of_the_storage() {
    let (_tree, storage) = storage(&[]);
    for reference in ["", ".", "..", "a\0b"] {
        let found = storage.image_dir(reference);
        assert!(
            matches!(found, Err(StorageError::BadReference { .. })),
            "{reference:?}"
        );
    }
    for reference in ["../x", "/etc", "a/../../etc", &"long".repeat(1000)] {
        let found = storage.image_dir(reference);
        assert!(
            matches!(found, Err(StorageError::NoSuchImage { .. })),
            "{reference:?}"
        );
    }
}

#[test]
fn a_place_without_images_is_no_storage() {
    let tree = Tree::new();
    for place in [tree.path().to_owned(), tree.at("none")] {
        let found = Storage::new(place).image_dir("a");
        assert!(matches!(found, Err(StorageError::NotAStorage { .. })));
    }
}

#[test]
fn distances_are_edits() {
    let cases = [
        ("", "", 0),
        ("abc", "", 3),
        ("kitten", "sitting", 3),
        ("ab", "ba", 2),
    ];
    for (a, b, expected) in cases {
        assert_eq!(
            (distance(a, b), distance(b, a)),
            (expected, expected),
            "{a} {b}"
        );
    }
}
