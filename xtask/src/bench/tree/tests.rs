use std::fs;

use super::{describe, make, size};

#[test]
fn a_tree_has_the_size_asked_for_and_is_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    make(&first, 3_000_000).unwrap();
    make(&second, 3_000_000).unwrap();
    assert_eq!(size(&first).unwrap(), 3_000_000);
    assert_eq!(describe(&first).unwrap(), describe(&second).unwrap());
    for file in ["usr/lib/0/0/file-0", "usr/lib/0/1/file-99"] {
        let read = |root: &std::path::Path| fs::read(root.join(file)).unwrap();
        assert!(read(&first) == read(&second), "{file}");
    }
}
