//! Disks that are full. What a full disk does to a file, a limit on the size of files does as well,
//! for any user and on any machine: a write is cut short, and the next one fails.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use rustix::process::{Pid, Resource, Rlimit};

use crate::support::memory::{layers, places};
use crate::support::{
    Ran, TestEnv, assert_holds, assert_untouched, assert_whole_or_none, at, image, open_registry,
};

#[test]
fn where_the_layer_is_to_be_kept() {
    let mut env = TestEnv::new();
    image::make_large(&env.path("image"), 17 << 20);
    // It comes last: by then it is known that there is much to send.
    fs::write(env.path("image/zz-noise"), noise(1 << 20)).unwrap();
    for is_overlapping in [false, true] {
        if is_overlapping {
            env.unset("SOURCE_DATE_EPOCH");
        }
        let registry = open_registry();
        let ran = push(&env, 64 << 10, &["-v"], &at(&registry, "app"));
        assert_eq!(
            ran.stderr.contains("uploading while it is packed"),
            is_overlapping,
            "{ran}"
        );
        ran.assert_failed(1, &["temporary file", "--spool DIR"]);
        assert_untouched(&registry);
    }
}

#[test]
fn where_the_layer_is_to_be_remembered() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let to = at(&registry, "app");
    let digest = env.push(&["--json"], &to).assert_done().json()["digest"].clone();
    let digest = digest.as_str().unwrap();
    env.run(&["cache", "prune"]).assert_done();
    // The layer takes less than this, and what is remembered of it takes more.
    let ran = until_settled(&env, || push(&env, 400, &["-v"], &to));
    assert!(
        ran.assert_done().stderr.contains("nothing is remembered"),
        "{ran}"
    );
    assert!(assert_whole_or_none(&registry, "app", digest));
    assert_eq!(layers(&env), [] as [std::path::PathBuf; 0]);
    let ran = until_settled(&env, || env.push(&["-v"], &to));
    assert_eq!(layers(&env).len(), 1, "{ran}");
}

#[test]
fn where_the_place_is_to_be_remembered() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let ran = push(&env, 0, &["-v", "--stream"], &at(&registry, "app"));
    assert!(
        ran.assert_done().stderr.contains("nothing is remembered"),
        "{ran}"
    );
    assert_eq!(places(&env), [] as [std::path::PathBuf; 0]);
    assert_holds(&registry, "app", "latest");
}

#[test]
fn where_the_digest_is_to_be_written() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let options = ["--stream", "--digest-file", "digest"];
    let ran = push(&env, 0, &options, &at(&registry, "app"));
    ran.assert_failed(1, &["digest"]);
    assert_holds(&registry, "app", "latest");
}

/// Pushes where no file can be larger than `most` bytes.
fn push(env: &TestEnv, most: u64, options: &[&str], to: &str) -> Ran {
    let start = ["push", "--image", "image"];
    let arguments = [&start, options, &["app", to]].concat();
    let program = env!("CARGO_BIN_EXE_longshore");
    // It waits to be limited.
    let script = r#"read -r line; exec "$0" "$@""#;
    let arguments = [&["-c", script, program], &arguments[..]].concat();
    let mut child = env
        .program("/bin/sh", &arguments)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    let id = Pid::from_child(&child);
    rustix::process::prlimit(Some(id), Resource::Fsize, limit).unwrap();
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    env.finished(child)
}

/// Pushes until the image is old enough to be remembered.
fn until_settled(env: &TestEnv, push: impl Fn() -> Ran) -> Ran {
    loop {
        let ran = push();
        ran.assert_done();
        if !ran.stderr.contains("was written to just now") {
            return ran;
        }
        env.assert_tidy(&ran.to_string());
    }
}

/// Nothing that a compressor could make small.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(size).collect()
}
