use longshore_protocol::Reference;

use super::{Key, names};

#[test]
fn a_longer_path_is_closer() {
    let closeness = |key: &str| {
        let reference: Reference = "reg.example/a/b".parse().unwrap();
        Key::parse(key).closeness(reference.registry(), reference.repository())
    };
    assert_eq!(closeness("reg.example"), Some(0));
    assert!(closeness("reg.example/a") > closeness("https://reg.example/v2/"));
    assert!(closeness("reg.example/a/b") > closeness("reg.example/a"));
    assert_eq!(closeness("reg.example/b"), None);
    assert_eq!(closeness("reg.example/a/b/c"), None);
}

#[test]
fn a_namespace_may_be_called_like_a_version() {
    let reference: Reference = "reg.example/v2/app".parse().unwrap();
    let key = Key::parse("reg.example/v2");
    let closeness = key.closeness(reference.registry(), reference.repository());
    assert_eq!(closeness, Some(2));
    assert!(!key.is(reference.registry()));
}

#[test]
fn any_text_is_a_key() {
    let reference: Reference = "reg.example/a".parse().unwrap();
    for text in ["", "/", "//", "https://", "http:/", "é", "httpsé://", ":"] {
        let key = Key::parse(text);
        assert!(!key.is(reference.registry()), "{text}");
    }
}

#[test]
fn helpers_know_docker_hub_by_its_old_address_first() {
    let hub: Reference = "alice/app".parse().unwrap();
    assert_eq!(names(hub.registry())[0], "https://index.docker.io/v1/");
    let other: Reference = "reg.example:5000/app".parse().unwrap();
    assert_eq!(names(other.registry()), ["reg.example:5000"]);
}
