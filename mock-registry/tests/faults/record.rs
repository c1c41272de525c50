//! The recorder.

use longshore_mock_registry::record::{SecretKind, har, json_lines};
use longshore_mock_registry::{Config, MockRegistry, Profile};
use longshore_protocol::Digest;
use serde_json::Value;

use crate::harness::{Client, LAYER, PASSWORD, POST, TOKEN, raw, text};

#[test]
fn secrets_become_labels_that_say_which() {
    let mut client = Client::of_alice("tag-race");
    let token = client.token.clone().unwrap().replace("Bearer ", "");
    client.push(LAYER);
    let leak = format!("{TOKEN}&password={PASSWORD}");
    client.send(&leak, &[("referer", &format!("http://x/?t={token}"))], b"");
    client.send("GET /v2/", &[("authorization", "Bearer stranger")], b"");
    let asked = client.registry.recorder().exchanges();
    let lines = json_lines(&asked);
    let archive = har(&asked, "http://registry.test", std::time::Duration::ZERO);
    for secret in [PASSWORD, &token, "stranger"] {
        assert!(
            !lines.contains(secret) && !archive.contains(secret),
            "{secret}"
        );
    }
    let leaky = asked.iter().nth(3).unwrap();
    assert!(
        leaky.target.ends_with("&password=<password:alice>"),
        "{}",
        leaky.target
    );
    let places: Vec<_> = leaky
        .secrets
        .iter()
        .map(|s| (s.label.as_str(), s.place.as_str()))
        .collect();
    assert!(
        places.contains(&("<password:alice>", "target")),
        "{places:?}"
    );
    assert!(places.contains(&("<token:1>", "referer")), "{places:?}");
    let last = asked.iter().last().unwrap();
    assert_eq!(last.header("authorization"), Some("Bearer <unknown>"));
    assert_eq!(SecretKind::of("<token:1>"), Some(SecretKind::Token));
    let said = client
        .registry
        .recorder()
        .secrets_in(&format!("error: {PASSWORD} is wrong"));
    assert_eq!(said, ["<password:alice>"]);
}

/// A client that comes to the wrong registry, or with old credentials, has secrets that are not known
/// here.
#[test]
fn secrets_of_strangers_are_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("record.jsonl");
    let registry = MockRegistry::builder()
        .user("alice", PASSWORD)
        .record_to(&file)
        .live_verdict(true)
        .start()
        .unwrap();
    let basic = "Authorization: Basic c3RyYW5nZXI6Y2FuYXJ5LTE=\r\n";
    let headers = [
        basic,
        "Proxy-Authorization: Basic canary-02\r\n",
        "Cookie: sid=canary-03; theme=canary-04\r\n",
        "X-Registry-Auth: canary-05\r\n",
        "X-Api-Key: canary-06\r\n",
        "PRIVATE-TOKEN: canary-07\r\n",
        "JOB-TOKEN: canary-08\r\n",
        "Referer: http://x/?access_token=canary-09\r\n",
        "X-Forwarded-Uri: http://me:canary-10@x/\r\n",
    ];
    raw(
        &registry,
        &text("GET /v2/?access_token=canary-11&n=1", &headers.concat(), ""),
    );
    raw(
        &registry,
        &text("GET /v2/a/manifests/x?token=canary-12", "", ""),
    );
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for body in [
        "grant_type=password&username=mallory&password=canary-13&service=x",
        "grant_type=refresh_token&refresh_token=canary-14&service=x",
        r#"{"username":"mallory","password":"canary-15","identitytoken":"canary-16"}"#,
    ] {
        raw(&registry, &text("POST /token", form, body));
    }
    raw(
        &registry,
        &text("GET /token?account=me&password=canary-17", "", ""),
    );
    let page = raw(&registry, &text("GET /_longshore/", "", ""));
    let report = longshore_mock_registry::judge::judge_session(&registry);
    let log = registry.with(|core| format!("{:?}", core.requests().collect::<Vec<_>>()));
    let outputs = [
        ("record", json_lines(&registry.exchanges())),
        ("har", registry.har()),
        ("page", page.0),
        ("text", report.text()),
        ("json", report.json()),
        ("junit", report.junit()),
        ("html", report.html()),
        ("log", log),
    ];
    drop(registry);
    let written = std::fs::read_to_string(file).unwrap();
    assert!(written.contains("access_token=<unknown>&n=1"), "{written}");
    assert!(
        written.contains("sid=<unknown>; theme=<unknown>"),
        "{written}"
    );
    for (name, output) in outputs.iter().chain([&("file", written)]) {
        for secret in ["canary-", "c3RyYW5nZXI6"] {
            assert!(!output.contains(secret), "{name}: {output}");
        }
    }
}

/// What a token server gives is no more to be seen than what it is given.
#[test]
fn tokens_and_cookies_in_answers_are_not_recorded() {
    let mut client = Client::of_alice("tag-race");
    let token = client.token.clone().unwrap().replace("Bearer ", "");
    client.registry.arm("cookie-trap".parse().unwrap());
    client.send("GET /v2/", &[], b"");
    let asked = client.registry.recorder().exchanges();
    let lines = json_lines(&asked);
    assert!(
        !lines.contains(&token) && !lines.contains("canary-cookie"),
        "{lines}"
    );
    assert!(lines.contains("trap=<unknown>; Path=/"), "{lines}");
}

#[test]
fn bodies_are_measured() {
    let mut client = Client::new(Config::new(Profile::builtin("oci").unwrap()), "");
    client.registry.recorder_mut().hash_bodies(true);
    client.push(LAYER);
    client.manifest();
    let asked = client.registry.recorder().exchanges();
    let put = asked.method("PUT").first().unwrap().clone();
    assert_eq!(put.body.size, LAYER.len() as u64);
    assert_eq!(put.body.digest, Some(Digest::sha256(LAYER).to_string()));
    assert_eq!((put.status(), put.body.text.clone()), (Some(201), None));
    let manifest = asked.iter().last().unwrap();
    assert_eq!(manifest.body.text, Some(crate::harness::manifest()));
}

#[test]
fn the_oldest_are_forgotten() {
    let mut client = Client::of("tag-race");
    client.registry.recorder_mut().set_limit(3);
    for _ in 0..5 {
        client.send(POST, &[], b"");
    }
    let asked = client.registry.recorder().exchanges();
    assert_eq!(asked.iter().map(|e| e.id).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(client.registry.recorder().count(), 5);
}

#[test]
fn files_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("record.jsonl");
    let builder = MockRegistry::builder()
        .user("alice", PASSWORD)
        .record_to(&file);
    let registry = builder.start().unwrap();
    raw(&registry, &text(POST, "", ""));
    let archive: Value = serde_json::from_str(&registry.har()).unwrap();
    let entry = &archive["log"]["entries"][0];
    assert_eq!(entry["response"]["status"], 401);
    assert!(entry["startedDateTime"].as_str().unwrap().starts_with("20"));
    drop(registry);
    let lines = std::fs::read_to_string(file).unwrap();
    let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&line["step"], &line["answer"]["status"]),
        (&"post".into(), &401.into())
    );
    assert!(line["connection"].as_u64().unwrap() > 0);
}
