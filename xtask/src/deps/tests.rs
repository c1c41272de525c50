//! The rules have been seen to fail: fabricated metadata, one broken arrow each.

use serde_json::{Value, json};

use super::graph::Graph;
use super::rules::check;

#[test]
fn the_intended_arrows_hold() {
    assert_eq!(
        broken(&WORKSPACE.iter().chain(CRATES).copied().collect::<Vec<_>>()),
        [""; 0]
    );
}

#[test]
fn protocol_uses_no_crate_of_the_house() {
    let found = with(("longshore-protocol", &["http", "longshore-image"]));
    assert!(
        found.contains(&"longshore-protocol must not use longshore-image".to_owned()),
        "{found:#?}"
    );
}

#[test]
fn image_knows_no_transport() {
    let found = with((
        "longshore-image",
        &["longshore-protocol", "longshore-blocking"],
    ));
    assert_eq!(found, ["longshore-image must not use longshore-blocking"]);
}

#[test]
fn transports_do_not_know_each_other_and_what_they_share_knows_none() {
    let found = with(("longshore-blocking", &["longshore-async"]));
    assert_eq!(found, ["longshore-blocking must not use longshore-async"]);
    let found = with(("longshore-transport", &["longshore-blocking"]));
    assert_eq!(
        found,
        ["longshore-transport must not use longshore-blocking"]
    );
}

#[test]
fn the_mock_knows_neither_image_nor_transport() {
    let found = with((
        "longshore-mock-registry",
        &["longshore-image", "longshore-blocking"],
    ));
    assert_eq!(
        found,
        [
            "longshore-mock-registry must not use longshore-image",
            "longshore-mock-registry must not use longshore-blocking",
        ]
    );
}

#[test]
fn a_member_nobody_has_placed_is_refused() {
    let found = with(("longshore-extras", &[]));
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("longshore-extras is not in the map of crates"),
        "{found:#?}"
    );
}

#[test]
fn protocol_names_only_what_is_on_its_list() {
    let found = with(("longshore-protocol", &["http", "memchr"]));
    assert_eq!(
        found,
        ["longshore-protocol must not use memchr (its list is short on purpose)"]
    );
}

#[test]
fn io_deep_in_the_tree_is_found_with_its_path() {
    let found = with(("bytes", &["tokio"]));
    assert_eq!(
        found,
        [
            "tokio is in the tree of longshore-protocol: longshore-protocol -> http -> bytes -> tokio",
            "mio is in the tree of longshore-protocol: longshore-protocol -> http -> bytes -> tokio -> mio",
        ]
    );
}

#[test]
fn the_c_library_is_harmless_only_where_it_is_expected() {
    assert_eq!(with(("sha2", &["cpufeatures"])), [""; 0]);
    assert_eq!(
        with(("sha2", &["cpufeatures", "libc"])),
        ["libc is in the tree of longshore-protocol: longshore-protocol -> sha2 -> libc"]
    );
}

#[test]
fn dev_and_build_dependencies_do_not_count() {
    for kind in ["dev", "build"] {
        let mut metadata = metadata(&[
            ("longshore-image", &["longshore-protocol"]),
            ("longshore-protocol", &[]),
        ]);
        metadata["packages"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "id": "#tokio", "name": "tokio" }));
        let nodes = metadata["resolve"]["nodes"].as_array_mut().unwrap();
        nodes.push(json!({ "id": "#tokio", "deps": [] }));
        nodes[1]["deps"] = json!([{ "pkg": "#tokio", "dep_kinds": [{ "kind": kind }] }]);
        assert_eq!(check_metadata(&metadata), [""; 0], "{kind}");
    }
}

/// One package: its name and the names of its normal dependencies.
type Row<'a> = (&'a str, &'a [&'a str]);

/// The intended graph with one row replaced or added.
fn with(changed: Row<'_>) -> Vec<String> {
    let kept = WORKSPACE
        .iter()
        .chain(CRATES)
        .copied()
        .filter(|row| row.0 != changed.0);
    broken(&kept.chain([changed]).collect::<Vec<_>>())
}

fn broken(rows: &[Row<'_>]) -> Vec<String> {
    check_metadata(&metadata(rows))
}

fn check_metadata(metadata: &Value) -> Vec<String> {
    check(&Graph::parse(&serde_json::to_vec(metadata).unwrap()).unwrap())
}

fn metadata(rows: &[Row<'_>]) -> Value {
    let id = |name: &str| format!("#{name}");
    let edge =
        |name: &&str| json!({ "pkg": id(name), "dep_kinds": [{ "kind": null, "target": null }] });
    let members = rows
        .iter()
        .filter(|(name, _)| name.starts_with("longshore"));
    json!({
        "packages": rows.iter().map(|(name, _)| json!({ "id": id(name), "name": name })).collect::<Vec<_>>(),
        "workspace_members": members.map(|(name, _)| id(name)).collect::<Vec<_>>(),
        "resolve": {
            "nodes": rows
                .iter()
                .map(|(name, used)| json!({ "id": id(name), "deps": used.iter().map(edge).collect::<Vec<_>>() }))
                .collect::<Vec<_>>(),
        },
    })
}

const WORKSPACE: &[Row<'static>] = &[
    ("longshore-protocol", &["http", "sha2"]),
    ("longshore-image", &["longshore-protocol"]),
    ("longshore-transport", &["longshore-protocol"]),
    (
        "longshore-blocking",
        &["longshore-transport", "longshore-protocol", "tokio"],
    ),
    (
        "longshore-async",
        &["longshore-transport", "longshore-protocol"],
    ),
    ("longshore-mock-registry", &["longshore-protocol", "tokio"]),
    (
        "longshore",
        &[
            "longshore-blocking",
            "longshore-image",
            "longshore-mock-registry",
            "longshore-protocol",
        ],
    ),
    ("longshore-xtask", &[]),
];

const CRATES: &[Row<'static>] = &[
    ("http", &["bytes"]),
    ("bytes", &[]),
    ("sha2", &["cpufeatures"]),
    ("cpufeatures", &["libc"]),
    ("libc", &[]),
    ("memchr", &[]),
    ("tokio", &["mio"]),
    ("mio", &[]),
];
