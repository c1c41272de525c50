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

#[test]
fn a_tree_is_divided_automatically_by_its_weight_in_powers_of_two() {
    let cases = [
        (0, 2),
        (32, 2),
        (33, 4),
        (512, 32),
        (513, 64),
        (1 << 20, 64),
    ];
    for (mebibytes, layers) in cases {
        assert_eq!(automatic(mebibytes << 20), layers, "{mebibytes} MiB");
    }
}
