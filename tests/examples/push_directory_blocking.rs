//! Pushes a directory of layers (`*.tar.gz`, in the order of their names) with progress:
//! `push_directory_blocking DIR HOST/NAME:TAG`. Plain HTTP, which registries on this machine speak.
#![allow(clippy::print_stdout, reason = "a program to be run and read")]

use std::error::Error;

use longshore_blocking::protocol::*;
use longshore_blocking::{Client, FileSource, Handler, Session};

struct Bars;

impl Handler for Bars {
    fn progress(&mut self, blobs: &mut dyn Iterator<Item = BlobProgress>) {
        for blob in blobs.filter(|blob| blob.activity == BlobActivity::Uploading) {
            println!("{:?}: {} of {:?} bytes", blob.blob, blob.sent, blob.size);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    match (args.next(), args.next()) {
        (Some(dir), Some(reference)) => push(&dir, &reference),
        _ => Err("usage: push_directory_blocking DIR HOST/NAME:TAG".into()),
    }
}

pub(crate) fn push(dir: &str, reference: &str) -> Result<(), Box<dyn Error>> {
    let mut config = Config::new(reference.parse()?);
    config.scheme = Scheme::Http;
    let mut session = Session::new(&Client::builder().build()?, config, Bars);
    session.ready()?; // whoever may not push hears it now, before anything is read

    let mut paths: Vec<_> = std::fs::read_dir(dir)?
        .flatten()
        .map(|f| f.path())
        .collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".tar.gz"));
    paths.sort();
    let mut layers = Vec::new();
    for path in paths {
        let spec = BlobSpec::unknown(MediaType::OCI_LAYER_GZIP, Replay::Anywhere);
        let blob = session.add_blob(spec, FileSource::new(path))?;
        layers.push(session.blob_done(blob)?); // hashed while it was sent
    }

    let image = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let image_is = Descriptor::new(MediaType::OCI_CONFIG, Content::of(image.as_bytes()));
    session.add_blob(BlobSpec::known(image_is.clone()), image.as_bytes().to_vec())?;
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST, "config": image_is, "layers": layers,
    });
    session.set_manifest(ManifestSpec::new(
        MediaType::OCI_MANIFEST,
        manifest.to_string(),
    ))?;
    println!("pushed {}", session.finish()?.manifest.digest);
    Ok(())
}
