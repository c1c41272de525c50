//! `mock-registry judge`, and the other commands that go with it.

use std::process::{Command, Output};

fn program(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-registry"));
    command.args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_client_that_only_claims_to_push_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (json, junit, html) = (path("r.json"), path("r.xml"), path("r.html"));
    let output = program(&[
        "judge",
        "--scenario",
        "calm",
        "--json",
        &json,
        "--junit",
        &junit,
        "--html",
        &html,
        "--",
        "sh",
        "-c",
        "echo '<pushing>' {repo} $MOCK_TAG {password}",
    ]);
    assert!(!output.status.success());
    let said = text(&output.stdout);
    assert!(said.contains("fail  C56  MUST"), "{said}");
    assert!(said.contains("there is no manifest latest"), "{said}");
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    let shown = report["scenarios"][0]["output"].as_str().unwrap();
    assert_eq!(shown, "<pushing> demo/app latest <password:alice>\n");
    assert_eq!(report["checks"].as_array().unwrap().len(), 74);
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(
        junit.contains("<failure message=\"reports success only"),
        "{junit}"
    );
    let html = std::fs::read_to_string(html).unwrap();
    assert!(html.contains("&lt;pushing&gt;") && !html.contains("<pushing>"));
    for foreign in ["src=", "@import", "url("] {
        assert!(
            !html.contains(foreign),
            "a page of its own has no {foreign}"
        );
    }
}

#[test]
fn a_client_that_takes_too_long_is_stopped() {
    let output = program(&[
        "judge",
        "--scenario",
        "calm",
        "--timeout",
        "0",
        "--",
        "sleep",
        "1000",
    ]);
    assert!(
        text(&output.stdout).contains("still running after"),
        "{output:?}"
    );
}

#[test]
fn mistakes_are_explained() {
    let error = |arguments: &[&str]| text(&program(arguments).stderr);
    assert!(error(&["judge", "--scenario", "clam", "--", "true"]).contains("no scenario \"clam\""));
    assert!(error(&["judge", "--", "true", "{regsitry}"]).contains("unknown {regsitry}"));
    assert!(error(&["judge"]).contains("no command to judge"));
    assert!(
        error(&["judge", "--scenario", "calm", "--", "/no/such/client"])
            .contains("/no/such/client")
    );
    assert!(error(&["serve", "--fault", "stal"]).contains("stall"));
    assert!(error(&["faults", "show", "stal"]).contains("stall"));
}

#[test]
fn what_there_is_can_be_listed() {
    let listed = text(&program(&["judge", "--list", "--scenario", "location-*"]).stdout);
    assert!(
        listed.contains("location-huge") && listed.contains("C74") && !listed.contains("calm ")
    );
    let faults = text(&program(&["faults"]).stdout);
    assert!(
        faults.contains("F96   concurrency-limit") && faults.contains("Not played by a server")
    );
    let shown = text(&program(&["faults", "show", "redirect"]).stdout);
    assert!(
        shown.contains("A robust client follows on HEAD and GET"),
        "{shown}"
    );
}
