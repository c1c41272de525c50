//! What to say about a directory that looks like something else than an unpacked image.

use std::path::Path;

use longshore_image::Lookalike;

use super::{Source, failure};
use crate::console::{Console, plain};
use crate::failure::Failure;

/// Warns about a directory that was given by its path, if it looks like something else.
///
/// # Errors
/// With `--strict`, instead of the warning.
pub(crate) fn check(
    source: &Source,
    directory: &Path,
    is_strict: bool,
    console: &Console,
) -> Result<(), Failure> {
    let Some(found) = source
        .is_given()
        .then(|| Lookalike::of(directory))
        .flatten()
    else {
        return Ok(());
    };
    let (what, hint) = words(&found, directory);
    let shown = plain(&directory.display().to_string());
    if is_strict {
        return Err(failure(format!("{shown} {what}")).hinting(hint));
    }
    console.warn(format!("{shown} {what}: {hint}"));
    Ok(())
}

/// What it looks like, and what may have been meant.
fn words(found: &Lookalike, directory: &Path) -> (String, String) {
    let shown = plain(&directory.display().to_string());
    let path = |path: &Path| plain(&path.display().to_string());
    let not_unpacked = |transport: &str| {
        format!(
            "its files are pushed, and not the image in it, which `skopeo copy {transport}:{shown} \
             docker://DEST_REF` pushes"
        )
    };
    match found {
        Lookalike::OciLayout => (
            "looks like an OCI image layout".to_owned(),
            not_unpacked("oci"),
        ),
        Lookalike::SkopeoDirectory => (
            "looks like an image in files of skopeo's".to_owned(),
            not_unpacked("dir"),
        ),
        Lookalike::DockerArchive => (
            "looks like what `docker save` writes".to_owned(),
            "its files are pushed, and not the image in it, which `skopeo copy docker-archive:FILE.tar \
             docker://DEST_REF` pushes"
                .to_owned(),
        ),
        Lookalike::Above(name) => (
            format!("looks like the directory above an image, {name}"),
            format!("--image {} pushes that alone", path(&directory.join(name))),
        ),
        Lookalike::Storage => (
            "looks like a storage directory of Charliecloud".to_owned(),
            format!("--storage {shown} with the image's name as IMAGE_REF pushes one of its images"),
        ),
        Lookalike::Checkout(name) => (
            format!("looks like a source checkout, as it has {name}"),
            "all of it is pushed; --image DIR names the directory that the image is unpacked in"
                .to_owned(),
        ),
        Lookalike::Home(name) => (
            format!("looks like a home directory, as it has {name}"),
            "all of it is pushed; --image DIR names the directory that the image is unpacked in"
                .to_owned(),
        ),
        Lookalike::Archive(archive) => {
            let archive = path(archive);
            (
                "has nothing but archives in it".to_owned(),
                format!("an image is pushed unpacked: {archive} with `tar -xf` into a directory"),
            )
        }
        Lookalike::Empty { beside: None } => (
            "is empty".to_owned(),
            "--image DIR names the directory that the image is unpacked in".to_owned(),
        ),
        Lookalike::Empty { beside: Some(archive) } => (
            "is empty".to_owned(),
            format!(
                "`tar -xf {} -C {shown}` unpacks what is beside it",
                path(archive)
            ),
        ),
        _ => (
            "does not look like an unpacked image".to_owned(),
            "--image DIR names the directory that the image is unpacked in".to_owned(),
        ),
    }
}
