//! One layer on its way from the tree to the registry.

use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use longshore_image::{
    Key, Layer, LayerStream, Notice, PackError, Packer, Part, SpooledLayer, Spooling, Watch,
};
use longshore_protocol::{BlobSpec, Reference, Replay, Repository};

use super::memory::Memory;
use super::remembered::Remembered;
use super::unfinished::Unfinished;
use super::upload::Upload;
use crate::console::{Console, words};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::plan::{Packing, Sending};

/// Where a layer's bytes are.
#[derive(Clone)]
pub(super) enum Source {
    /// In a file without a name, which goes away with this.
    Spooled(Box<SpooledLayer>),
    /// In the tree: they are packed when they are needed.
    Remembered(Arc<Remembered>),
    /// In the tree, and they went to the registry as they were packed.
    Streamed(Box<Layer>),
}

impl Source {
    pub(super) fn layer(&self) -> &Layer {
        match self {
            Self::Spooled(spooled) => spooled.layer(),
            Self::Remembered(remembered) => &remembered.layer,
            Self::Streamed(layer) => layer,
        }
    }

    pub(super) fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Spooled(spooled) => Box::new(spooled.open_at(offset)),
            Self::Remembered(remembered) => remembered.open_at(offset)?,
            Self::Streamed(_) => return Err(io::Error::other("it was packed without a file")),
        })
    }
}

/// What all layers of a push are made with.
pub(super) struct Maker<'a> {
    pub(super) packing: &'a Packing,
    pub(super) sending: Sending,
    pub(super) directory: &'a Path,
    pub(super) target: &'a Reference,
    pub(super) mount_from: Option<&'a Repository>,
    pub(super) memory: Memory<'a>,
    /// Of which each layer's is cloned: they share its memory.
    pub(super) packer: Packer,
    pub(super) watch: &'a Watch,
    pub(super) console: &'a Console,
    pub(super) interrupt: &'a Interrupt,
}

impl Maker<'_> {
    /// The layer that a part of the tree made when it was last packed, if it has not changed.
    pub(super) fn recall(&self, part: &Part) -> Option<Source> {
        let key = Key::new(&part.survey.fingerprint, &self.packing.options);
        let layer = self.memory.layer(&key)?;
        let remembered = Remembered::new(layer, key, self, part.clone());
        Some(Source::Remembered(Arc::new(remembered)))
    }

    /// How many of these layers are packed at once. What is packed at the speed of the registry is
    /// packed alone.
    pub(super) fn side_by_side(&self, parts: &[Part]) -> usize {
        match self.sending {
            Sending::Stream => 1,
            Sending::Overlap | Sending::PackFirst => self.packer.side_by_side(parts).get(),
        }
    }

    /// Begins to pack a layer that is not remembered, before it is [made](Self::make).
    pub(super) fn begin(&self, part: &Part) -> Result<Job, Failure> {
        self.start(Some(part), |_| {}, self.watch.part())
    }

    /// Packs a layer and gives it to `upload` when that is done, or while it is being done. `is_only`
    /// says that there is no other to be sent meanwhile.
    pub(super) fn make(
        &self,
        part: &Part,
        label: &str,
        is_only: bool,
        upload: &mut Upload<'_>,
    ) -> Result<Source, Unfinished> {
        match self.sending {
            Sending::Stream => self.stream(part, label, upload),
            Sending::Overlap if is_only && part.survey.bytes >= QUICK && self.may_overlap() => {
                let job = self.begin(part)?;
                self.overlap(&job, label, upload)
            }
            Sending::Overlap | Sending::PackFirst => {
                let job = self.begin(part)?;
                self.pack_first(&job, label, upload)
            }
        }
    }

    /// Whether sending a layer before its digest is known is worth it. If it is small, or others are
    /// sent meanwhile, there is little to gain. If the registry may well have it, there is much to
    /// lose: what is built to come out the same everywhere may have been pushed from elsewhere, and
    /// somebody who names a repository to mount from thinks that it is there.
    pub(super) fn may_overlap(&self) -> bool {
        self.sending == Sending::Overlap
            && self.packing.options.source_date_epoch.is_none()
            && self.mount_from.is_none()
    }

    /// Gives a layer that is packed, or will be the same again, to `upload`.
    pub(super) fn add(&self, label: &str, source: &Source, upload: &mut Upload<'_>) {
        let descriptor = source.layer().descriptor(self.packing.format);
        let known = self.memory.mount_from(&descriptor.digest, self.target);
        let mount_from = self.mount_from.cloned().or(known);
        upload.add_layer(label.to_owned(), descriptor, mount_from, source.clone());
    }

    /// Sends the layer once it is packed.
    pub(super) fn pack_first(
        &self,
        job: &Job,
        label: &str,
        upload: &mut Upload<'_>,
    ) -> Result<Source, Unfinished> {
        let spooled = self.finish(job, label, upload)?;
        let source = Source::Spooled(Box::new(spooled));
        self.add(label, &source, upload);
        Ok(source)
    }

    /// Sends the layer while it is packed, out of the file that it is packed into.
    pub(super) fn overlap(
        &self,
        job: &Job,
        label: &str,
        upload: &mut Upload<'_>,
    ) -> Result<Source, Unfinished> {
        let spec = self.unknown(Replay::Anywhere);
        let blob = {
            let spooling = Arc::clone(&job.spooling);
            let open = move |offset| Ok(spooling.open_at(offset));
            upload.add_stream(label.to_owned(), spec, open)
        };
        let spooled = self.finish(job, label, upload)?;
        if let Some(blob) = blob {
            upload.learn(blob, &spooled.layer().content);
        }
        Ok(Source::Spooled(Box::new(spooled)))
    }

    /// Sends the layer while it is packed, at the speed of the registry and without a file.
    fn stream(
        &self,
        part: &Part,
        label: &str,
        upload: &mut Upload<'_>,
    ) -> Result<Source, Unfinished> {
        let made: Made = Arc::default();
        let packer = self.packer.clone().of(part.clone());
        let (directory, watch) = (self.directory.to_owned(), self.watch.clone());
        let blob = {
            let made = Arc::clone(&made);
            let open = move |_| {
                let stream = packer.pack_stream(directory.clone(), |_| {}, watch.clone());
                Ok(Telling {
                    stream: Some(stream.map_err(io::Error::other)?),
                    made: Arc::clone(&made),
                })
            };
            let spec = self.unknown(Replay::FromStart);
            upload.add_stream(label.to_owned(), spec, open)
        };
        if let Some(blob) = blob {
            upload.wait_for(blob)?;
        }
        let layer = made.lock().unwrap_or_else(PoisonError::into_inner).take();
        match layer {
            Some(layer) => Ok(Source::Streamed(Box::new(layer))),
            None => Err(Failure::pack(&PackError::Cancelled).into()),
        }
    }

    fn unknown(&self, replay: Replay) -> BlobSpec {
        let Packing {
            options, format, ..
        } = self.packing;
        BlobSpec::unknown(options.compression.media_type(*format), replay)
    }

    /// Begins to pack a part of the tree, or all of it.
    pub(super) fn start(
        &self,
        part: Option<&Part>,
        notices: impl FnMut(Notice) + Send + 'static,
        watch: Watch,
    ) -> Result<Job, Failure> {
        let since = SystemTime::now();
        let packer = self.packer.clone();
        let packer = match part {
            Some(part) => packer.of(part.clone()),
            None => packer,
        };
        let (directory, spool) = (self.directory.to_owned(), &self.packing.spool);
        let started = packer.start_to_spool(directory, spool, notices, watch.clone());
        Ok(Job {
            spooling: Arc::new(started.map_err(|error| Failure::pack(&error))?),
            total: part.map(|part| part.survey.bytes),
            since,
            watch,
        })
    }

    /// Waits until the layer is packed, and keeps the upload going and the meter moving meanwhile.
    fn finish(
        &self,
        job: &Job,
        label: &str,
        upload: &mut Upload<'_>,
    ) -> Result<SpooledLayer, Unfinished> {
        let Job {
            spooling,
            total,
            since,
            watch,
        } = job;
        // While permission is asked for, a person may be asked for a password.
        let meter = || self.console.meter(label, *total);
        let mut meter = upload.is_permitted().then(meter);
        let outcome = loop {
            let is_busy = upload.is_busy();
            // What packing comes to after Ctrl-C is the news then.
            if is_busy && !self.interrupt.is_raised() {
                upload.drive(Duration::ZERO)?;
            }
            let tick = if is_busy { BUSY_TICK } else { TICK };
            if let Some(outcome) = spooling.wait_for(tick) {
                break outcome;
            }
            if let Some(meter) = &mut meter {
                meter.set(watch.bytes());
            }
        };
        let spooled = outcome.map_err(|error| Failure::pack(&error))?;
        self.memory
            .keep_layer(self.directory, self.packing, &spooled, *since);
        Ok(spooled)
    }
}

/// A layer that is being packed.
pub(super) struct Job {
    pub(super) spooling: Arc<Spooling>,
    /// How many bytes of content it has, if that is known.
    total: Option<u64>,
    since: SystemTime,
    pub(super) watch: Watch,
}

/// What a stream has packed, once it has come to its end.
type Made = Arc<Mutex<Option<Layer>>>;

/// A stream that leaves word of what it was.
struct Telling {
    stream: Option<LayerStream>,
    made: Made,
}

impl Read for Telling {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else {
            return Ok(0);
        };
        let count = stream.read(buffer)?;
        if count == 0
            && !buffer.is_empty()
            && let Some(stream) = self.stream.take()
        {
            let layer = stream.finish().map_err(io::Error::other)?;
            *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some(layer);
        }
        Ok(count)
    }
}

/// What a layer is said to hold, on the way and in the end.
pub(super) fn describe(console: &Console, label: &str, layer: &Layer) {
    console.detail(format!(
        "{} members, {} of content, {} packed",
        layer.summary.members,
        words::size(layer.summary.bytes),
        words::size(layer.content.size),
    ));
    console.step(format!(
        "{label}: digest {}, diff ID {}",
        layer.content.digest, layer.diff_id
    ));
}

/// How often the meter moves.
const TICK: Duration = Duration::from_millis(100);

/// How long an answer may wait while a layer is packed.
pub(super) const BUSY_TICK: Duration = Duration::from_millis(20);

/// Packing less than this takes a fraction of a second: nothing has to wait for it, nor to be done
/// beside it.
pub(super) const QUICK: u64 = 16 << 20;
