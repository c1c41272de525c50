use super::plain;
use super::words::mebibytes;

#[test]
fn strangers_cannot_move_the_cursor() {
    assert_eq!(plain("a\x1b[2Jb\nc\u{9b}d é"), "a\\u{1b}[2Jb\\nc\\u{9b}d é");
}

#[test]
fn sizes_are_in_mebibytes_as_for_ch_image() {
    assert_eq!(mebibytes(0, None), "0.0 MiB");
    assert_eq!(mebibytes(5 << 20, None), "5.0 MiB");
    assert_eq!(mebibytes(3 << 19, Some(3 << 20)), "1.5/3.0 MiB (50%)");
    assert_eq!(mebibytes(7, Some(0)), "0.0 MiB");
    // More than expected: a file that grew. It is not 110 %.
    assert_eq!(mebibytes(11, Some(10)), "0.0/0.0 MiB (100%)");
    assert_eq!(
        mebibytes(u64::MAX, Some(u64::MAX)),
        "17592186044415.9/17592186044415.9 MiB (100%)"
    );
}
