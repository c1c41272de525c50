use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use super::run;

#[test]
fn a_helper_that_does_not_answer_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("docker-credential-slow");
    let pid = folder.path().join("pid");
    let script = format!("#!/bin/sh\necho $$ >{}\nexec sleep 600\n", pid.display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let begun = Instant::now();
    let ran = run(
        program.to_str().unwrap(),
        "q.example",
        Duration::from_secs(1),
    );
    let error = ran.expect_err("it did not answer");
    assert_eq!(error.to_string(), "no answer within 1 seconds");
    assert!(begun.elapsed() < Duration::from_secs(300));
    let pid = fs::read_to_string(pid).unwrap();
    let state = format!("/proc/{}/stat", pid.trim());
    // It is gone, or waits to be reaped.
    while fs::read_to_string(&state).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it goes on");
        std::thread::yield_now();
    }
}
