use super::*;

#[test]
fn one_range_of_bytes_is_honoured() {
    assert_eq!(read_range("bytes=0-3", 10), Asked::Part(0..4));
    assert_eq!(read_range("bytes=5-", 10), Asked::Part(5..10));
    assert_eq!(read_range("bytes=-3", 10), Asked::Part(7..10));
    assert_eq!(read_range("bytes=-30", 10), Asked::Part(0..10));
    assert_eq!(read_range("bytes=9-99", 10), Asked::Part(9..10));
}

#[test]
fn a_range_beyond_the_end_cannot_be_satisfied() {
    for text in ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=4-2"] {
        assert_eq!(read_range(text, 10), Asked::Beyond, "{text}");
    }
    assert_eq!(read_range("bytes=0-", 0), Asked::Beyond);
}

#[test]
fn anything_else_means_the_whole() {
    for text in [
        "",
        "items=0-1",
        "bytes=0-1,3-4",
        "bytes=a-b",
        "bytes=-",
        "bytes=0",
    ] {
        assert_eq!(read_range(text, 10), Asked::All, "{text}");
    }
}

#[test]
fn quay_routes_anything_that_looks_like_a_digest() {
    for text in ["sha256:ab", "sha256:AB", "x+y:0"] {
        assert!(is_digest_like(text), "{text}");
    }
    for text in [
        "",
        "sha256",
        "sha256:",
        ":ab",
        "sha256:xy",
        "sha 256:ab",
        "sha256:ab\n",
    ] {
        assert!(!is_digest_like(text), "{text}");
    }
}
