//! A layer as a stream: packed while it is read.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::{Layer, Packer, Watch};
use crate::error::PackError;
use crate::notice::Notice;

impl Packer {
    /// Packs `directory` on another thread, at the speed of whoever reads the stream.
    ///
    /// `notices` is called on that thread.
    ///
    /// # Errors
    ///
    /// [`PackError::Thread`]; everything else comes out of the stream.
    pub fn pack_stream(
        &self,
        directory: PathBuf,
        mut notices: impl FnMut(Notice) + Send + 'static,
        watch: Watch,
    ) -> Result<LayerStream, PackError> {
        let (sender, pieces) = sync_channel(PIECES_AHEAD);
        let packer = self.clone();
        let work = move || {
            let packed = packer.pack(&directory, PieceSink(sender), &mut notices, &watch);
            // The sink fails only when the stream was dropped.
            packed.map_err(|error| match error {
                PackError::Sink(_) => PackError::Cancelled,
                other => other,
            })
        };
        let thread = thread::Builder::new().name("pack".to_owned()).spawn(work);
        Ok(LayerStream {
            pieces,
            piece: Vec::new(),
            taken: 0,
            packing: Packing::Running(thread.map_err(PackError::Thread)?),
        })
    }
}

/// The bytes of a layer that is being packed. Dropping it stops the packer.
///
/// [`read`](Read::read) gives the end of the stream only after packing has succeeded; a failure is
/// an error there, with the [`PackError`] inside, and again from [`finish`](Self::finish).
#[derive(Debug)]
pub struct LayerStream {
    pieces: Receiver<Vec<u8>>,
    piece: Vec<u8>,
    taken: usize,
    packing: Packing,
}

#[derive(Debug)]
enum Packing {
    Running(JoinHandle<Result<Layer, PackError>>),
    Done(Result<Layer, Arc<PackError>>),
}

impl LayerStream {
    /// What was packed. Bytes not read yet are thrown away, and if there are any, packing counts as
    /// cancelled.
    ///
    /// # Errors
    ///
    /// Why packing failed.
    pub fn finish(self) -> Result<Layer, Arc<PackError>> {
        let Self {
            pieces, packing, ..
        } = self;
        // The packer's next write fails, if it still writes.
        drop(pieces);
        match packing {
            Packing::Running(thread) => wait(thread).map_err(Arc::new),
            Packing::Done(outcome) => outcome,
        }
    }

    fn next_piece(&mut self) -> io::Result<bool> {
        if let Ok(piece) = self.pieces.recv() {
            self.piece = piece;
            self.taken = 0;
            return Ok(true);
        }
        // The sender is gone, so the packer is done.
        let idle = Packing::Done(Err(Arc::new(PackError::Cancelled)));
        let outcome = match std::mem::replace(&mut self.packing, idle) {
            Packing::Running(thread) => wait(thread).map_err(Arc::new),
            Packing::Done(outcome) => outcome,
        };
        let failed = outcome.as_ref().err().cloned();
        self.packing = Packing::Done(outcome);
        match failed {
            Some(error) => Err(io::Error::other(error)),
            None => Ok(false),
        }
    }
}

impl Read for LayerStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.taken == self.piece.len() {
            if !self.next_piece()? {
                return Ok(0);
            }
        }
        let rest = &self.piece[self.taken..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

/// The packer's end of the stream.
struct PieceSink(SyncSender<Vec<u8>>);

impl Write for PieceSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.send(bytes.to_vec());
        sent.map_err(|_| {
            io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the layer any more")
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn wait(thread: JoinHandle<Result<Layer, PackError>>) -> Result<Layer, PackError> {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Compressed blocks that may wait for the reader.
const PIECES_AHEAD: usize = 2;
