use super::*;

#[test]
fn names_of_all_kinds_are_read() {
    let cases = [
        ("amd64", "amd64", None),
        ("x86_64", "amd64", None),
        ("X86_64", "amd64", None),
        ("x86-64", "amd64", None),
        ("amd64/v3", "amd64", Some("v3")),
        ("i686", "386", None),
        ("i386", "386", None),
        ("linux/386", "386", None),
        ("aarch64", "arm64", Some("v8")),
        ("arm64", "arm64", None),
        ("arm64/v8", "arm64", Some("v8")),
        ("arm64/8", "arm64", Some("v8")),
        ("arm64/v8.2", "arm64", Some("v8.2")),
        ("linux/arm64", "arm64", None),
        ("linux/arm64/v8", "arm64", Some("v8")),
        ("linux/aarch64", "arm64", Some("v8")),
        ("Linux/ARM64", "arm64", None),
        ("arm64v8", "arm64", Some("v8")),
        ("armv7l", "arm", Some("v7")),
        ("armv7l/v7", "arm", Some("v7")),
        ("armhf", "arm", Some("v7")),
        ("arm/v6", "arm", Some("v6")),
        ("arm/6", "arm", Some("v6")),
        ("arm32v5", "arm", Some("v5")),
        ("ppc64le", "ppc64le", None),
        ("ppc64el", "ppc64le", None),
        ("s390x", "s390x", None),
        ("riscv64", "riscv64", None),
        ("loongarch64", "loong64", None),
        ("mips64", "mips64", None),
        ("mipsel", "mipsle", None),
        (" amd64 ", "amd64", None),
    ];
    for (text, architecture, variant) in cases {
        let platform = Platform::parse(text).unwrap();
        assert_eq!(
            (platform.architecture.as_str(), platform.variant.as_deref()),
            (architecture, variant),
            "{text}"
        );
    }
}

#[test]
fn what_no_image_is_for_is_refused_with_a_list() {
    for text in [
        "",
        " ",
        "/v8",
        "linux",
        "linux/",
        "linux/linux/arm64",
        "windows/amd64",
        "darwin/arm64",
        "arm64/linux",
        "amd46",
        "arm64/",
        "arm64/v",
        "arm64/v7",
        "arm64/v8.",
        "arm64/v8.x",
        "arm/v7/v7",
        "arm/v9",
        "arm/v7.1",
        "armv7l/v6",
        "amd64/v8",
        "s390x/v1",
        "amd64\n386",
        "amd64,arm64",
        "yolo",
        "host",
    ] {
        let told = Platform::parse(text).expect_err(text).to_string();
        let list = "386, amd64, arm, arm64, loong64";
        assert!(told.contains(list), "{told}");
        assert!(!told.contains('\n'), "{told}");
    }
}

#[test]
fn what_is_read_reads_back_as_it_is_shown() {
    let names = OTHER_NAMES.iter().map(|(name, _)| *name);
    for name in names.chain(ARCHITECTURES) {
        let platform = Platform::parse(name).unwrap();
        assert_eq!(Platform::parse(&platform.to_string()), Ok(platform));
    }
}

#[test]
fn this_machine_has_a_name_that_images_use() {
    let host = Platform::host();
    assert!(
        ARCHITECTURES.contains(&host.architecture.as_str()),
        "{host}"
    );
}
