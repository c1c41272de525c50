//! `ch/config.pulled.json`, which `ch-image pull` leaves.

use super::*;

#[test]
fn what_was_pulled_says_what_the_metadata_do_not() {
    let tree = Tree::new();
    tree.directory("ch", 0o755);
    tree.file("ch/config.pulled.json", 0o644, PULLED.as_bytes());
    tree.file(
        "ch/metadata.json",
        0o644,
        br#"{
        "arch": "arm64", "cwd": "/", "env": {"PATH": "/new"}, "history": [], "labels": {},
        "shell": ["/bin/sh", "-c"], "volumes": []
    }"#,
    );
    let (metadata, said) = load_said(&tree);
    let filled = "metadata: from ch/config.pulled.json: architecture, author, Cmd, created, \
                  Entrypoint, ExposedPorts, Healthcheck, OnBuild, StopSignal, User";
    assert_eq!(said, [filled]);
    assert_eq!(metadata.platform.unwrap().to_string(), "arm64/v8");
    assert_eq!(
        metadata.env["PATH"], "/new",
        "the metadata's own goes first"
    );
    assert_eq!(metadata.working_dir.as_deref(), Some("/"));
    assert!(
        metadata.labels.is_empty() && metadata.volumes.is_empty() && metadata.history.is_empty()
    );
    assert_eq!(metadata.entrypoint.unwrap(), ["/entry"]);
    assert_eq!(metadata.cmd.unwrap(), ["serve"]);
    assert_eq!(metadata.user.as_deref(), Some("daemon"));
    assert_eq!(metadata.author.as_deref(), Some("Ann"));
    assert_eq!(metadata.stop_signal.unwrap().as_str(), "SIGQUIT");
    assert_eq!(metadata.healthcheck.unwrap().retries, Some(3));

    tree.file(
        "ch/metadata.json",
        0o644,
        br#"{
        "arch": "amd64", "entrypoint": ["/other"], "user": 7, "exposed_ports": []
    }"#,
    );
    let (metadata, _) = load_said(&tree);
    assert_eq!(metadata.platform.unwrap().to_string(), "amd64");
    assert_eq!(metadata.entrypoint.unwrap(), ["/other"]);
    assert_eq!(metadata.cmd, None, "arguments are another program's");
    assert_eq!(metadata.user.as_deref(), Some("7"));
    assert!(metadata.exposed_ports.is_empty());
    assert_eq!(metadata.labels["l"], "v");
}

#[test]
fn what_was_pulled_is_enough() {
    let tree = Tree::new();
    tree.directory("ch", 0o755);
    tree.file("ch/config.pulled.json", 0o644, PULLED.as_bytes());
    let (metadata, said) = load_said(&tree);
    assert_eq!(said, [""; 0]);
    assert_eq!(metadata.env["PATH"], "/bin");
    assert_eq!(metadata.history.len(), 1);
    tree.file("ch/environment", 0o644, b"A=1\n");
    let (metadata, _) = load_said(&tree);
    assert_eq!(metadata.env.into_keys().collect::<Vec<_>>(), ["A"]);
}

#[test]
fn a_pulled_config_that_is_broken_is_no_reason_not_to_push() {
    let outside = Tree::new();
    outside.file("config.json", 0o644, PULLED.as_bytes());
    let whole = br#"{"user": "alice"}"#;
    let broken: [&[u8]; 3] = [b"{", b"[]", br#"{"config": []}"#];
    for bytes in broken {
        let tree = Tree::new();
        tree.directory("ch", 0o755);
        tree.file("ch/metadata.json", 0o644, whole);
        tree.file("ch/config.pulled.json", 0o644, bytes);
        let (metadata, said) = load_said(&tree);
        assert_eq!(metadata.user.as_deref(), Some("alice"));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("ch/config.pulled.json"), "{said:?}");
    }
    let tree = Tree::new();
    tree.directory("ch", 0o755);
    tree.file("ch/metadata.json", 0o644, whole);
    tree.symlink("ch/config.pulled.json", outside.at("config.json"));
    let (metadata, said) = load_said(&tree);
    assert_eq!(metadata.entrypoint, None, "no link leads out of the image");
    assert!(said[0].contains("not a regular file"), "{said:?}");
}

fn load_said(tree: &Tree) -> (Metadata, Vec<String>) {
    let (metadata, notices) = load(tree);
    let said = notices.iter().map(Notice::to_string).collect();
    (metadata.unwrap(), said)
}
