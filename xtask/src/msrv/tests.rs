use std::fs;

use super::{Version, check_manifests};

#[test]
fn versions_are_read_and_ordered() {
    let version = |text| Version::parse(text).unwrap();
    assert_eq!(version("1.95"), version("1.95.3"));
    assert!(version("1.100") > version("1.95"));
    assert_eq!(
        Version::from_rustc("rustc 1.96.0-nightly (abcdef 2026-01-01)\n").unwrap(),
        version("1.96")
    );
    assert!(Version::parse("stable").is_err());
}

#[test]
fn a_member_that_states_its_own_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let member = folder.path().join("member");
    fs::create_dir(&member).unwrap();
    fs::write(
        folder.path().join("Cargo.toml"),
        "[workspace]\nmembers = [\"member\"]\n[workspace.package]\nrust-version = \"1.95\"\n",
    )
    .unwrap();

    fs::write(
        member.join("Cargo.toml"),
        "[package]\nrust-version.workspace = true\n",
    )
    .unwrap();
    assert_eq!(check_manifests(folder.path()).unwrap().to_string(), "1.95");

    fs::write(
        member.join("Cargo.toml"),
        "[package]\nrust-version = \"1.95\"\n",
    )
    .unwrap();
    let failure = check_manifests(folder.path()).unwrap_err().to_string();
    assert_eq!(
        failure,
        "member/Cargo.toml lacks `rust-version.workspace = true`"
    );
}
