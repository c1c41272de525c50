//! The part of `cargo metadata` that the rules look at.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::process::Failure;

/// Packages and the edges that end up in a built artefact: normal dependencies of every platform,
/// neither dev- nor build-dependencies.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) packages: BTreeMap<PackageId, Package>,
}

#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) member: bool,
    pub(crate) normal: Vec<PackageId>,
}

/// Cargo's own opaque name for one version of one package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(crate) struct PackageId(String);

impl Graph {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Failure> {
        let metadata: Metadata = serde_json::from_slice(json)
            .map_err(|error| Failure::new(format!("cargo metadata made no sense: {error}")))?;
        let members: BTreeSet<_> = metadata.workspace_members.into_iter().collect();
        let mut names: BTreeMap<_, _> = metadata
            .packages
            .into_iter()
            .map(|package| (package.id, package.name))
            .collect();
        let packages = metadata
            .resolve
            .nodes
            .into_iter()
            .filter_map(|node| {
                let package = Package {
                    name: names.remove(&node.id)?,
                    member: members.contains(&node.id),
                    normal: node
                        .deps
                        .into_iter()
                        .filter(NodeDep::is_normal)
                        .map(|dep| dep.pkg)
                        .collect(),
                };
                Some((node.id, package))
            })
            .collect();
        Ok(Self { packages })
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().filter(|package| package.member)
    }

    pub(crate) fn normal(&self, package: &Package) -> impl Iterator<Item = &Package> {
        package.normal.iter().filter_map(|id| self.packages.get(id))
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
    workspace_members: Vec<PackageId>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct MetadataPackage {
    id: PackageId,
    name: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: PackageId,
    deps: Vec<NodeDep>,
}

#[derive(Deserialize)]
struct NodeDep {
    pkg: PackageId,
    dep_kinds: Vec<DepKind>,
}

impl NodeDep {
    fn is_normal(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.is_none())
    }
}

#[derive(Deserialize)]
struct DepKind {
    /// Absent for a normal dependency, else "dev" or "build".
    kind: Option<String>,
}
