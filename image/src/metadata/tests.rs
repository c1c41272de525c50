mod config;
mod keys;
mod pulled;

use proptest::prelude::*;

use super::*;
use crate::testing::Tree;

fn from_json(json: &str) -> (Result<Metadata, MetadataError>, Vec<String>) {
    let mut notices = Vec::new();
    let mut notice = |notice: Notice| notices.push(notice.to_string());
    let metadata = Metadata::from_json(json.as_bytes(), Path::new("m.json"), &mut notice);
    (metadata, notices)
}

fn load(tree: &Tree) -> (Result<Metadata, MetadataError>, Vec<Notice>) {
    let mut notices = Vec::new();
    let metadata = Metadata::load(tree.path(), &mut |notice| notices.push(notice));
    (metadata, notices)
}

#[test]
fn an_architecture_that_is_none_is_ignored() {
    let (metadata, notices) = from_json(r#"{"arch": "linux/arm64"}"#);
    assert_eq!(metadata.unwrap().platform, Platform::parse("arm64").ok());
    assert!(notices.is_empty(), "{notices:?}");
    for wrong in ["windows/amd64", "amd46", " "] {
        let (metadata, notices) = from_json(&format!(r#"{{"arch": "{wrong}"}}"#));
        assert_eq!(metadata.unwrap().platform, None);
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].contains("arch: "), "{notices:?}");
    }
}

#[test]
fn what_charliecloud_writes_is_read() {
    let (metadata, notices) = from_json(CHARLIECLOUD);
    let metadata = metadata.unwrap();
    assert_eq!(notices, [""; 0]);
    assert_eq!(metadata.platform.unwrap().to_string(), "arm64/v8");
    assert_eq!(
        metadata.env.into_iter().collect::<Vec<_>>(),
        [("A".into(), "1 = x".into()), ("PATH".into(), "/bin".into())]
    );
    assert_eq!(metadata.labels["org.example"], "yes");
    assert_eq!(metadata.working_dir.as_deref(), Some("/srv"));
    assert_eq!(metadata.shell.unwrap(), ["/bin/sh", "-c"]);
    assert_eq!(metadata.volumes.into_iter().collect::<Vec<_>>(), ["/data"]);
    assert_eq!(metadata.history.len(), 1);
    assert_eq!(
        (metadata.user, metadata.entrypoint, metadata.cmd),
        (None, None, None)
    );
}

#[test]
fn wrong_types_are_ignored_and_named() {
    let json = r#"{
        "arch": 64, "env": {"A": 1, "B": "2", "C=D": "x", "": "y", "E": "\u0000"}, "labels": [],
        "cwd": {}, "shell": ["sh", 1], "volumes": ["/v", 2, ""], "history": {}
    }"#;
    let (metadata, notices) = from_json(json);
    let metadata = metadata.unwrap();
    assert_eq!(
        metadata.env.into_iter().collect::<Vec<_>>(),
        [("B".into(), "2".into())]
    );
    assert_eq!(metadata.volumes.into_iter().collect::<Vec<_>>(), ["/v"]);
    assert_eq!(
        (metadata.platform, metadata.working_dir, metadata.shell),
        (None, None, None)
    );
    let fields: Vec<_> = notices
        .iter()
        .map(|text| text.split(": ").nth(1).unwrap())
        .collect();
    let expected = [
        "arch",
        "cwd",
        "env.A",
        "env.E",
        "env.",
        "env.C=D",
        "history",
        "labels",
        "shell",
        "volumes[1]",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn null_is_as_good_as_absent() {
    let nulls = r#"{"arch": null, "env": null, "labels": null, "cwd": null, "history": null}"#;
    let (metadata, notices) = from_json(nulls);
    assert_eq!(metadata.unwrap(), Metadata::default());
    assert_eq!(notices, [""; 0]);
}

#[test]
fn what_is_not_json_is_an_error_with_its_place() {
    let (metadata, _) = from_json("{\n  \"arch\": amd64\n}");
    let text = metadata.unwrap_err().to_string();
    assert!(
        text.starts_with("m.json is not JSON: ") && text.contains("line 2 column 1"),
        "{text}"
    );
    assert!(matches!(
        from_json("[]").0,
        Err(MetadataError::NotAnObject { .. })
    ));
    let deep = "[".repeat(100_000);
    assert!(matches!(
        from_json(&deep).0,
        Err(MetadataError::Syntax { .. })
    ));
}

#[test]
fn an_image_without_metadata_has_its_environment() {
    let tree = Tree::new();
    assert_eq!(load(&tree).0.unwrap(), Metadata::default());
    tree.directory("ch", 0o755);
    tree.file(
        "ch/environment",
        0o644,
        b"A=1\n\nB='x y'\nC='\nno\nA=2=3\n\xff=1\n",
    );
    let (metadata, notices) = load(&tree);
    let env: Vec<_> = metadata.unwrap().env.into_iter().collect();
    let expected = [("A", "2=3"), ("B", "x y"), ("C", "'")];
    assert_eq!(
        env,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(notices.len(), 3);
    assert_eq!(notices[0], Notice::NoMetadata);
    assert!(notices[1].to_string().contains("line 5"), "{}", notices[1]);

    tree.file("ch/metadata.json", 0o644, b"{}");
    assert_eq!(load(&tree), (Ok(Metadata::default()), Vec::new()));
}

#[test]
fn no_link_leads_out_of_the_image() {
    let outside = Tree::new();
    outside.file("secret.json", 0o644, br#"{"env": {"SECRET": "x"}}"#);
    outside.file("metadata.json", 0o644, br#"{"env": {"SECRET": "x"}}"#);
    let tree = Tree::new();
    tree.symlink("ch", outside.path());
    assert!(matches!(load(&tree).0, Err(MetadataError::NotAFile { .. })));
    let tree = Tree::new();
    tree.directory("ch", 0o755)
        .symlink("ch/metadata.json", outside.at("secret.json"));
    assert!(matches!(load(&tree).0, Err(MetadataError::NotAFile { .. })));
    let tree = Tree::new();
    tree.directory("ch", 0o755).fifo("ch/metadata.json");
    assert!(matches!(load(&tree).0, Err(MetadataError::NotAFile { .. })));
}

impl PartialEq for MetadataError {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Metadata::from_json(&bytes, Path::new("m.json"), &mut |_| {});
        environment::read(&bytes, &mut Fields::new(&mut |_| {}));
    }
}

const CHARLIECLOUD: &str = r#"{
  "arch": "arm64/v8",
  "arg": {"FAKEROOTDONTTRYCHOWN": "1"},
  "cwd": "/srv",
  "env": {"PATH": "/bin", "A": "1 = x"},
  "history": [{"created": "2023-01-02T03:04:05Z", "created_by": "RUN true"}],
  "labels": {"org.example": "yes"},
  "shell": ["/bin/sh", "-c"],
  "volumes": ["/data"]
}
"#;

/// As `ch-image pull` leaves it: the config, byte for byte.
const PULLED: &str = r#"{
  "architecture": "arm64", "author": "Ann", "created": "2023-01-02T03:04:05Z", "os": "linux",
  "variant": "v8", "container": "0123", "container_config": {"Cmd": ["x"]}, "docker_version": "1",
  "comment": "c", "moby.buildkit.buildinfo.v1": "e30=",
  "config": {
    "Hostname": "h", "AttachStdin": false, "Image": "sha256:0", "ArgsEscaped": true,
    "Memory": 0, "MacAddress": "", "Env": ["PATH=/bin"], "Cmd": ["serve"], "Entrypoint": ["/entry"],
    "User": "daemon", "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}}, "WorkingDir": "/srv",
    "Labels": {"l": "v"}, "StopSignal": "SIGQUIT", "OnBuild": ["RUN true"],
    "Healthcheck": {"Test": ["CMD", "true"], "Retries": 3}
  },
  "history": [{"created": "2023-01-02T03:04:05Z", "created_by": "RUN true"}],
  "rootfs": {"type": "layers", "diff_ids": ["sha256:1"]}
}"#;
