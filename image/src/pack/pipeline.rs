//! From blocks of tar to a sink: hashed, compressed on several threads, joined in order.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use longshore_protocol::{Content, Digest};
use sha2::{Digest as _, Sha256};

use super::blocks::Blocks;
use super::compression::{Compression, Compressor, Level, Packed};
use super::pool::Buffer;
use crate::error::PackError;

/// How the blocks are treated.
#[derive(Clone, Copy)]
pub(super) struct Pipeline {
    pub(super) compression: Compression,
    pub(super) level: Level,
    pub(super) threads: NonZeroUsize,
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

type Block = Arc<Buffer>;

/// A block to compress, and where its result is awaited.
struct Job {
    block: Block,
    result: SyncSender<Packed>,
}

impl Pipeline {
    /// Runs `produce` on this thread and everything else on others.
    ///
    /// Memory is bounded by the queue of results awaited: a block enters it before it is given to a
    /// compressor and leaves it when it is written, so neither a slow sink nor one slow block lets
    /// the others pile up.
    pub(super) fn run<T>(
        self,
        sink: impl Write + Send,
        produce: impl FnOnce(&mut Blocks<'_>) -> Result<T, Halt>,
    ) -> Result<(T, Streams), PackError> {
        let threads = match self.compression {
            Compression::None => 1,
            Compression::Gzip | Compression::Zstd => self.threads.get(),
        };
        thread::scope(|scope| {
            let (job_sender, jobs) = sync_channel::<Job>(threads);
            let (order, results) = sync_channel::<Receiver<Packed>>(2 * threads + 2);
            let (hash_sender, to_hash) = sync_channel::<Block>(2 * threads + 2);
            let jobs = Arc::new(Mutex::new(jobs));

            for number in 0..threads {
                let jobs = Arc::clone(&jobs);
                let name = format!("compress-{number}");
                let work = move || compress(&jobs, Compressor::new(self.compression, self.level));
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
            // What is not compressed has its digest from the other thread already.
            let hasher = (self.compression != Compression::None).then(Sha256::new);
            let joined = builder.spawn_scoped(scope, move || join(&results, sink, hasher));
            let joined = joined.map_err(PackError::Thread)?;

            let mut send = |block: Buffer| {
                let block = Arc::new(block);
                let (result, awaited) = sync_channel(1);
                order.send(awaited).map_err(|_| Stopped)?;
                hash_sender.send(Arc::clone(&block)).map_err(|_| Stopped)?;
                job_sender.send(Job { block, result }).map_err(|_| Stopped)
            };
            let mut blocks = Blocks::new(&mut send);
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

fn compress(jobs: &Mutex<Receiver<Job>>, mut compressor: Compressor) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { block, result }) = next else {
            return;
        };
        // Nobody waits for it after the sink has failed.
        let _ = result.send(compressor.compress(block));
    }
}

fn hash(blocks: &Receiver<Block>) -> Digest {
    let mut hasher = Sha256::new();
    for block in blocks {
        hasher.update(&**block);
    }
    Digest::from_sha256(hasher.finalize().into())
}

/// Writes the blocks in order, and says what they hash to and how many bytes they are.
fn join(
    results: &Receiver<Receiver<Packed>>,
    mut sink: impl Write,
    mut hasher: Option<Sha256>,
) -> io::Result<(Option<Digest>, u64)> {
    let mut size = 0;
    for result in results {
        // The producer gave up between announcing the block and handing it out.
        let Ok(packed) = result.recv() else { break };
        let bytes = packed.bytes();
        if let Some(hasher) = &mut hasher {
            hasher.update(bytes);
        }
        size += bytes.len() as u64;
        sink.write_all(bytes)?;
    }
    sink.flush()?;
    let digest = hasher.map(|hasher| Digest::from_sha256(hasher.finalize().into()));
    Ok((digest, size))
}
