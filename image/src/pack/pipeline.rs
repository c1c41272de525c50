//! From blocks of tar to a sink: hashed, compressed on several threads, joined in order.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use longshore_protocol::{Content, Digest};
use sha2::{Digest as _, Sha256};

use super::blocks::{self, Block, Blocks};
use super::compression::{Compression, Level};
use super::form::{Form, Plain, Stream};
use super::gzip::{Gzip, Spare};
use super::pool::Pool;
use super::slots::{Slot, Slots};
use super::zstd::Zstd;
use crate::error::PackError;

/// How the blocks are treated.
pub(super) struct Pipeline {
    pub(super) compression: Compression,
    pub(super) level: Level,
    pub(super) threads: NonZeroUsize,
    pub(super) buffers: Buffers,
}

/// The memory of a pipeline. Clones share it: pipelines that run side by side with clones take no
/// more blocks at once than one does, and a slow sink of one holds up all.
#[derive(Clone, Debug)]
pub(super) struct Buffers {
    slots: Slots,
    blocks: Pool,
    spare: Spare,
}

/// Both ends of the pipeline, hashed.
pub(super) struct Streams {
    pub(super) diff_id: Digest,
    pub(super) uncompressed_size: u64,
    pub(super) content: Content,
}

/// Nobody takes blocks any more; the sink's error says why.
pub(super) struct Stopped;

/// Why a producer gave up.
pub(super) enum Halt {
    Stopped,
    Failed(PackError),
}

/// A block to compress, and where its result is awaited.
struct Job<P> {
    block: Arc<Block>,
    result: SyncSender<P>,
}

/// The result of a block that is awaited, and the slot that the block has until it is written.
struct Awaited<P> {
    result: Receiver<P>,
    slot: Slot,
}

impl Buffers {
    /// What as many compressors need not to wait for a block.
    pub(super) fn new(threads: NonZeroUsize) -> Self {
        Self {
            slots: Slots::new(queue(threads.get())),
            blocks: Pool::new(blocks::BUFFER),
            spare: Spare::new(),
        }
    }
}

impl Pipeline {
    /// Runs `produce` on this thread and everything else on others.
    ///
    /// Memory is bounded by the slots: a block takes one before it is given to a compressor and has it
    /// until it is written, so neither a slow sink nor one slow block lets the others pile up.
    pub(super) fn run<T>(
        self,
        sink: impl Write + Send,
        produce: impl FnOnce(&mut Blocks<'_>) -> Result<T, Halt>,
    ) -> Result<(T, Streams), PackError> {
        let Self {
            compression,
            level,
            threads,
            buffers,
        } = self;
        let hasher = Some(Sha256::new());
        match compression {
            // What is not compressed has its digest from the uncompressed stream already.
            Compression::None => run(Plain, &buffers, sink, None, produce),
            Compression::Gzip => {
                let spare = buffers.spare.clone();
                let form = Gzip {
                    level,
                    threads,
                    spare,
                };
                run(form, &buffers, sink, hasher, produce)
            }
            Compression::Zstd => run(Zstd { level, threads }, &buffers, sink, hasher, produce),
        }
    }
}

fn run<F: Form, T>(
    form: F,
    buffers: &Buffers,
    sink: impl Write + Send,
    hasher: Option<Sha256>,
    produce: impl FnOnce(&mut Blocks<'_>) -> Result<T, Halt>,
) -> Result<(T, Streams), PackError> {
    let threads = form.threads();
    thread::scope(|scope| {
        let (job_sender, jobs) = sync_channel::<Job<F::Packed>>(threads);
        let (order, results) = sync_channel::<Awaited<F::Packed>>(queue(threads));
        let (hash_sender, to_hash) = sync_channel::<Arc<Block>>(queue(threads));
        let jobs = Arc::new(Mutex::new(jobs));

        for number in 0..threads {
            let jobs = Arc::clone(&jobs);
            let name = format!("compress-{number}");
            let compressor = form.compressor();
            let work = move || compress(&jobs, compressor);
            let builder = thread::Builder::new().name(name);
            builder
                .spawn_scoped(scope, work)
                .map_err(PackError::Thread)?;
        }
        // Only the compressors hold the jobs: without them, sending a job has to fail.
        drop(jobs);
        let builder = thread::Builder::new().name("diff-id".to_owned());
        let diff_id = builder.spawn_scoped(scope, move || hash(&to_hash));
        let diff_id = diff_id.map_err(PackError::Thread)?;
        let builder = thread::Builder::new().name("join".to_owned());
        let joined = builder.spawn_scoped(scope, move || join(&form, &results, sink, hasher));
        let joined = joined.map_err(PackError::Thread)?;

        let mut send = |block: Block| {
            let block = Arc::new(block);
            let slot = buffers.slots.take();
            let (sender, result) = sync_channel(1);
            let awaited = Awaited { result, slot };
            order.send(awaited).map_err(|_| Stopped)?;
            hash_sender.send(Arc::clone(&block)).map_err(|_| Stopped)?;
            let result = sender;
            job_sender.send(Job { block, result }).map_err(|_| Stopped)
        };
        let mut blocks = Blocks::new(&buffers.blocks, &mut send);
        let produced = produce(&mut blocks).and_then(|value| Ok((value, blocks.finish()?)));
        drop((order, hash_sender, job_sender));

        let joined = joined
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let diff_id = diff_id
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match (produced, joined) {
            (Err(Halt::Failed(error)), _) => Err(error),
            (_, Err(error)) => Err(PackError::Sink(error)),
            (Ok((value, uncompressed_size)), Ok((digest, size))) => {
                let digest = digest.unwrap_or_else(|| diff_id.clone());
                let content = Content { digest, size };
                let streams = Streams {
                    diff_id,
                    uncompressed_size,
                    content,
                };
                Ok((value, streams))
            }
            // The joiner ends without an error only after the producer.
            (Err(Halt::Stopped), Ok(_)) => Err(PackError::Cancelled),
        }
    })
}

impl From<Stopped> for Halt {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<PackError> for Halt {
    fn from(error: PackError) -> Self {
        Self::Failed(error)
    }
}

fn compress<P>(jobs: &Mutex<Receiver<Job<P>>>, mut compressor: impl FnMut(Arc<Block>) -> P) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { block, result }) = next else {
            return;
        };
        // After the sink has failed, no result is awaited.
        let _ = result.send(compressor(block));
    }
}

fn hash(blocks: &Receiver<Arc<Block>>) -> Digest {
    let mut hasher = Sha256::new();
    for block in blocks {
        hasher.update(block.content());
    }
    Digest::from_sha256(hasher.finalize().into())
}

/// Joins the blocks in order, and says what the stream hashes to and how many bytes it has.
fn join<F: Form>(
    form: &F,
    results: &Receiver<Awaited<F::Packed>>,
    sink: impl Write,
    hasher: Option<Sha256>,
) -> io::Result<(Option<Digest>, u64)> {
    let mut sink = Measured {
        sink,
        hasher,
        size: 0,
    };
    let mut stream = form.begin(&mut sink)?;
    for Awaited { result, slot } in results {
        // The producer gave up between announcing the block and handing it out.
        let Ok(packed) = result.recv() else { break };
        stream.append(packed)?;
        drop(slot);
    }
    stream.finish()?;
    sink.flush()?;
    let digest = sink
        .hasher
        .map(|hasher| Digest::from_sha256(hasher.finalize().into()));
    Ok((digest, sink.size))
}

/// How many blocks lie ready for this number of compressors, or are awaited from them.
fn queue(threads: usize) -> usize {
    2 * threads + 2
}

/// Notes what goes into a sink.
struct Measured<W> {
    sink: W,
    hasher: Option<Sha256>,
    size: u64,
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        self.size += bytes.len() as u64;
        self.sink.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
