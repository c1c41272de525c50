//! The registry behind its script, on a socket.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use bytes::Bytes;
use http::header::EXPECT;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use longshore_protocol::{PushError, Report};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::drivers::Played;
use super::registry::{Arrived, Reaction, Registry};
use super::scenario::Scenario;
use super::script::Step;

/// A registry that is served in a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    nobody: bool,
    cancelled: watch::Sender<bool>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    registry: Mutex<Registry>,
    started: Instant,
    cancelled: watch::Receiver<bool>,
}

impl Server {
    /// Serves the registry of `scenario`.
    ///
    /// # Errors
    /// There is no socket or no thread to be had.
    pub fn start(scenario: &Scenario) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (cancelled, is_cancelled) = watch::channel(false);
        let shared = Arc::new(Shared {
            registry: Mutex::new(Registry::new(scenario, &address.to_string())?),
            started: Instant::now(),
            cancelled: is_cancelled,
        });
        let (stop, stopped) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new().spawn(move || {
            runtime.block_on(serve(&serving, listener, stopped));
        })?;
        Ok(Self {
            shared,
            address,
            nobody: scenario.nobody,
            cancelled,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where clients are to look for it.
    #[must_use]
    pub fn client_host(&self) -> String {
        if self.nobody {
            // Nobody has this port, which is for the superuser and long forgotten.
            return format!("{}:1", self.address.ip());
        }
        self.address.to_string()
    }

    /// Whether the script says that the push is to be cancelled now.
    #[must_use]
    pub fn wants_cancel(&self) -> bool {
        self.shared.registry().cancel_wanted
    }

    /// It has been.
    pub fn cancelled(&self) {
        self.cancelled.send_replace(true);
    }

    /// What came of a push.
    pub(super) fn played(&self, result: Result<Report, PushError>) -> Played {
        let host = self.client_host();
        Played::new(result, &self.shared.registry(), &host)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in it was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection closes without an answer.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed on purpose")
    }
}

impl std::error::Error for Closed {}

async fn serve(
    shared: &Arc<Shared>,
    listener: std::net::TcpListener,
    mut stopped: oneshot::Receiver<()>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(shared);
                connections.spawn(async move {
                    let service = service_fn(move |request| respond(Arc::clone(&shared), request));
                    // How it ends is the script's business, or the client's.
                    let _ = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    connections.shutdown().await;
}

async fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Closed> {
    let (parts, body) = request.into_parts();
    let arrived = shared.registry().arrive(&parts);
    let pending = match arrived {
        Arrived::Wanted(pending) => pending,
        Arrived::Answered(answer) => {
            assert!(
                parts.headers.contains_key(EXPECT),
                "only a body that waits for leave can be left unread"
            );
            return Ok(answer.map(Full::new));
        }
    };
    let Ok(body) = body.collect().await else {
        return Err(Closed);
    };
    let step = Step::of(&parts);
    let request = Request::from_parts(parts, body.to_bytes());
    let late = request.clone();
    let reaction = {
        let now = shared.started.elapsed();
        shared.registry().react(now, pending, request)
    };
    let answer = match reaction {
        Reaction::Answer(answer) => answer,
        Reaction::Close => return Err(Closed),
        Reaction::Silence => std::future::pending().await,
        Reaction::Cancel => {
            let mut cancelled = shared.cancelled.clone();
            let _ = cancelled.wait_for(|cancelled| *cancelled).await;
            if !matches!(step, Step::Open | Step::Mount | Step::Stream | Step::Delete) {
                // The client is about to hang up.
                return std::future::pending().await;
            }
            shared.registry().deliver(shared.started.elapsed(), late)
        }
    };
    Ok(answer.map(Full::new))
}
