//! The embedded scenarios, and files of one's own.

use std::collections::BTreeSet;

use longshore_mock_registry::judge::{Fixture, Image, Scenario, checks};

#[test]
fn scenarios_are_named_once_and_decide_what_there_is() {
    let ids: BTreeSet<&str> = checks().map(|check| check.id).collect();
    let mut names = BTreeSet::new();
    for scenario in Scenario::builtin() {
        assert!(names.insert(scenario.name.clone()), "{}", scenario.name);
        for id in &scenario.decides {
            assert!(ids.contains(id.as_str()), "{}: {id}", scenario.name);
        }
        assert!(longshore_mock_registry::Profile::load(&scenario.profile).is_ok());
    }
    assert!(names.len() > 100);
}

#[test]
fn a_file_of_scenarios_says_what_is_wrong_with_it() {
    let error = |text: &str| Scenario::read(text).unwrap_err().to_string();
    let start = "[[scenario]]\nname = 'mine'\nabout = 'x'\n";
    assert!(error(&format!("{start}fault = []")).contains("unknown field"));
    assert!(
        error(&format!("{start}faults = ['stal']")).starts_with("scenario mine: there is no fault")
    );
}

#[test]
fn images_are_made_in_three_forms() {
    let folder = tempfile::tempdir().unwrap();
    let image = Fixture::make(folder.path(), Image::Empty).unwrap();
    let index = std::fs::read_to_string(image.oci.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    let blob = |digest: &str| {
        let path = image
            .oci
            .join("blobs/sha256")
            .join(digest.trim_start_matches("sha256:"));
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(
            longshore_protocol::Digest::sha256(&bytes).to_string(),
            digest
        );
        bytes
    };
    let manifest = blob(index["manifests"][0]["digest"].as_str().unwrap());
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let sizes: Vec<usize> = manifest["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| blob(layer["digest"].as_str().unwrap()).len())
        .collect();
    assert_eq!(sizes, [0, 1]);
    assert!(
        std::fs::read(&image.archive)
            .unwrap()
            .starts_with(b"manifest.json\0")
    );
    assert!(image.dir.join("etc/motd").is_file());
}
