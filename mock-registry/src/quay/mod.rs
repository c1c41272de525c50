//! Quay's rules for manifests, restated from what its code was seen to do.
//!
//! The same rules serve two eras. Until Quay 3.3 an image's history is judged while its manifest is
//! stored ([`Era::Eager`]); since 3.4 a manifest is stored whatever its history, and a pull that
//! needs the layers finds out ([`Era::Lazy`]). The other differences of that old revision are
//! switched along.

mod dates;
mod docker;
mod history;
mod image;
mod index;
mod json;
mod labels;
mod oci;
mod schema;

use bytes::Bytes;
use serde_json::json;

use image::{Image, read_json};
use index::Child;
use json::Value;

/// When the history is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    /// When it is needed.
    Lazy,
    /// Before the manifest is stored.
    Eager,
}

/// Why a manifest is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// `MANIFEST_INVALID` with these words.
    Invalid(String),
    /// An exception that nobody handles: a page that says 500.
    Crash,
}

/// Why an image cannot be given to a client that knows only schema 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unconvertible {
    /// It is not an image, or one without all its layers.
    Unsupported,
    /// Something is wrong with it.
    Rejected(Rejection),
}

/// What a repository holds.
pub(crate) trait Contents {
    /// The size of a blob that it shows.
    fn blob_size(&self, digest: &str) -> Option<u64>;
    /// The bytes of a blob that it shows.
    fn blob(&self, digest: &str) -> Option<Bytes>;
    /// The bytes of a manifest.
    fn manifest(&self, digest: &str) -> Option<Bytes>;
}

/// A parsed manifest.
pub(crate) struct Manifest {
    kind: Kind,
}

enum Kind {
    Docker(Image),
    Oci(Image),
    List(Vec<Child>),
    Index(Vec<Child>),
}

/// Whether there is a parser for this `Content-Type`, which is compared as it stands.
pub(crate) fn takes_type(content_type: Option<&str>) -> bool {
    content_type.is_none_or(|given| {
        given == "application/json"
            || SCHEMA_1.contains(&given)
            || [
                docker::MANIFEST_TYPE,
                oci::MANIFEST_TYPE,
                index::LIST_TYPE,
                index::INDEX_TYPE,
            ]
            .contains(&given)
    })
}

/// Parses a manifest as what its `Content-Type` says. Everything that has none of the four newer
/// types is taken for Docker's schema 1, which this registry does not store.
pub(crate) fn parse(
    content_type: Option<&str>,
    bytes: &[u8],
    era: Era,
) -> Result<Manifest, Rejection> {
    let document = read_json(bytes, "manifest")?;
    let fits = |schema: &schema::Schema| {
        schema.check(&document).map_err(|words| {
            Rejection::Invalid(format!("manifest data does not match schema: {words}"))
        })
    };
    let kind = match content_type.unwrap_or_default() {
        docker::MANIFEST_TYPE => {
            fits(&docker::MANIFEST)?;
            Kind::Docker(docker::parse(&document, era)?)
        }
        oci::MANIFEST_TYPE => {
            fits(oci::manifest_schema(era))?;
            Kind::Oci(oci::parse(&document, era)?)
        }
        index::LIST_TYPE => {
            fits(&index::LIST)?;
            Kind::List(index::children(&document))
        }
        index::INDEX_TYPE => {
            fits(index::index_schema(era))?;
            Kind::Index(index::children(&document))
        }
        _ => {
            fits(&OLD_MANIFEST)?;
            return Err(Rejection::Invalid(
                "signatures could not be verified".into(),
            ));
        }
    };
    Ok(Manifest { kind })
}

/// Judges a manifest against what its repository holds, as far as that happens before it is stored.
pub(crate) fn check(
    manifest: &Manifest,
    contents: &dyn Contents,
    era: Era,
) -> Result<(), Rejection> {
    match (&manifest.kind, era) {
        (Kind::List(children) | Kind::Index(children), _) => {
            index::check_children(children, contents, era)
        }
        (Kind::Docker(image), Era::Lazy) => {
            docker::read_config(image, contents)?;
            image.check_blobs(contents, |layer| layer.urls)?;
            image.check_total_size()
        }
        (Kind::Oci(image), Era::Lazy) => {
            image.check_blobs(contents, |layer| layer.foreign)?;
            image.check_total_size()
        }
        (Kind::Docker(image), Era::Eager) => {
            image.check_blobs(contents, |layer| layer.urls)?;
            let config = docker::read_config(image, contents)?;
            check_history(image, &config, false)
        }
        (Kind::Oci(image), Era::Eager) => {
            image.check_blobs(contents, |layer| layer.foreign)?;
            let config = oci::read_config(image, contents, era)?;
            check_history(image, &config, true)
        }
    }
}

/// Reads the labels, which happens after the manifest is stored.
pub(crate) fn read_labels(
    manifest: &Manifest,
    contents: &dyn Contents,
    era: Era,
) -> Result<(), Rejection> {
    labels::read(manifest, contents, era)
}

/// An image as schema 1, for clients that do not name its type in `Accept`. It is not signed.
pub(crate) fn convert(
    manifest: &Manifest,
    contents: &dyn Contents,
    (name, tag): (&str, &str),
    era: Era,
) -> Result<Vec<u8>, Unconvertible> {
    let rejected = Unconvertible::Rejected;
    let (image, config, oci) = match &manifest.kind {
        Kind::List(children) | Kind::Index(children) => {
            let child = children.iter().find(|child| child.is_default());
            let child = child.ok_or(Unconvertible::Unsupported)?;
            let bytes = contents.manifest(&child.digest);
            let bytes = bytes.ok_or(Unconvertible::Unsupported)?;
            let child = parse(Some(child.media_type()), &bytes, era).map_err(rejected)?;
            if matches!(child.kind, Kind::List(_) | Kind::Index(_)) {
                return Err(Unconvertible::Unsupported);
            }
            return convert(&child, contents, (name, tag), era);
        }
        Kind::Docker(image) if !image.has_foreign() => {
            let config = docker::read_config(image, contents).map_err(rejected)?;
            (image, config, false)
        }
        Kind::Oci(image) if !image.has_foreign() && oci::is_image(image) => {
            let config = oci::read_config(image, contents, era).map_err(rejected)?;
            (image, config, true)
        }
        Kind::Docker(_) | Kind::Oci(_) => return Err(Unconvertible::Unsupported),
    };
    let steps = history::check(&config, image.layers.len(), oci).map_err(rejected)?;
    // One entry per step, the newest first, as that format has it.
    let layers = image.layers.iter().rev();
    let layers: Vec<_> = layers
        .map(|layer| json!({ "blobSum": layer.digest }))
        .collect();
    let steps: Vec<_> = (0..steps)
        .rev()
        .map(|step| json!({ "v1Compatibility": json!({ "id": format!("{step:064x}") }).to_string() }))
        .collect();
    let architecture = config.get("architecture").and_then(Value::as_str);
    let old = json!({
        "schemaVersion": 1,
        "name": name,
        "tag": tag,
        "architecture": architecture.unwrap_or("amd64"),
        "fsLayers": layers,
        "history": steps,
    });
    Ok(old.to_string().into_bytes())
}

/// The eager check, for images that have the layers of an old image.
fn check_history(image: &Image, config: &Value, oci: bool) -> Result<(), Rejection> {
    if image.layers.is_empty() || image.has_foreign() {
        return Ok(());
    }
    history::check(config, image.layers.len(), oci).map_err(|rejection| match rejection {
        Rejection::Invalid(words) => Rejection::Invalid(format!(
            "Attempt to create an invalid manifest: {words}. Please report this issue."
        )),
        Rejection::Crash => Rejection::Crash,
    })?;
    // The old image wants a blob for every layer, and Docker's with URLs have none; and it reads
    // the config's config without asking what it is.
    let no_blob = !oci && image.layers.iter().any(|layer| layer.urls);
    let no_config = !matches!(config.get("config"), None | Some(Value::Object(_)));
    if no_blob || no_config {
        return Err(Rejection::Crash);
    }
    Ok(())
}

const OLD_MANIFEST: schema::Schema =
    schema::Schema::members(&[], &["tag", "name", "fsLayers", "history", "signatures"]);

const SCHEMA_1: [&str; 2] = [
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];
