//! Keys and values of `metadata.json` that cannot be used.

use super::*;

#[test]
fn keys_without_a_meaning_are_named_once_with_what_was_meant() {
    let cases = [
        ("StopSignal", "stop_signal"),
        ("Entrypoint", "entrypoint"),
        ("entrypont", "entrypoint"),
        ("ENV", "env"),
        ("environment", "env"),
        ("label", "labels"),
        ("WorkingDir", "cwd"),
        ("workdir", "cwd"),
        ("architecture", "arch"),
        ("ports", "exposed_ports"),
        ("HealthCheck", "healthcheck"),
        ("command", "cmd"),
    ];
    for (key, meant) in cases {
        let (metadata, notices) = from_json(&format!(r#"{{"{key}": "secret"}}"#));
        assert_eq!(metadata.unwrap(), Metadata::default());
        let expected = format!("metadata: 1 key is not used: {key} (did you mean {meant}?)");
        assert_eq!(notices, [expected]);
    }
    let (_, notices) = from_json(r#"{"colour": 1, "arg": {"A": "b"}, "Size": 2, "none": null}"#);
    assert_eq!(
        notices,
        ["metadata: 2 keys are not used: Size, colour"],
        "a build's arguments and what is null are no loss"
    );
    let many: String = (0..40).map(|n| format!(r#""key{n:02}": 0,"#)).collect();
    let long = "x".repeat(10_000);
    let (_, notices) = from_json(&format!(r#"{{{many} "\u001b{long}": 0}}"#));
    assert_eq!(notices.len(), 1);
    assert!(notices[0].contains("41 keys"), "{notices:?}");
    assert!(notices[0].ends_with("and 31 more"), "{notices:?}");
    assert!(notices[0].len() < 400, "{notices:?}");
    let (_, notices) = from_json(&format!(r#"{{"\u001b{long}": 0}}"#));
    assert!(notices[0].len() < 200 && !notices[0].contains('\u{1b}'));
}

#[test]
fn keys_of_steps_without_a_meaning_are_named() {
    let json =
        r#"{"history": [{"createdBy": "a"}, {"created_by": "b", "createdBy": "c", "x": 1}]}"#;
    let (metadata, notices) = from_json(json);
    assert_eq!(metadata.unwrap().history.len(), 2);
    let expected = "metadata: 2 keys are not used: history[].createdBy (did you mean created_by?), \
                    history[].x";
    assert_eq!(notices, [expected]);
}

#[test]
fn a_user_may_be_a_number() {
    let user = |json: &str| {
        let (metadata, notices) = from_json(json);
        (metadata.unwrap().user, notices.len())
    };
    let cases = [
        (r#"{"user": 1000}"#, Some("1000")),
        (r#"{"user": 0}"#, Some("0")),
        (r#"{"user": "1000:100"}"#, Some("1000:100")),
    ];
    for (json, expected) in cases {
        assert_eq!(user(json), (expected.map(str::to_owned), 0), "{json}");
    }
    assert_eq!(user(r#"{"user": ""}"#), (None, 0));
    for value in ["-1", "1.5", "4294967296", "true", "[1000]", r#""a\nb""#] {
        let json = format!(r#"{{"user": {value}}}"#);
        assert_eq!(user(&json), (None, 1), "{json}");
    }
}

#[test]
fn control_characters_are_refused_where_they_can_only_be_a_mistake() {
    let json = r#"{
        "arch": "amd64\n", "author": "\u001b[31m", "cwd": "/a\r", "user": "\u007f",
        "stop_signal": "TERM\u0000", "volumes": ["/v\n", "/w"], "exposed_ports": ["80\t"],
        "cmd": ["a\u0000"], "labels": {"a": "\u0000", "b": "two\nlines"},
        "history": [{"comment": "\u0000", "created_by": "RUN a\n\tb"}]
    }"#;
    let (metadata, notices) = from_json(json);
    let metadata = metadata.unwrap();
    assert_eq!(notices.len(), 10, "{notices:#?}");
    assert!(!notices.concat().contains(char::is_control), "{notices:?}");
    let left = Metadata {
        volumes: ["/w".to_owned()].into(),
        labels: [("b".to_owned(), "two\nlines".to_owned())].into(),
        history: vec![HistoryEntry {
            created_by: Some("RUN a\n\tb".to_owned()),
            ..HistoryEntry::default()
        }],
        ..Metadata::default()
    };
    assert_eq!(metadata, left);
}

#[test]
fn ports_and_signals_are_read_in_every_form() {
    let json =
        r#"{"exposed_ports": [8080, "53/UDP", "9000-9002/sctp", "80"], "stop_signal": "int"}"#;
    let (metadata, notices) = from_json(json);
    let metadata = metadata.unwrap();
    assert_eq!(notices, [""; 0]);
    let ports: Vec<_> = metadata.exposed_ports.iter().map(Port::to_string).collect();
    let expected = [
        "53/udp",
        "80/tcp",
        "8080/tcp",
        "9000/sctp",
        "9001/sctp",
        "9002/sctp",
    ];
    assert_eq!(ports, expected);
    assert_eq!(metadata.stop_signal.unwrap().as_str(), "SIGINT");
    for port in [
        "", "0", "65536", "80/", "80/http", "+80", "90-80", "1-2-3", "http", "80:80",
    ] {
        assert!(Port::parse(port).is_err(), "{port}");
    }
    let signals = [
        ("9", "9"),
        ("sigrtmin+3", "SIGRTMIN+3"),
        ("RTMAX-14", "SIGRTMAX-14"),
    ];
    for (text, expected) in signals {
        assert_eq!(StopSignal::parse(text).unwrap().as_str(), expected);
    }
    for text in [
        "",
        "0",
        "65",
        "-9",
        "SIG",
        "SIGSIGTERM",
        "RTMIN+16",
        "RTMIN+",
        "stop it",
    ] {
        assert!(StopSignal::parse(text).is_err(), "{text}");
    }
}
