//! Ctrl-C: everything is put away, and fast.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use snapbox::str;

use crate::support::server::{Reply, Server, answer};
use crate::support::{TestEnv, image, is_root, mode};

#[test]
fn ctrl_c_while_uploading_puts_everything_away() {
    for signal in [Signal::INT, Signal::TERM] {
        let env = TestEnv::with_image();
        let server = Server::stalling(|| answer("204 No Content", &[], ""));
        let to = format!("{}/app", server.address);
        let mut push = env.start(&["push", "--image", "image", "--digest-file", "d", "app", &to]);
        push.wait_for("layer 1/1: preparing");
        server.wait_for("PUT ");
        push.signal(signal);
        server.wait_for("DELETE ");
        let ran = push.finish();
        ran.assert_failed(130, &["cancelled while uploading"]);
        assert!(!env.path("d").exists(), "a digest of nothing");
    }
}

#[test]
fn ctrl_c_while_packing_puts_everything_away() {
    let env = TestEnv::new();
    image::make_large(&env.path("image"), 4 << 30);
    let server = Server::stalling(|| answer("204 No Content", &[], ""));
    let to = format!("{}/app", server.address);
    let mut push = env.start(&["push", "--image", "image", "app", &to]);
    push.wait_for("layer 1/1: preparing");
    push.signal(Signal::INT);
    server.wait_for("DELETE ");
    push.finish().assert_shows(str![[r#"
exit code: 130
--- stdout
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
asking the registry for permission
layer 1/1: preparing
error: cancelled while packing the image

"#]]);
}

#[test]
fn ctrl_c_while_the_registry_says_nothing() {
    let env = TestEnv::with_large_image();
    let server = Server::start(|_| Reply::Silence);
    let to = format!("{}/app", server.address);
    let push = env.start(&["push", "--image", "image", "app", &to]);
    server.wait_for("GET ");
    push.signal(Signal::INT);
    push.finish()
        .assert_failed(130, &["cancelled while probing the registry"]);
}

#[test]
fn a_second_ctrl_c_waits_for_nobody() {
    let env = TestEnv::with_image();
    let server = Server::stalling(|| Reply::Silence);
    let to = format!("{}/app", server.address);
    let mut push = env.start(&["push", "--image", "image", "app", &to]);
    push.wait_for("not present, uploading");
    push.signal(Signal::INT);
    // The registry does not answer this, and the program would wait a little.
    server.wait_for("DELETE ");
    push.signal(Signal::INT);
    let ran = push.finish();
    assert_eq!(ran.code, Some(130), "{ran}");
    assert!(
        !ran.stderr.contains("error: "),
        "it found the time to say so: {ran}"
    );
}

#[test]
fn ctrl_c_is_json_too() {
    let env = TestEnv::with_image();
    let server = Server::stalling(|| answer("204 No Content", &[], ""));
    let to = format!("{}/app", server.address);
    let mut push = env.start(&["push", "--json", "--image", "image", "app", &to]);
    push.wait_for("not present, uploading");
    push.signal(Signal::INT);
    let ran = push.finish();
    let error = &ran.json()["error"];
    assert_eq!(
        (&error["class"], &error["exitCode"]),
        (&"cancelled".into(), &130.into()),
        "{ran}"
    );
}

#[test]
fn hang_up_puts_everything_away() {
    let env = TestEnv::with_image();
    let server = Server::stalling(|| answer("204 No Content", &[], ""));
    let to = format!("{}/app", server.address);
    let push = env.start(&["push", "--image", "image", "app", &to]);
    server.wait_for("PUT ");
    push.signal(Signal::HUP);
    server.wait_for("DELETE ");
    push.finish()
        .assert_failed(130, &["cancelled while uploading"]);
}

#[test]
fn one_signal_ends_a_push_that_hangs() {
    let env = TestEnv::with_image();
    let began = env.path("home/began");
    env.write(
        "bin/docker-credential-hangs",
        &format!("#!/bin/sh\n: >{}\nexec /bin/sleep 20\n", began.display()),
    );
    mode(&env.path("bin/docker-credential-hangs"), 0o755);
    env.write("home/.docker/config.json", r#"{"credsStore": "hangs"}"#);
    let server = Server::start(|_| {
        let basic = "WWW-Authenticate: Basic realm=\"q\"";
        answer("401 Unauthorized", &[basic], "")
    });
    let to = format!("{}/app", server.address);
    let push = env.start(&["push", "--auth", "--image", "image", "app", &to]);
    while !began.exists() {
        std::thread::yield_now();
    }
    let begun = Instant::now();
    push.signal(Signal::TERM);
    let ran = push.finish();
    ran.assert_failed(130, &["did not stop within 5 seconds"]);
    assert!(begun.elapsed() < Duration::from_secs(60), "{ran}");
}

#[test]
fn without_a_thread_to_be_had_a_push_fails_at_once() {
    if is_root() {
        println!("skipped: root has as many threads as it wants");
        return;
    }
    let env = TestEnv::with_image();
    let server = Server::start(|_| Reply::Silence);
    let to = format!("{}/app", server.address);
    for transport in ["blocking", "async"] {
        let longshore = env!("CARGO_BIN_EXE_longshore");
        let push = [
            "push",
            "--transport",
            transport,
            "--image",
            "image",
            "app",
            &to,
        ];
        let limited = [&["--nproc=1:1", longshore], &push[..]].concat();
        let Ok(output) = env.program("prlimit", &limited).output() else {
            println!("skipped: there is no prlimit(1) here");
            return;
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("cannot start a thread"), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}
