use super::*;

#[test]
fn names_of_all_kinds_are_read() {
    let cases = [
        ("amd64", "amd64", None),
        ("x86_64", "amd64", None),
        ("aarch64", "arm64", Some("v8")),
        ("arm64", "arm64", None),
        ("arm64/v8", "arm64", Some("v8")),
        ("armv7l", "arm", Some("v7")),
        ("arm/v6", "arm", Some("v6")),
        ("ppc64le", "ppc64le", None),
        ("s390x", "s390x", None),
        ("riscv64", "riscv64", None),
        (" odd/ ", "odd", None),
    ];
    for (text, architecture, variant) in cases {
        let platform = Platform::parse(text).unwrap();
        assert_eq!(
            (platform.architecture.as_str(), platform.variant.as_deref()),
            (architecture, variant)
        );
    }
    assert_eq!(Platform::parse(""), None);
    assert_eq!(Platform::parse("/v8"), None);
}

#[test]
fn this_machine_has_a_name_that_images_use() {
    let host = Platform::host().to_string();
    assert_ne!(host, "");
    assert!(
        !KERNEL_NAMES
            .iter()
            .any(|(kernel, name)| *kernel == host && kernel != name),
        "{host}"
    );
}
