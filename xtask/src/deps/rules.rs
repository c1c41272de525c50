//! Who may use whom. Each rule broken is one line that names the arrow.

use std::collections::BTreeSet;

use super::graph::{Graph, Package};

/// Every broken rule, in words; empty when all hold.
pub(crate) fn check(graph: &Graph) -> Vec<String> {
    let mut broken = Vec::new();
    for member in graph.members() {
        check_arrows(graph, member, &mut broken);
        if member.name == PROTOCOL {
            check_direct(graph, member, &mut broken);
            check_tree(graph, member, &mut broken);
        }
    }
    broken
}

fn check_arrows(graph: &Graph, member: &Package, broken: &mut Vec<String>) {
    let name = &member.name;
    let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| from == name) else {
        broken.push(format!(
            "{name} is not in the map of crates: say in xtask/src/deps/rules.rs what it may use"
        ));
        return;
    };
    for used in graph.normal(member).filter(|used| used.member) {
        if !allowed.contains(&used.name.as_str()) {
            broken.push(format!("{name} must not use {}", used.name));
        }
    }
}

fn check_direct(graph: &Graph, protocol: &Package, broken: &mut Vec<String>) {
    for used in graph.normal(protocol) {
        // A member is the business of `check_arrows`.
        if !used.member && !PROTOCOL_DIRECT.contains(&used.name.as_str()) {
            broken.push(format!(
                "{PROTOCOL} must not use {} (its list is short on purpose)",
                used.name
            ));
        }
    }
}

/// A list of what is allowed, not of what is banned: nobody can list every crate that opens a socket.
fn check_tree(graph: &Graph, protocol: &Package, broken: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    let mut open = vec![(protocol, vec![protocol.name.as_str()])];
    while let Some((package, path)) = open.pop() {
        for used in graph.normal(package) {
            let edge = (package.name.as_str(), used.name.as_str());
            if EDGES_NOT_FOLLOWED.contains(&edge) || !seen.insert(&used.name) {
                continue;
            }
            let path: Vec<_> = path.iter().copied().chain([used.name.as_str()]).collect();
            let known = [PROTOCOL_DIRECT, PROTOCOL_INDIRECT]
                .iter()
                .any(|list| list.contains(&edge.1));
            if !known && !used.member {
                broken.push(format!(
                    "{} is in the tree of {PROTOCOL}: {}",
                    used.name,
                    path.join(" -> ")
                ));
            }
            open.push((used, path));
        }
    }
}

const PROTOCOL: &str = "longshore-protocol";
/// The encoder of layers, which knows nothing of images.
const DEFLATE: &str = "longshore-deflate";
/// What the transports share.
const SHARED: &str = "longshore-transport";

/// Which members each member may use. The arrows point one way only.
const ARROWS: &[(&str, &[&str])] = &[
    (PROTOCOL, &[]),
    (DEFLATE, &[]),
    ("longshore-image", &[DEFLATE, PROTOCOL]),
    ("longshore-mock-registry", &[PROTOCOL]),
    (SHARED, &[PROTOCOL]),
    ("longshore-blocking", &[SHARED, PROTOCOL]),
    ("longshore-async", &[SHARED, PROTOCOL]),
    (
        "longshore",
        &[
            "longshore-blocking",
            "longshore-async",
            "longshore-image",
            "longshore-mock-registry",
            PROTOCOL,
        ],
    ),
    (
        "longshore-tests",
        &[
            "longshore",
            "longshore-blocking",
            "longshore-async",
            DEFLATE,
            "longshore-image",
            "longshore-mock-registry",
            PROTOCOL,
        ],
    ),
    ("longshore-xtask", &[]),
];

/// What the protocol crate itself may name.
const PROTOCOL_DIRECT: &[&str] = &[
    "base64",
    "bytes",
    "http",
    "httpdate",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
];

/// What those bring along: none of it opens a file or a socket.
const PROTOCOL_INDIRECT: &[&str] = &[
    "block-buffer",
    "cfg-if",
    "const-oid",
    "cpufeatures",
    "crypto-common",
    "digest",
    "hybrid-array",
    "itoa",
    "memchr",
    "proc-macro2",
    "quote",
    "serde_core",
    "serde_derive",
    "syn",
    "thiserror-impl",
    "typenum",
    "unicode-ident",
    "zmij",
];

/// Arrows that are harmless though their target is not: on some platforms cpufeatures asks the C
/// library which instructions the processor has, and nothing else.
const EDGES_NOT_FOLLOWED: &[(&str, &str)] = &[("cpufeatures", "libc")];
