//! What belongs to files beside their content: told, forbidden or kept.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::chown;

use crate::support::memory::{UNCHANGED, remember};
use crate::support::{Ran, TestEnv, at, image, mode, open_registry};

const WARNING: &str = "warning: not kept: the capabilities of 1 file, the ACLs of 1 file, other \
                       extended attributes of 1 file, the owners of 1 file; --preserve \
                       owner,xattrs keeps them";
const PATHS: [&str; 4] = [
    "not keeping the file capabilities: ./bin/hello",
    "not keeping the ACL: ./etc",
    "not keeping the extended attribute user.note: ./etc/os-release",
    "not keeping the owner 999:998: ./etc/owned",
];

#[test]
fn what_is_lost_is_counted_and_named_in_detail() {
    let Some(env) = env() else { return };
    for options in [
        &[][..],
        &["--layers", "4"],
        &["--stream"],
        &["--no-cache", "--pack-first"],
    ] {
        let registry = open_registry();
        let ran = env.push(&[options, &["--json"]].concat(), &at(&registry, "app"));
        assert_warned(&ran, &format!("{WARNING}, -v lists them"));
        assert!(!ran.stderr.contains("not keeping"), "{ran}");
        let ran = env.push(&[options, &["--json", "-v"]].concat(), &at(&registry, "b"));
        assert_warned(&ran, WARNING);
        for path in PATHS {
            assert_eq!(ran.stderr.matches(path).count(), 1, "{path}: {ran}");
        }
    }
}

#[test]
fn an_unchanged_image_is_warned_of_again() {
    let Some(env) = env() else { return };
    let (registry, _) = remember(&env, &["-q"]);
    let ran = env.push(&["--json"], &at(&registry, "app"));
    assert_warned(&ran, &format!("{WARNING}, -v lists them"));
    let ran = env.push(&["--json", "-v"], &at(&registry, "app"));
    assert!(ran.stderr.contains(UNCHANGED), "{ran}");
    assert_warned(&ran, WARNING);
    for path in PATHS {
        assert_eq!(ran.stderr.matches(path).count(), 1, "{path}: {ran}");
    }
    // Other options make another layer, which is not taken from memory.
    let ran = env.push(
        &["--json", "-v", "--preserve", "xattrs"],
        &at(&registry, "app"),
    );
    assert!(!ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
    let warning = "warning: not kept: the owners of 1 file; --preserve owner keeps them";
    assert_warned(&ran, warning);
}

#[test]
fn what_would_be_lost_is_refused_if_it_is_forbidden() {
    let Some(env) = env() else { return };
    let registry = open_registry();
    let to = at(&registry, "app");
    env.push(&["--strict"], &to).assert_failed(
        3,
        &[
            "the file capabilities of image/bin/hello",
            "--preserve xattrs",
        ],
    );
    env.push(&["--strict", "--xattrs"], &to)
        .assert_failed(3, &["the setuid bit of image/bin/su", "--preserve setuid"]);
    env.push(&["--strict", "--preserve", "setuid,xattrs"], &to)
        .assert_failed(
            3,
            &["the owner 999:998 of image/etc/owned", "--preserve owner"],
        );
    let ran = env.push(
        &["--strict", "--json", "--preserve", "owner,setuid,xattrs"],
        &to,
    );
    assert_eq!(
        ran.assert_done().json()["warnings"],
        serde_json::json!([]),
        "{ran}"
    );
}

#[test]
fn the_option_of_ch_image_keeps_extended_attributes() {
    let Some(env) = env() else { return };
    let digest = |options: &[&str]| {
        let registry = open_registry();
        let ran = env.push(&[options, &["--json"]].concat(), &at(&registry, "app"));
        ran.assert_done().json()["digest"].clone()
    };
    let kept = digest(&["--preserve=xattrs"]);
    assert_eq!(digest(&["--xattrs"]), kept);
    let lost = digest(&[]);
    assert_ne!(lost, kept);
    assert_eq!(digest(&["--xattrs", "--no-xattrs"]), lost);
    assert_eq!(digest(&["--no-xattrs", "--xattrs"]), kept);
}

#[test]
fn a_root_directory_that_others_cannot_enter_is_told_and_mended() {
    let env = TestEnv::with_image();
    mode(&env.path("image"), 0o700);
    let registry = open_registry();
    let to = at(&registry, "app");
    let ran = env.push(&["--json"], &to);
    let warning = "warning: the image's root directory has mode 0700: only its owner and root can \
                   enter the image; --root-mode 0755 opens it";
    assert_warned(&ran, warning);
    let ran = env.push(&["--json", "--root-mode", "0755"], &to);
    assert_eq!(
        ran.assert_done().json()["warnings"],
        serde_json::json!([]),
        "{ran}"
    );
    mode(&env.path("image"), 0o755);
    let other = env.push(&["--json"], &at(&registry, "b"));
    assert_eq!(
        other.assert_done().json()["digest"],
        ran.json()["digest"],
        "{ran}"
    );
    for wrong in ["755a", "8", "", "7777", "+755"] {
        env.push(&["--root-mode", wrong], &to)
            .assert_failed(2, &["octal"]);
    }
}

/// An image with a file of each kind, unless this machine does not allow it.
fn env() -> Option<TestEnv> {
    let env = TestEnv::new();
    image::make(&env.path("image"));
    fs::write(env.path("image/etc/owned"), "").unwrap();
    let acl =
        b"\x02\0\0\0\x01\0\x07\0\xff\xff\xff\xff\x02\0\x07\0\xe7\x03\0\0\x04\0\x05\0\xff\xff\xff\
                \xff\x10\0\x07\0\xff\xff\xff\xff\x20\0\x05\0\xff\xff\xff\xff";
    let capability = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let set = |path: &str, name: &str, value: &[u8]| {
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::setxattr(env.path(path), name, value, flags).map_err(std::io::Error::from)
    };
    let done = set("image/bin/hello", "security.capability", capability)
        .and_then(|()| set("image/etc", "system.posix_acl_access", acl))
        .and_then(|()| set("image/etc/os-release", "user.note", b"1"))
        .and_then(|()| chown(env.path("image/etc/owned"), Some(999), Some(998)));
    match done {
        Ok(()) => Some(env),
        Err(error) => {
            let text = format!("SKIPPED: attributes and owners cannot be set here: {error}");
            // Not held back when the test passes, as what macros print is.
            let _ = writeln!(std::io::stderr(), "{text}");
            None
        }
    }
}

#[track_caller]
fn assert_warned(ran: &Ran, warning: &str) {
    let lines = ran.assert_done().stderr.lines();
    let warnings: Vec<_> = lines.filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(warnings, [warning], "{ran}");
    let plain = warning.strip_prefix("warning: ").unwrap();
    assert_eq!(ran.json()["warnings"], serde_json::json!([plain]), "{ran}");
}
