//! What the image's configuration says: from its metadata, from a file, from options.

use std::fs;

use longshore_mock_registry::MockRegistry;
use serde_json::{Value, json};
use snapbox::str;

use crate::support::memory::{UNCHANGED, remember};
use crate::support::{TestEnv, at, open_registry};

/// A directory with a file and no metadata, and a registry.
fn bare() -> (TestEnv, MockRegistry) {
    let env = TestEnv::new();
    env.write("image/app/hello", "hello\n");
    (env, open_registry())
}

/// The config that the registry has for `app:latest`.
#[track_caller]
fn config(registry: &MockRegistry) -> Value {
    registry.with(|core| {
        let (_, manifest, _) = core.manifest("app", "latest").unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let digest = manifest["config"]["digest"].as_str().unwrap();
        let bytes = core.blob("app", &digest.parse().unwrap()).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    })
}

#[test]
fn options_say_how_a_plain_directory_is_run() {
    let (mut env, registry) = bare();
    env.set("TERM_OF_USE", "a=b");
    let options = [
        "--entrypoint=/app/hello",
        "--cmd=[\"serve\", \"--port=80\"]",
        "--env=LANG=C",
        "--env=EMPTY=",
        "--env=TERM_OF_USE",
        "--env=LANG=de_DE",
        "--user=1000:users",
        "--workdir=/app",
        "--label=a=1",
        "--label=a=2",
        "--label=bare",
        "--label=url=http://x/?y=z",
        "--expose=80,53/udp",
        "--expose=8000-8001/TCP",
        "--stop-signal=int",
        "--volume=/data",
        "--created=2020-02-03T04:05:06Z",
        "--author=Ann <a@example.org>",
        "--history=made by hand",
        "--arch=s390x",
        "--json",
    ];
    let ran = env.push(&options, &at(&registry, "app"));
    let report = ran.assert_done().json();
    assert_eq!(report["created"], "2020-02-03T04:05:06Z");
    assert_eq!(report["architecture"], "s390x");
    assert_eq!(
        report["warnings"],
        json!([]),
        "it has been told what it lacks"
    );
    let found = config(&registry);
    let expected = json!({
        "User": "1000:users",
        "ExposedPorts": {"53/udp": {}, "80/tcp": {}, "8000/tcp": {}, "8001/tcp": {}},
        "Env": ["EMPTY=", "LANG=de_DE", "TERM_OF_USE=a=b"],
        "Entrypoint": ["/app/hello"],
        "Cmd": ["serve", "--port=80"],
        "Volumes": {"/data": {}},
        "WorkingDir": "/app",
        "Labels": {"a": "2", "bare": "", "url": "http://x/?y=z"},
        "StopSignal": "SIGINT",
    });
    assert_eq!(found["config"], expected);
    assert_eq!(found["author"], "Ann <a@example.org>");
    assert_eq!(found["created"], "2020-02-03T04:05:06Z");
    let step = json!({"created": "2020-02-03T04:05:06Z", "created_by": "made by hand"});
    assert_eq!(found["history"], json!([step]));
}

#[test]
fn options_change_and_remove_what_the_metadata_say() {
    let (env, registry) = bare();
    let metadata = r#"{
        "entrypoint": ["/a"], "cmd": ["x"], "user": 7, "cwd": "/a", "author": "Ann",
        "stop_signal": "TERM", "env": {"A": "1", "B": "2", "C-": "3"}, "labels": {"k": "v", "l": "w"},
        "exposed_ports": [80, 81], "volumes": ["/a", "/b"], "history": [{"created_by": "first"}]
    }"#;
    env.write("image/ch/metadata.json", metadata);
    let options = [
        "--entrypoint=/b",
        "--env=A-",
        "--env=B=3",
        "--env=C-=4",
        "--user=",
        "--workdir=",
        "--label=k-",
        "--expose=80-",
        "--stop-signal=",
        "--volume=/a-",
        "--author=",
        "--history=second",
    ];
    let ran = env.push(&options, &at(&registry, "app"));
    let told = "--entrypoint: the arguments [\"x\"] of the image's metadata are left out";
    assert!(ran.assert_done().stderr.contains(told), "{ran}");
    let found = config(&registry);
    let expected = json!({
        "ExposedPorts": {"81/tcp": {}}, "Env": ["B=3", "C-=4"], "Entrypoint": ["/b"],
        "Volumes": {"/b": {}}, "Labels": {"l": "w"},
    });
    assert_eq!(found["config"], expected);
    assert_eq!(found.get("author"), None);
    assert_eq!(found["history"][0]["empty_layer"], true);
    assert_eq!(found["history"][1]["created_by"], "second");

    let options = ["--entrypoint=", "--cmd=y"];
    env.push(&options, &at(&registry, "app")).assert_done();
    let found = config(&registry);
    assert_eq!(found["config"].get("Entrypoint"), None);
    assert_eq!(found["config"]["Cmd"], json!(["y"]));
}

#[test]
fn options_that_make_no_sense_are_refused_before_anything_is_sent() {
    let (env, registry) = bare();
    let cases = [
        ("--entrypoint=/app --serve", "has spaces"),
        ("--cmd=[\"a\", 1]", "not a list of strings"),
        ("--env==x", "the name is missing"),
        ("--env=", "the name is missing"),
        (
            "--env=NO_SUCH_VARIABLE",
            "is not in this program's environment",
        ),
        ("--label==x", "the key is missing"),
        ("--user=a\nb", "control characters"),
        ("--workdir=app", "not an absolute path"),
        ("--expose=80/http", "is no port"),
        ("--expose=0", "is no port"),
        ("--expose=8080:80", "is no port"),
        ("--stop-signal=SIGNONE", "is no signal"),
        (
            "--volume=/host:/data",
            "names the directory in the container only",
        ),
        ("--volume=", "the directory is missing"),
        ("--created=soon", "is no date"),
        ("--author=\u{1b}[31mAnn", "control characters"),
        ("--history= ", "the text is empty"),
        ("--config=nowhere.json", "cannot read --config nowhere.json"),
        ("--config=.", "cannot read --config ."),
        ("--config=/dev/zero", "too large"),
    ];
    for (option, words) in cases {
        let ran = env.push(&[option], &at(&registry, "app"));
        ran.assert_failed(2, &[words]);
        assert!(!ran.stderr.contains('\u{1b}'), "{ran}");
    }
    assert_eq!(registry.with(|core| core.requests().count()), 0);
}

#[test]
fn a_secret_in_the_environment_is_in_no_message() {
    let (mut env, registry) = bare();
    env.set("TOKEN", "hunter2");
    let options = ["-vv", "--env=TOKEN", "--json"];
    let ran = env.push(&options, &at(&registry, "app"));
    ran.assert_done().assert_silent_about(&["hunter2"]);
    assert_eq!(config(&registry)["config"]["Env"], json!(["TOKEN=hunter2"]));
}

#[test]
fn a_directory_without_metadata_is_told_how_to_get_some() {
    let (env, registry) = bare();
    let ran = env.push(&["--json"], &at(&registry, "app"));
    let report = ran.assert_done().json();
    let warning = "the image has no metadata; using defaults; --entrypoint, --cmd, --env, --user, \
                   --config and others give it some";
    assert_eq!(report["warnings"], json!([warning]));
}

#[test]
fn an_image_is_of_the_date_of_its_newest_file() {
    let (mut env, _) = bare();
    env.unset("SOURCE_DATE_EPOCH");
    let date = |seconds: u64| std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    let set = |path: &str, seconds| {
        let file = fs::File::open(env.path(path)).unwrap();
        file.set_modified(date(seconds)).unwrap();
    };
    set("image/app/hello", 1_600_000_000);
    set("image/app", 1_500_000_000);
    set("image", 1_400_000_000);
    let (registry, first) = remember(&env, &[]);
    let push = |options: &[&str]| {
        let options = [&["--json"], options].concat();
        let report = env
            .push(&options, &at(&registry, "app"))
            .assert_done()
            .json();
        assert_eq!(report["created"], config(&registry)["created"]);
        report["created"].as_str().unwrap().to_owned()
    };
    let newest = "2020-09-13T12:26:40Z";
    assert_eq!(first["created"], newest);
    let again = env.push(&["--json", "-v"], &at(&registry, "app"));
    assert!(again.assert_done().stderr.contains(UNCHANGED), "{again}");
    assert_eq!(again.json()["digest"], first["digest"]);
    // Remembered, looked at and divided, sent without a file, and packed in one pass.
    for options in [
        [].as_slice(),
        &["--layers=4"],
        &["--stream", "--no-cache"],
        &["--no-cache"],
    ] {
        assert_eq!(push(options), newest, "{options:?}");
    }
    assert_eq!(push(&["--created=epoch"]), "1970-01-01T00:00:00Z");
    let now = push(&["--created=now"]);
    assert!(now.as_str() > newest, "{now}");
    env.set("SOURCE_DATE_EPOCH", "1550000000");
    let ran = env.push(&["--json"], &at(&registry, "app"));
    assert_eq!(ran.assert_done().json()["created"], "2019-02-12T19:33:20Z");
}

#[test]
fn a_whole_configuration_comes_from_a_file() {
    let (env, registry) = bare();
    env.write(
        "image/ch/metadata.json",
        r#"{"env": {"OWN": "1"}, "user": "own"}"#,
    );
    let text = r#"{
        "architecture": "arm64", "variant": "v8", "os": "linux", "created": "2001-01-01T00:00:00Z",
        "config": {"Env": ["A=1"], "Entrypoint": ["/a"], "Cmd": ["x"], "StopSignal": "SIGQUIT",
                   "Healthcheck": {"Test": ["CMD", "/a"], "Retries": 3}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:1", "sha256:2"]},
        "history": [{"created_by": "old"}, {"created_by": "older"}]
    }"#;
    env.write("config.json", text);
    let options = ["--config=config.json", "--cmd=y"];
    let ran = env.push(&options, &at(&registry, "app"));
    ran.assert_shows(str![[r#"
exit code: 0
--- stdout
127.0.0.1:[PORT]/app@sha256:[DIGEST]
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
metadata: from config.json, not from the image's own ch/metadata.json
config.json: its layers and history are replaced by those of what is pushed
asking the registry for permission
layer 1/1: preparing
preparing metadata
starting upload
layer 1/1: [SHORT]: checking if already in repository
layer 1/1: [SHORT]: not present, uploading
config: [SHORT]: not present, uploading
manifest: uploading
cleaning up
done

"#]]);
    let found = config(&registry);
    let expected = json!({
        "Env": ["A=1"], "Entrypoint": ["/a"], "Cmd": ["y"], "StopSignal": "SIGQUIT",
        "Healthcheck": {"Test": ["CMD", "/a"], "Retries": 3},
    });
    assert_eq!(found["config"], expected);
    assert_eq!(
        (&found["architecture"], &found["variant"]),
        (&json!("arm64"), &json!("v8"))
    );
    assert_eq!(found["rootfs"]["diff_ids"].as_array().unwrap().len(), 1);
    assert_eq!(found["history"].as_array().unwrap().len(), 1);
    assert_eq!(found["history"][0]["created_by"], "longshore");
    assert_eq!(
        found["created"], "2026-01-01T00:00:00Z",
        "that of the files"
    );
}

#[test]
fn what_is_no_configuration_is_told_by_what_it_is() {
    let (env, registry) = bare();
    let cases = [
        (
            r#"[{"Id": "1", "RootFS": {}, "Config": {}}]"#,
            "`podman inspect`",
        ),
        (r#"[{"Config": "1.json", "Layers": []}]"#, "docker archive"),
        (r#"{"schemaVersion": 2}"#, "a manifest or an index"),
        (r#"{"os": "windows"}"#, "linux only"),
        ("{", "is not JSON"),
    ];
    for (text, words) in cases {
        env.write("config.json", text);
        let ran = env.push(&["--config=config.json"], &at(&registry, "app"));
        ran.assert_failed(2, &[words, "hint: ", "skopeo inspect --config"]);
    }
    env.write("config.json", r#"{"config": {"Entrypont": ["/a"]}}"#);
    let options = ["--config=config.json", "--strict"];
    let ran = env.push(&options, &at(&registry, "app"));
    ran.assert_failed(3, &["config.Entrypont (did you mean config.Entrypoint?)"]);
    assert_eq!(registry.with(|core| core.requests().count()), 0);
}

#[test]
fn metadata_that_cannot_be_used_are_named_and_strictness_refuses_them() {
    let (env, registry) = bare();
    let metadata =
        r#"{"Entrypoint": ["/a"], "StopSignal": "TERM", "user": 1000, "cmd": "x", "arg": {}}"#;
    env.write("image/ch/metadata.json", metadata);
    let report = env
        .push(&["--json"], &at(&registry, "app"))
        .assert_done()
        .json();
    let expected = [
        "metadata: 2 keys are not used: Entrypoint (did you mean entrypoint?), StopSignal (did you \
         mean stop_signal?)",
        "metadata: cmd: not a list of strings; ignored",
    ];
    assert_eq!(report["warnings"], json!(expected));
    assert_eq!(config(&registry)["config"], json!({"User": "1000"}));
    let ran = env.push(&["--strict"], &at(&registry, "app"));
    ran.assert_failed(
        3,
        &[
            "2 keys are not used",
            "(and 1 more)",
            "hint: without --strict",
        ],
    );
}

#[test]
fn what_ch_image_pulled_goes_on() {
    let (env, registry) = bare();
    let pulled = r#"{"architecture": "amd64", "os": "linux", "author": "Ann", "config": {
        "Entrypoint": ["/a"], "Cmd": ["x"], "User": "daemon", "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT", "Env": ["A=old"], "Labels": {"l": "v"}}}"#;
    env.write("image/ch/config.pulled.json", pulled);
    let metadata = r#"{"arch": "amd64", "arg": {}, "cwd": "/", "env": {"A": "new"}, "labels": {},
        "history": [], "shell": ["/bin/sh", "-c"], "volumes": []}"#;
    env.write("image/ch/metadata.json", metadata);
    let ran = env.push(&["-v", "--strict"], &at(&registry, "app"));
    let told = "metadata: from ch/config.pulled.json: author, Cmd, Entrypoint, ExposedPorts, \
                StopSignal, User";
    assert!(ran.assert_done().stderr.contains(told), "{ran}");
    let expected = json!({
        "User": "daemon", "ExposedPorts": {"80/tcp": {}}, "Env": ["A=new"], "Entrypoint": ["/a"],
        "Cmd": ["x"], "WorkingDir": "/", "StopSignal": "SIGQUIT", "Shell": ["/bin/sh", "-c"],
    });
    assert_eq!(config(&registry)["config"], expected);
    assert_eq!(config(&registry)["author"], "Ann");
}
