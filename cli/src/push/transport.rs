//! What drives a push: threads or a runtime, as was asked for. Both do the same on the wire.

use std::io::{self, Read};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use longshore_async::{ClientError, Reader};
use longshore_protocol::{
    BlobId, BlobSpec, Config, Content, ManifestSpec, Misuse, PushError, Report,
};
use tokio::runtime::{Builder, Runtime};

use super::upload::Teller;
use crate::console::plain;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::{Interrupt, no_thread};
use crate::plan::{Authorities, Channel, Transport};

/// A session of one transport or the other.
pub(super) enum Session<'a> {
    Blocking(Box<longshore_blocking::Session<Teller<'a>>>),
    Async(Box<longshore_async::Session<Teller<'a>>>, Runtime),
}

/// A runtime with threads of its own, so that uploads go on while a person is asked.
///
/// Tokio 1 panics when it cannot start a thread, so it is tried first whether there are as many as it
/// may want.
fn runtime() -> Result<Runtime, Failure> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers = cores.min(MOST_WORKERS);
    try_threads(workers + BLOCKING).map_err(|error| no_thread(&error))?;
    Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(BLOCKING)
        .enable_all()
        .build()
        .map_err(|error| {
            let message = "cannot start the threads of --transport async";
            Failure::new(Exit::Unexpected, "starting", message).because(&error)
        })
}

/// Starts that many threads at once, and ends them.
fn try_threads(count: usize) -> io::Result<()> {
    let gate = Arc::new(RwLock::new(()));
    let closed = gate.write().unwrap_or_else(PoisonError::into_inner);
    let mut waiting = Vec::new();
    let mut tried = Ok(());
    for _ in 0..count {
        let gate = Arc::clone(&gate);
        match thread::Builder::new().spawn(move || drop(gate.read())) {
            Ok(thread) => waiting.push(thread),
            Err(error) => {
                tried = Err(error);
                break;
            }
        }
    }
    drop(closed);
    for thread in waiting {
        let _ = thread.join();
    }
    tried
}

impl<'a> Session<'a> {
    pub(super) fn new(
        channel: &Channel,
        config: Config,
        teller: Teller<'a>,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let unusable = |error: &ClientError| match (error, &channel.authorities) {
            (ClientError::Certificates { path: None, detail }, Some(Authorities { path, .. })) => {
                let file = plain(&path.display().to_string());
                Failure::usage(format!(
                    "cannot use the certificates in --ca-file {file}: {detail}"
                ))
            }
            _ => Failure::usage(plain(&error.to_string())),
        };
        match channel.transport {
            Transport::Blocking => {
                let mut client = longshore_blocking::Client::builder()
                    .danger_accept_invalid_certs(!channel.verify);
                if let Some(Authorities { pem, .. }) = &channel.authorities {
                    client = client.ca_pem(pem.clone());
                }
                let client = client.build().map_err(|error| unusable(&error))?;
                let session = longshore_blocking::Session::new(&client, config, teller);
                Ok(Self::Blocking(Box::new(
                    session.cancel_flag(interrupt.flag()),
                )))
            }
            Transport::Async => {
                let mut client =
                    longshore_async::Client::builder().danger_accept_invalid_certs(!channel.verify);
                if let Some(Authorities { pem, .. }) = &channel.authorities {
                    client = client.ca_pem(pem.clone());
                }
                let client = client.build().map_err(|error| unusable(&error))?;
                let runtime = runtime()?;
                let session = longshore_async::Session::new(&client, config, teller);
                let session = Box::new(session.cancel_flag(interrupt.flag()));
                Ok(Self::Async(session, runtime))
            }
        }
    }

    pub(super) fn ready(&mut self) -> Result<(), PushError> {
        match self {
            Self::Blocking(session) => session.ready(),
            Self::Async(session, runtime) => runtime.block_on(session.ready()),
        }
    }

    /// Adds a blob that `open` reads from an offset on.
    pub(super) fn add_blob<R: Read + Send + 'static>(
        &mut self,
        spec: BlobSpec,
        open: impl Fn(u64) -> io::Result<R> + Send + Sync + 'static,
    ) -> Result<BlobId, Misuse> {
        match self {
            Self::Blocking(session) => {
                let source = longshore_blocking::from_fn(open);
                session.add_blob(spec, source)
            }
            Self::Async(session, _) => {
                let source = longshore_async::from_fn(move |offset| {
                    std::future::ready(open(offset).map(Reader::blocking))
                });
                session.add_blob(spec, source)
            }
        }
    }

    /// Says what a blob is that was added without its digest.
    pub(super) fn learn(&mut self, blob: BlobId, content: Content) {
        match self {
            Self::Blocking(session) => session.learn(blob, content),
            Self::Async(session, _) => session.learn(blob, content),
        }
    }

    /// Takes in what has happened, and does what is next, for as long as that.
    pub(super) fn drive_for(&mut self, time: Duration) -> Result<(), PushError> {
        match self {
            Self::Blocking(session) => session.drive_for(time),
            Self::Async(session, runtime) => runtime.block_on(session.drive_for(time)),
        }
    }

    /// Waits until the registry has a blob.
    pub(super) fn blob_done(&mut self, blob: BlobId) -> Result<(), PushError> {
        let done = match self {
            Self::Blocking(session) => session.blob_done(blob),
            Self::Async(session, runtime) => runtime.block_on(session.blob_done(blob)),
        };
        done.map(|_| ())
    }

    pub(super) fn add_bytes(&mut self, spec: BlobSpec, bytes: Bytes) -> Result<(), Misuse> {
        match self {
            Self::Blocking(session) => session.add_blob(spec, bytes)?,
            Self::Async(session, _) => session.add_blob(spec, bytes)?,
        };
        Ok(())
    }

    pub(super) fn set_manifest(&mut self, manifest: ManifestSpec) -> Result<(), Misuse> {
        match self {
            Self::Blocking(session) => session.set_manifest(manifest),
            Self::Async(session, _) => session.set_manifest(manifest),
        }
    }

    pub(super) fn finish(self) -> Result<Report, PushError> {
        match self {
            Self::Blocking(session) => session.finish(),
            Self::Async(session, runtime) => {
                let result = runtime.block_on(session.finish());
                // A name server that does not answer must not hold up the end.
                runtime.shutdown_background();
                result
            }
        }
    }
}

/// As many as there are uploads at once.
const MOST_WORKERS: usize = 4;

/// For what blocks: sources, hashes and name servers, of as many requests as fly at once.
const BLOCKING: usize = 16;
