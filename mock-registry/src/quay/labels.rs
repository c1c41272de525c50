//! Labels: read after the manifest is stored, so that a failure leaves it behind, without a tag.

use super::json::Value;
use super::{Contents, Era, Kind, Manifest, Rejection, docker, oci};

/// Reads the labels of a manifest. Nothing is done with them; what matters is what goes wrong.
pub(super) fn read(
    manifest: &Manifest,
    contents: &dyn Contents,
    era: Era,
) -> Result<(), Rejection> {
    match &manifest.kind {
        Kind::List(_) | Kind::Index(_) => Ok(()),
        Kind::Docker(image) => of_config(&docker::read_config(image, contents)?),
        Kind::Oci(image) => {
            if oci::is_image(image) {
                of_config(&oci::read_config(image, contents, era)?)?;
            }
            match &image.annotations {
                Some(Value::Object(annotations)) => all_texts(annotations.values()),
                _ => Ok(()),
            }
        }
    }
}

fn of_config(config: &Value) -> Result<(), Rejection> {
    let inner = match config.get("config") {
        None => return Ok(()),
        Some(inner @ Value::Object(_)) => inner,
        // Whatever else is there has no `get`.
        Some(_) => return Err(Rejection::Crash),
    };
    match inner.get("Labels") {
        Some(Value::Object(labels)) => all_texts(labels.values()),
        Some(other) if other.is_truthy() => Err(Rejection::Crash),
        _ => Ok(()),
    }
}

fn all_texts<'a>(mut values: impl Iterator<Item = &'a Value>) -> Result<(), Rejection> {
    if values.all(|value| value.as_str().is_some()) {
        Ok(())
    } else {
        Err(Rejection::Crash)
    }
}
