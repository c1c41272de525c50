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
fn layers_are_shared_out_by_weight_in_powers_of_two() {
    let cases = [
        (16, 0, 100, 0),
        (16, 100, 100, 16),
        (16, 1, 100, 1),
        (16, 40, 100, 4),
        (16, 60, 100, 12),
        (16, 99, 100, 15),
        (2, 1, 100, 1),
        (2, 99, 100, 1),
        (3, 50, 100, 1),
    ];
    for (layers, lively, total, expected) in cases {
        assert_eq!(
            lively_layers(layers, lively, total),
            expected,
            "{layers} {lively}/{total}"
        );
    }
}
