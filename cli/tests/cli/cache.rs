//! What is remembered from one push to the next.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use longshore_protocol::Digest;
use serde_json::Value;

use crate::support::memory::{UNCHANGED, layers, places, remembering};
use crate::support::{Running, TestEnv, assert_holds, at, open_registry};

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
    let file = layers(&env).pop().unwrap();
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    // Of a version that writes other things, and has a checksum all the same.
    let text = r#"{"layer": 1}"#;
    let foreign = format!("{}\n{text}", Digest::sha256(text.as_bytes())).into_bytes();
    for damaged in [
        Vec::new(),
        whole[..whole.len() / 2].to_vec(),
        flipped,
        foreign,
    ] {
        fs::write(&file, damaged).unwrap();
        let ran = env.push(&["--json", "-v"], &at(&registry, "app"));
        assert!(!ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
        assert_eq!(ran.json()["digest"], first["digest"], "{ran}");
        assert_eq!(fs::read(&file).unwrap(), whole, "it is whole again");
    }
}

#[test]
fn a_damaged_memory_of_places_is_none() {
    let (env, registry, _) = remembering();
    for file in places(&env) {
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace("app", "apq")).unwrap();
    }
    let ran = env.push(&["--json"], &at(&registry, "team/other"));
    let json = ran.assert_done().json();
    assert_eq!(json["layers"][0]["outcome"], "uploaded", "{ran}");
    assert_holds(&registry, "team/other", "latest");
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
        ran.assert_done()
            .stderr
            .contains("the cache in file is not used"),
        "{ran}"
    );
    assert_holds(&registry, "app", "latest");
}

#[test]
fn a_directory_of_something_else_is_no_cache() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let theirs = format!("work/v1/layers/{}", "0".repeat(64));
    fs::create_dir_all(env.path("work/v1/layers")).unwrap();
    env.write(&theirs, "theirs");
    let pushed = env.push(&["--cache-dir", "work"], &at(&registry, "app"));
    let said = &pushed.assert_done().stderr;
    assert!(said.contains("the cache in work is not used"), "{pushed}");
    let pruned = env.run(&["cache", "prune", "--cache-dir", "work"]);
    pruned.assert_failed(1, &["other files"]);
    assert_eq!(fs::read_to_string(env.path(&theirs)).unwrap(), "theirs");
    assert_eq!(fs::read_dir(env.path("work")).unwrap().count(), 1);
}

#[test]
fn a_cache_that_others_may_write_is_not_believed() {
    let (env, registry, _) = remembering();
    let cache = env.path("home/.cache/longshore");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    let ran = env.push(&["-v"], &at(&registry, "app"));
    let said = &ran.assert_done().stderr;
    assert!(said.contains("is not used"), "{ran}");
    assert!(!said.contains(UNCHANGED), "{ran}");
}

#[test]
fn pushes_at_once_do_not_mind_each_other() {
    let (env, registry, first) = remembering();
    let others = [open_registry(), open_registry(), registry];
    let running = others.each_ref().map(|registry| {
        let to = at(registry, "app");
        env.start(&["push", "--image", "image", "--json", "app", &to])
    });
    for ran in running.map(Running::finish) {
        assert_eq!(ran.assert_done().json()["digest"], first["digest"], "{ran}");
    }
    for registry in &others {
        assert_holds(registry, "app", "latest");
    }
}

#[test]
fn first_pushes_at_once_do_not_mind_each_other() {
    let (env, _, first) = remembering();
    env.run(&["cache", "prune"]).assert_done();
    let registry = open_registry();
    let to = at(&registry, "app");
    let running = [(); 2].map(|()| env.start(&["push", "--image", "image", "--json", "app", &to]));
    for ran in running.map(Running::finish) {
        assert_eq!(ran.assert_done().json()["digest"], first["digest"], "{ran}");
    }
    assert_holds(&registry, "app", "latest");
    let ran = env.push(&["--json", "-v"], &to);
    assert!(ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
    assert_eq!(ran.json()["layers"][0]["outcome"], "existed", "{ran}");
}

#[test]
fn it_can_be_looked_at_and_emptied() {
    let (env, _, _) = remembering();
    let told = |task: &str| env.run(&["cache", task, "--json"]).assert_done().json();
    let (info, pruned) = (told("info"), told("prune"));
    // The layer, its tree, and where it is.
    assert_eq!(info["files"], 3, "{info}");
    assert_eq!(info, pruned);
    assert_eq!(told("info")["files"], 0);
    let text = env.run(&["cache", "info"]).stdout;
    assert!(
        text.ends_with("home/.cache/longshore: 0 files, 0 bytes\n"),
        "{text}"
    );
}
