use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use super::secret;

#[test]
fn a_password_is_any_bytes() {
    let value = OsString::from_vec(b"s\xe9cret".to_vec());
    assert_eq!(secret(value).expose_bytes(), b"s\xe9cret");
}
