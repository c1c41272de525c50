use std::fs;

use super::{add_history, describe, has_history, make, size};

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

#[test]
fn a_tree_without_history_gets_one_and_keeps_the_rest() {
    let place = tempfile::tempdir().unwrap();
    let (root, file) = (place.path(), place.path().join("ch/metadata.json"));
    for before in [
        None,
        Some("{}"),
        Some("no JSON"),
        Some(r#"{"cwd": "/work", "history": [{"empty_layer": true}]}"#),
    ] {
        if let Some(text) = before {
            fs::write(&file, text).unwrap();
        }
        assert!(!has_history(root), "{before:?}");
        add_history(root).unwrap();
        assert!(has_history(root), "{before:?}");
    }
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(r#""cwd":"/work""#), "{text}");
}
