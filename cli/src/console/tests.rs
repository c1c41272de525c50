use super::plain;
use super::words::{mebibytes, size};

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

#[test]
fn sizes_are_in_the_unit_that_fits() {
    assert_eq!(size(1023), "1023 bytes");
    assert_eq!(size(1024), "1.0 KiB");
    assert_eq!(size((1 << 20) - 1), "1023.9 KiB");
    assert_eq!(size(3 << 19), "1.5 MiB");
    assert_eq!(size(u64::MAX), "17179869183.9 GiB");
}
