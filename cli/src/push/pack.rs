//! From the image's directory to a layer, a config and a manifest.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, SystemTime};

use longshore_image::{
    Image, ImageOptions, Key, Layer, Metadata, MetadataError, Notice, PackError, Packer,
    SpooledLayer, Survey, Watch, assemble, survey,
};

use super::memory::Memory;
use super::remembered::Remembered;
use crate::console::plain;
use crate::console::{Console, words};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::plan::Packing;

/// An image, ready to be uploaded.
pub(super) struct Packed {
    pub(super) source: Source,
    pub(super) image: Image,
    pub(super) options: ImageOptions,
}

/// Where the layer's bytes are.
#[derive(Clone)]
pub(super) enum Source {
    /// In a file without a name, which goes away with this.
    Spooled(Box<SpooledLayer>),
    /// In the tree: they are packed when they are needed.
    Remembered(Arc<Remembered>),
}

impl Source {
    pub(super) fn layer(&self) -> &Layer {
        match self {
            Self::Spooled(spooled) => spooled.layer(),
            Self::Remembered(remembered) => &remembered.layer,
        }
    }

    pub(super) fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Spooled(spooled) => Box::new(spooled.open_at(offset)),
            Self::Remembered(remembered) => Box::new(remembered.open_at(offset)?),
        })
    }
}

/// Packs the image in `directory`, unless `memory` knows what that would come to.
pub(super) fn pack(
    packing: &Packing,
    directory: &Path,
    metadata: &Metadata,
    memory: Memory<'_>,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<Packed, Failure> {
    let watch = Watch::with_flag(interrupt.flag());
    let label = words::preparing(&words::layer(1, 1));
    console.say(&label);
    let mut notices = |news: Notice| notice(console, &news);
    let seen = survey(directory, &packing.options, &mut notices, &watch)
        .map_err(|error| Failure::pack(&error))?;
    let key = Key::new(&seen.fingerprint, &packing.options);
    let source = match memory.layer(&key) {
        Some(layer) => {
            console.detail("the image has not changed since it was packed, so it is not read");
            let directory = directory.to_owned();
            let remembered = Remembered::new(layer, key, directory, packing, watch);
            Source::Remembered(Arc::new(remembered))
        }
        None => {
            let since = SystemTime::now();
            let spooled = spool(packing, directory, &seen, &label, &watch, console)
                .map_err(|error| Failure::pack(&error))?;
            memory.keep_layer(packing, &spooled, since);
            Source::Spooled(Box::new(spooled))
        }
    };
    let packed = source.layer();
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
        source,
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
    seen: &Survey,
    label: &str,
    watch: &Watch,
    console: &Console,
) -> Result<SpooledLayer, PackError> {
    let packer = Packer::new(packing.options.clone());
    let mut meter = console.meter(label, Some(seen.bytes));
    thread::scope(|scope| {
        // Never sent on: that it is dropped is the news.
        let (alive, ended) = mpsc::channel::<()>();
        // The survey has told all there is to tell.
        let mut notices = |_| {};
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
