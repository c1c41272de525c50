//! Pushes an unpacked image, with progress and over plain HTTP:
//! `push_directory_blocking DIR HOST/NAME:TAG`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::{error::Error, path::Path};

use longshore_blocking::protocol::*;
use longshore_blocking::{Client, Handler, Session, from_fn};
use longshore_image::{ImageOptions, Metadata, Options, Packer, Watch, assemble};

struct Meter;

impl Handler for Meter {
    fn progress(&mut self, blobs: &mut dyn Iterator<Item = BlobProgress>) {
        eprintln!("{} bytes sent", blobs.map(|blob| blob.sent).sum::<u64>());
    }
}

pub(crate) fn push(directory: &Path, reference: &str) -> Result<Digest, Box<dyn Error>> {
    let mut config = Config::new(reference.parse()?);
    config.scheme = Scheme::Http;
    let mut session = Session::new(&Client::builder().build()?, config, Meter);
    session.ready()?; // whoever may not push hears it now, before a file is read

    let mut tell = |notice| eprintln!("{notice}");
    let metadata = Metadata::load(directory, &mut tell)?;
    let (packer, spool) = (Packer::new(Options::default()), std::env::temp_dir());
    let layer = packer.pack_to_spool(directory, &spool, &mut tell, &Watch::default())?;
    let options = ImageOptions::default();
    let image = assemble(&metadata, &[layer.layer().clone()], &options);

    let spec = BlobSpec::known(layer.layer().descriptor(options.format));
    session.add_blob(spec, from_fn(move |offset| Ok(layer.open_at(offset))))?;
    let spec = BlobSpec::known(image.config_descriptor).derived(); // new if its layer is
    session.add_blob(spec, image.config)?;
    let media_type = image.manifest_descriptor.media_type;
    session.set_manifest(ManifestSpec::new(media_type, image.manifest))?;
    Ok(session.finish()?.manifest.digest)
}

fn main() -> Result<(), Box<dyn Error>> {
    let [_, directory, reference] = &std::env::args().collect::<Vec<_>>()[..] else {
        return Err("usage: push_directory_blocking DIR HOST/NAME:TAG".into());
    };
    println!("{}", push(Path::new(directory), reference)?);
    Ok(())
}
