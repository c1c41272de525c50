use super::*;

#[test]
fn quay_takes_only_plain_repository_scopes() {
    for scope in [
        "repository:a/b:pull",
        "repository:a:pull,push",
        "repository:h:5000/a:*",
    ] {
        assert!(quay_scope(scope).is_some(), "{scope}");
    }
    for scope in [
        "repository:a:delete",
        "registry:catalog:*",
        "repository:a:pull repository:b:pull",
        "repository:a/:pull",
        "repository:a//b:pull",
        "repository:ä:pull",
        "repository:a:",
        "repository:a",
        "",
    ] {
        assert!(quay_scope(scope).is_none(), "{scope}");
    }
}

#[test]
fn quay_names_are_wider_than_the_specification_and_still_lower_case() {
    for name in ["a", "a..b", "a__b", "foo-", "foo.", "a/b/c"] {
        assert!(is_quay_name(name), "{name}");
    }
    for name in ["", "A", ".a", "-a", "_a", "a/", "a/.b", &"a".repeat(256)] {
        assert!(!is_quay_name(name), "{name}");
    }
}
