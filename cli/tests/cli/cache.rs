//! What is remembered from one push to the next.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use longshore_mock_registry::MockRegistry;
use longshore_protocol::Digest;
use serde_json::Value;

use crate::support::{Ran, TestEnv, assert_holds, at, open_registry};

#[test]
fn an_unchanged_image_is_not_read_again() {
    let (env, registry, first) = remembering();
    let ran = env.push(&["--json", "-v"], &at(&registry, "app"));
    assert!(ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
    assert_eq!(ran.json()["layers"][0]["outcome"], "existed", "{ran}");
    assert_eq!(ran.json()["digest"], first["digest"], "{ran}");
    assert!(ran.stderr.contains("stripped") || ran.stderr.contains("stripping"));
}

#[test]
fn a_registry_without_the_layer_gets_it_all_the_same() {
    let (env, _, first) = remembering();
    let other = open_registry();
    let ran = env.push(&["--json", "-v"], &at(&other, "app"));
    assert!(ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
    assert_eq!(ran.json()["layers"][0]["outcome"], "uploaded", "{ran}");
    assert_eq!(ran.json()["digest"], first["digest"], "{ran}");
    assert_holds(&other, "app", "latest");
}

#[test]
fn another_repository_of_the_registry_lends_the_layer() {
    let (env, registry, _) = remembering();
    let ran = env.push(&["--json"], &at(&registry, "team/other"));
    let json = ran.assert_done().json();
    assert_eq!(json["layers"][0]["outcome"], "mounted", "{ran}");
    assert_eq!(json["layers"][0]["mountedFrom"], "app");
    assert_holds(&registry, "team/other", "latest");
}

#[test]
fn a_changed_image_is_another_one() {
    let (env, registry, first) = remembering();
    fs::write(env.path("image/etc/motd"), "changed\n").unwrap();
    let ran = env.push(&["--json", "-v"], &at(&registry, "app"));
    assert!(!ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
    assert_ne!(
        ran.json()["layers"][0]["digest"],
        first["layers"][0]["digest"]
    );
}

#[test]
fn a_memory_that_is_wrong_costs_time_and_nothing_else() {
    let (env, _, first) = remembering();
    let file = layers(&env).pop().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let (_, record) = text.split_once('\n').unwrap();
    let mut record: Value = serde_json::from_str(record).unwrap();
    // As if somebody had found a way to change a file behind the back of its times.
    record["digest"] = Digest::sha256(b"of another layer").to_string().into();
    let record = record.to_string();
    let sum = Digest::sha256(record.as_bytes());
    fs::write(&file, format!("{sum}\n{record}")).unwrap();

    let other = open_registry();
    let ran = env.push(&["--json", "-v"], &at(&other, "app"));
    assert!(ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
    assert!(ran.stderr.contains("has changed, though"), "{ran}");
    assert_eq!(ran.json()["digest"], first["digest"], "{ran}");
    assert_holds(&other, "app", "latest");
    assert!(!file.exists(), "it was wrong");
}

#[test]
fn a_damaged_memory_is_none() {
    let (env, registry, first) = remembering();
    for file in layers(&env) {
        fs::write(file, "sha256:0\n{}").unwrap();
    }
    let ran = env.push(&["--json", "-v"], &at(&registry, "app"));
    assert!(!ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
    assert_eq!(ran.json()["digest"], first["digest"], "{ran}");
}

#[test]
fn nothing_is_kept_or_used_without_a_cache() {
    let (env, registry, _) = remembering();
    let ran = env.push(&["-v", "--no-cache"], &at(&registry, "app"));
    assert!(!ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
    let env = TestEnv::with_image();
    env.push(&["--no-cache"], &at(&registry, "app"))
        .assert_done();
    assert!(!env.path("home/.cache").exists());
}

#[test]
fn a_cache_that_cannot_be_used_does_no_harm() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    env.write("file", "no directory");
    let ran = env.push(&["-v", "--cache-dir", "file"], &at(&registry, "app"));
    assert!(
        ran.assert_done().stderr.contains("nothing is remembered"),
        "{ran}"
    );
    assert_holds(&registry, "app", "latest");
}

#[test]
fn pushes_at_once_do_not_mind_each_other() {
    let (env, registry, first) = remembering();
    let others = [open_registry(), open_registry(), registry];
    let running = others.each_ref().map(|registry| {
        let to = at(registry, "app");
        env.start(&["push", "--image", "image", "--json", "app", &to])
    });
    for ran in running.map(crate::support::Running::finish) {
        assert_eq!(ran.assert_done().json()["digest"], first["digest"], "{ran}");
    }
    for registry in &others {
        assert_holds(registry, "app", "latest");
    }
}

#[test]
fn it_can_be_looked_at_and_emptied() {
    let (env, _, _) = remembering();
    let told = |task: &str| env.run(&["cache", task, "--json"]).assert_done().json();
    let (info, pruned) = (told("info"), told("prune"));
    // The layer, and where it is.
    assert_eq!(info["files"], 2, "{info}");
    assert_eq!(info, pruned);
    assert_eq!(told("info")["files"], 0);
    let text = env.run(&["cache", "info"]).stdout;
    assert!(
        text.ends_with("home/.cache/longshore: 0 files, 0 bytes\n"),
        "{text}"
    );
}

/// Pushes an image into a registry until its layer is remembered. That is not the first time: what
/// was just written is not trusted to look different when it is written once more.
fn remembering() -> (TestEnv, MockRegistry, Value) {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let start = Instant::now();
    loop {
        let ran: Ran = env.push(&["--json"], &at(&registry, "app"));
        let json = ran.assert_done().json();
        if !layers(&env).is_empty() {
            return (env, registry, json);
        }
        assert!(start.elapsed() < LONGEST_WAIT, "never remembered: {ran}");
    }
}

/// The files of all layers that are remembered.
fn layers(env: &TestEnv) -> Vec<PathBuf> {
    let entries = fs::read_dir(env.path("home/.cache/longshore/v1/layers"));
    let paths = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    paths.collect()
}

const UNCHANGED: &str = "the image has not changed since it was packed";

/// Longer than anything takes that works.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
