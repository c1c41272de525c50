use super::*;

fn route(path: &str) -> Route {
    Route::of(path, "/token")
}

#[test]
fn paths_are_read_from_their_end() {
    assert_eq!(route("/v2"), Route::BaseWithoutSlash);
    assert_eq!(route("/v2/"), Route::Base);
    assert_eq!(route("/token"), Route::Token);
    let name = String::from("tags/list/blobs");
    assert_eq!(
        route("/v2/tags/list/blobs/blobs/uploads/"),
        Route::Uploads {
            name: name.clone(),
            slash: true
        }
    );
    assert_eq!(route("/v2/tags/list/blobs/tags/list"), Route::Tags { name });
    assert_eq!(
        route("/v2/a/blobs/sha256%3Aab"),
        Route::Blob {
            name: "a".into(),
            digest: "sha256:ab".into()
        }
    );
}

#[test]
fn other_paths_are_unknown() {
    for path in [
        "/",
        "",
        "/v3/",
        "/v2/a",
        "/v2/blobs/sha256:ab",
        "/v2//",
        "/v2x/a/tags/list",
    ] {
        assert_eq!(route(path), Route::Unknown, "{path}");
    }
}

#[test]
fn names_follow_the_grammar() {
    for name in ["a", "a0/b.c/d__e", "a---b", "a_b"] {
        assert!(is_oci_name(name), "{name}");
    }
    for name in [
        "", "A", "a..b", "a___b", "-a", "a-", "a//b", "a/", "a._b", "ä",
    ] {
        assert!(!is_oci_name(name), "{name}");
    }
    assert!(!is_oci_name(&"a".repeat(256)));
}

#[test]
fn tags_follow_the_grammar() {
    for tag in ["latest", "_", "1.2-rc_1", &"x".repeat(128)] {
        assert!(is_tag(tag), "{tag}");
    }
    for tag in ["", ".a", "-a", "a:b", "ä", &"x".repeat(129)] {
        assert!(!is_tag(tag), "{tag}");
    }
}

#[test]
fn queries_are_decoded() {
    let pairs = Pairs::of("a=1%2C2&b&&a=x+y%zz&c=%");
    assert_eq!(pairs.all("a").collect::<Vec<_>>(), ["1,2", "x y%zz"]);
    assert_eq!(pairs.get("b"), Some(""));
    assert_eq!(pairs.get("c"), Some("%"));
    assert_eq!(pairs.get("d"), None);
    assert_eq!(encode("a/b c%", true), "a/b%20c%25");
}
