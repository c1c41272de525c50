//! Where the digest of a push is written, and what is left as it was.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::thread;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{Ran, TestEnv, assert_holds, at, open_registry};

#[test]
fn the_digest_is_in_a_file() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let ran = env.push(
        &["--json", "--digest-file", "digest"],
        &at(&registry, "app"),
    );
    let digest = fs::read_to_string(env.path("digest")).unwrap();
    assert_eq!(ran.assert_done().json()["digest"], digest.trim_end());
    assert!(digest.ends_with('\n'));
}

#[test]
fn a_failure_leaves_the_digest_file_alone() {
    let env = TestEnv::with_image();
    env.write("digest", "the last one\n");
    env.push(&["--digest-file", "digest"], "127.0.0.1:1/app")
        .assert_failed(7, &[]);
    assert_eq!(
        fs::read_to_string(env.path("digest")).unwrap(),
        "the last one\n"
    );
}

#[test]
fn what_is_there_keeps_what_belongs_to_it() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    env.write("file", &"longer than a digest\n".repeat(10));
    fs::set_permissions(env.path("file"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::hard_link(env.path("file"), env.path("other-name")).unwrap();
    symlink("file", env.path("link")).unwrap();
    let before = fs::metadata(env.path("file")).unwrap();
    let ran = push(&env, "link", &at(&registry, "app"));
    ran.assert_done();
    let after = fs::metadata(env.path("file")).unwrap();
    assert_eq!((after.ino(), after.mode()), (before.ino(), before.mode()));
    assert!(env.path("link").is_symlink());
    let digest = fs::read_to_string(env.path("other-name")).unwrap();
    assert_eq!(ran.json()["digest"], digest.trim_end(), "{digest}");
}

#[test]
fn a_link_to_nothing_makes_what_it_names() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    fs::create_dir(env.path("there")).unwrap();
    symlink("there/digest", env.path("link")).unwrap();
    push(&env, "link", &at(&registry, "app")).assert_done();
    assert!(env.path("link").is_symlink());
    assert!(
        fs::read_to_string(env.path("there/digest"))
            .unwrap()
            .starts_with("sha256:")
    );
    symlink("loop", env.path("loop")).unwrap();
    push(&env, "loop", &at(&registry, "app")).assert_failed(2, &["--digest-file loop"]);
}

#[test]
fn a_device_stays_one() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    push(&env, "/dev/null", &at(&registry, "app")).assert_done();
    let file_type = fs::symlink_metadata("/dev/null").unwrap().file_type();
    assert!(file_type.is_char_device());
    let full = push(&env, "/dev/full", &at(&registry, "app"));
    full.assert_failed(1, &["cannot be written to /dev/full"]);
    assert_holds(&registry, "app", "latest");
}

#[test]
fn a_pipe_is_written_to() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let fifo = env.path("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let refused = push(&env, "fifo", &at(&registry, "app"));
    refused.assert_failed(2, &["no program reads"]);
    assert_eq!(registry.with(|core| core.requests().count()), 0);
    // Read and write: opening it so waits for no writer.
    let mut reader = File::options().read(true).write(true).open(&fifo).unwrap();
    let ran = push(&env, "fifo", &at(&registry, "app"));
    let mut digest = [0; 72];
    reader.read_exact(&mut digest).unwrap();
    assert_eq!(
        ran.assert_done().json()["digest"],
        std::str::from_utf8(&digest).unwrap().trim_end()
    );
    assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
}

#[test]
fn a_descriptor_of_the_shell_is_written_to() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let (mut reader, writer) = std::io::pipe().unwrap();
    let path = format!("/proc/{}/fd/{}", std::process::id(), writer.as_raw_fd());
    let read = thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    let ran = push(&env, &path, &at(&registry, "app"));
    drop(writer);
    assert_eq!(
        ran.assert_done().json()["digest"],
        read.join().unwrap().trim_end()
    );
}

#[test]
fn no_place_for_the_digest_is_said_before_the_push() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    for place in ["nowhere/digest", "image", "image/etc/motd/digest"] {
        let ran = push(&env, place, &at(&registry, "app"));
        ran.assert_failed(2, &[&format!("cannot write --digest-file {place}")]);
    }
    assert_eq!(registry.with(|core| core.requests().count()), 0);
}

fn push(env: &TestEnv, place: &str, to: &str) -> Ran {
    env.push(&["--json", "--digest-file", place], to)
}
