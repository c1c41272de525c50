//! A whole config, and what is taken for one.

use super::*;

fn from_config(json: &str) -> (Result<Metadata, MetadataError>, Vec<String>) {
    let mut notices = Vec::new();
    let mut notice = |notice: Notice| notices.push(notice.to_string());
    let metadata = Metadata::from_config(json.as_bytes(), Path::new("c.json"), &mut notice);
    (metadata, notices)
}

#[test]
fn a_config_is_read_but_for_its_layers() {
    let (metadata, notices) = from_config(PULLED);
    let metadata = metadata.unwrap();
    let replaced = "c.json: its layers and history are replaced by those of what is pushed";
    assert_eq!(notices, [replaced]);
    assert_eq!(metadata.entrypoint.unwrap(), ["/entry"]);
    assert!(metadata.history.is_empty());
    let (metadata, notices) = from_config("{}");
    assert!(metadata.unwrap().is_empty());
    assert_eq!(notices, [""; 0]);
    let strange = r#"{"config": {"entrypoint": ["a"], "Envs": [], "StopTimeout": 3, "Env": ["A"]},
                      "autor": "x", "variant": "v8", "architecture": "amd64"}"#;
    let (metadata, notices) = from_config(strange);
    assert_eq!(metadata.unwrap().platform.unwrap().to_string(), "amd64");
    let expected = "metadata: c.json: 3 keys are not used: config.StopTimeout, \
                    config.entrypoint (did you mean config.Entrypoint?), autor (did you mean author?)";
    assert!(
        notices.iter().any(|notice| notice == expected),
        "{notices:#?}"
    );
    assert!(
        notices
            .iter()
            .any(|notice| notice.contains("c.json: config.Env[0]: not NAME=VALUE"))
    );
    assert!(
        notices
            .iter()
            .any(|notice| notice.contains("c.json: variant: "))
    );
    assert_eq!(notices.len(), 3);
}

#[test]
fn what_is_no_config_is_told_by_what_it_is() {
    let cases = [
        (r#"[{"Id": "a", "RootFS": {}, "Config": {}}]"#, "inspect"),
        (r#"{"Id": "a", "RootFS": {}, "Config": {}}"#, "inspect"),
        (
            r#"{"Type": "buildah 0.0.1", "OCIv1": {}}"#,
            "buildah inspect",
        ),
        (
            r#"[{"Config": "a.json", "RepoTags": [], "Layers": []}]"#,
            "docker archive",
        ),
        (
            r#"{"schemaVersion": 2, "config": {}, "layers": []}"#,
            "manifest",
        ),
        (r#"{"schemaVersion": 2, "manifests": []}"#, "index"),
        (r#"{"imageLayoutVersion": "1.0.0"}"#, "layout"),
        (r#"{"ociVersion": "1.0.2", "process": {}}"#, "container"),
        (r#"{"Env": [], "Cmd": []}"#, "inner part"),
        (r#"{"name": "x"}"#, "none of a config's members"),
        ("[]", "a list"),
        ("1", "not an object"),
        (r#"{"os": "windows", "config": {}}"#, "linux only"),
    ];
    for (json, expected) in cases {
        let text = from_config(json).0.unwrap_err().to_string();
        assert!(
            text.starts_with("c.json ") && text.contains(expected),
            "{json}: {text}"
        );
    }
}
