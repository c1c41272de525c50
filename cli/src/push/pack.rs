//! From the image's directory to a layer in a spool file, a config and a manifest.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use longshore_image::{
    Image, ImageOptions, Metadata, MetadataError, Notice, PackError, Packer, SpooledLayer, Watch,
    assemble, scan,
};

use crate::console::plain;
use crate::console::{Console, words};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::plan::Packing;

/// An image, ready to be uploaded. The layer's file has no name and goes away with this.
pub(super) struct Packed {
    pub(super) layer: SpooledLayer,
    pub(super) image: Image,
    pub(super) options: ImageOptions,
}

/// Packs the image in `directory`.
pub(super) fn pack(
    packing: &Packing,
    directory: &Path,
    metadata: &Metadata,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<Packed, Failure> {
    let watch = Watch::with_flag(interrupt.flag());
    let label = words::preparing(&words::layer(1, 1));
    console.say(&label);
    let layer = spool(packing, directory, &label, &watch, console)
        .map_err(|error| Failure::pack(&error))?;
    let packed = layer.layer();
    let (setuid, setgid) = (packed.summary.setuid, packed.summary.setgid);
    if setuid + setgid > 0 && !console.is_detailed() {
        console.say(format!(
            "stripped {setuid} setuid and {setgid} setgid bits; -v lists them"
        ));
    }
    console.detail(format!(
        "{} members, {} of content, {} packed",
        packed.summary.members,
        words::size(packed.summary.bytes),
        words::size(packed.content.size),
    ));
    console.step(format!(
        "layer 1/1: digest {}, diff ID {}",
        packed.content.digest, packed.diff_id
    ));
    console.say(words::PREPARING_METADATA);
    let options = ImageOptions {
        format: packing.format,
        platform: packing.platform.clone(),
        source_date_epoch: packing.options.source_date_epoch,
    };
    let image = assemble(metadata, std::slice::from_ref(packed), &options);
    console.step(format!("config: digest {}", image.config_descriptor.digest));
    console.step(format!(
        "manifest: digest {}",
        image.manifest_descriptor.digest
    ));
    Ok(Packed {
        layer,
        image,
        options,
    })
}

/// Says what is worth saying about an image. What is stripped from every image on purpose is a
/// detail; what a person may miss afterwards is a warning.
pub(super) fn notice(console: &Console, notice: &Notice) {
    let text = notice.to_string();
    match notice {
        Notice::StrippedSetuid(_) | Notice::StrippedSetgid(_) | Notice::LeftOut(_) => {
            console.detail(text);
        }
        _ => console.warn(text),
    }
}

/// Metadata that cannot be used at all.
pub(super) fn metadata_failure(error: &MetadataError) -> Failure {
    let message = format!(
        "can't push: the image's metadata: {}",
        plain(&error.to_string())
    );
    Failure::new(Exit::Image, "reading the image's metadata", message)
        .hinting("without the file, the image is pushed with default metadata")
}

/// Packs on a thread of its own, so that this one can show how far it is.
fn spool(
    packing: &Packing,
    directory: &Path,
    label: &str,
    watch: &Watch,
    console: &Console,
) -> Result<SpooledLayer, PackError> {
    let total = scan(directory, watch)?.bytes;
    let packer = Packer::new(packing.options.clone());
    let mut meter = console.meter(label, Some(total));
    thread::scope(|scope| {
        // Never sent on: that it is dropped is the news.
        let (alive, ended) = mpsc::channel::<()>();
        let mut notices = |news: Notice| notice(console, &news);
        let worker = thread::Builder::new()
            .name("packer".to_owned())
            .spawn_scoped(scope, move || {
                let _alive = alive;
                packer.pack_to_spool(directory, &packing.spool, &mut notices, watch)
            })
            .map_err(PackError::Thread)?;
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            meter.set(watch.bytes());
        }
        match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// How often the meter moves.
const TICK: Duration = Duration::from_millis(100);
