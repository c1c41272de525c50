use super::*;

#[test]
fn what_distributions_install_is_told_from_what_people_change() {
    let often = [
        "./etc",
        "./opt/app/x",
        "./usr/local/bin/x",
        ".",
        "./usr/src",
    ];
    for path in often {
        assert!(changes_often(path.as_bytes()), "{path}");
    }
    for path in ["./usr/bin/x", "./lib", "./bin/sh", "./usr"] {
        assert!(!changes_often(path.as_bytes()), "{path}");
    }
}
