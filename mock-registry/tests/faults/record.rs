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
