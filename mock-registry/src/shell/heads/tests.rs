use proptest::prelude::*;

use super::*;

fn flaws(text: &str) -> Vec<Vec<&'static str>> {
    let mut heads = Heads::default();
    // Byte by byte: the network cuts where it likes.
    text.as_bytes().chunks(1).for_each(|byte| heads.take(byte));
    heads.seen.into_iter().map(|flaws| flaws.0).collect()
}

#[test]
fn what_is_valid_has_no_flaws() {
    let text = "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nG /b\n\
                GET /b HTTP/1.1\r\nhost:x\r\n\r\n\
                PATCH /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
                3;x=y\r\na\r\n\r\n0\r\nTrailer: t\r\n\r\n\
                HEAD /d HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(flaws(text), [[""; 0]; 4]);
}

#[test]
fn what_a_library_would_tidy_up_is_found() {
    let one = |fields: &str| flaws(&format!("PUT / HTTP/1.1\r\n{fields}\r\n\r\n")).remove(0);
    let host = "Host: x\r\n";
    for (fields, flaw) in [
        ("A: b", "no Host"),
        ("Host: x\r\nHost: x", "more than one Host"),
        (&format!("{host}A: b\nB: c"), "a line that ends by LF alone"),
        (&format!("{host}A : b"), "a space before a colon"),
        (
            &format!("{host}A: b\r\n c"),
            "a line that goes on with the last one",
        ),
        (&format!("{host}A"), "a line without a colon"),
        (&format!("{host}A: b\u{1}c"), "a control character"),
        (
            &format!("{host}Content-Length: 0\r\nContent-Length: 0"),
            "more than one Content-Length",
        ),
        (
            &format!("{host}Content-Length: 0\r\nTransfer-Encoding: chunked"),
            "both Content-Length and Transfer-Encoding",
        ),
    ] {
        assert_eq!(one(fields), [flaw]);
    }
}

#[test]
fn http2_is_left_alone() {
    assert!(flaws("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0").is_empty());
}

proptest! {
    #[test]
    fn anything_is_taken_in_bounded_memory(pieces: Vec<Vec<u8>>, again in 1..40_usize) {
        let mut heads = Heads::default();
        for piece in pieces.iter().cycle().take(pieces.len() * again) {
            heads.take(piece);
            prop_assert!(heads.line.len() <= LONGEST_LINE + piece.len());
            prop_assert!(heads.seen.len() <= MOST_WAITING + 1);
        }
    }
}
