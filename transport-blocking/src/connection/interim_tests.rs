use super::interim::{Sifted, sift};

#[test]
fn an_answer_is_told_by_its_status() {
    for (received, expected) in [
        ("", Sifted::Nothing),
        ("HTT", Sifted::Nothing),
        ("HTTP/1.1 40", Sifted::Nothing),
        ("HTTP/1.1 401", Sifted::Answer),
        ("HTTP/1.0 200 OK\r\n", Sifted::Answer),
        ("HTTP/1.1 101 Switching", Sifted::Answer),
        ("SSH-2.0", Sifted::Answer),
    ] {
        let mut held = received.as_bytes().to_vec();
        assert_eq!(sift(&mut held, false), expected, "{received:?}");
        assert_eq!(held, received.as_bytes(), "nothing may be lost");
    }
}

#[test]
fn a_continue_is_passed_on_only_when_it_is_expected() {
    let received = b"HTTP/1.1 100 Continue\r\nServer: x\r\n\r\nHTTP/1.1 2".to_vec();
    let mut held = received.clone();
    assert_eq!(sift(&mut held, true), Sifted::Continue);
    assert_eq!(held, b"HTTP/1.1 2");
    let mut held = received;
    assert_eq!(sift(&mut held, false), Sifted::Nothing);
    assert_eq!(held, b"HTTP/1.1 2");
}

#[test]
fn other_interim_heads_are_dropped() {
    let mut held =
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n".to_vec();
    assert_eq!(sift(&mut held, true), Sifted::Nothing);
    held.extend_from_slice(b"\r\nHTTP/1.1 413 No\r\n");
    assert_eq!(sift(&mut held, true), Sifted::Answer);
    assert_eq!(held, b"HTTP/1.1 413 No\r\n");
}

#[test]
fn a_head_without_end_is_not_held_for_ever() {
    let mut held = b"HTTP/1.1 100 Continue\r\nX: ".to_vec();
    held.resize(64 * 1024, b'x');
    assert_eq!(sift(&mut held, true), Sifted::Answer);
}
