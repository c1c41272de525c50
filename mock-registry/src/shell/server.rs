//! Connections and requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Response, header};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::body::Outgoing;
use super::respond::respond;
use super::socket::{Control, FaultySocket, Resettable};
use super::tls::Identity;
use crate::core::Body;
use crate::record::{Listener, Peer};

/// The doors of a server.
pub(super) struct Doors {
    pub(super) registry: std::net::TcpListener,
    pub(super) elsewhere: std::net::TcpListener,
    pub(super) tls: Option<Identity>,
    /// Says for how long the registry's door is shut.
    pub(super) shut: mpsc::UnboundedReceiver<Duration>,
}

/// Serves until told to stop, or until the other end of `stopped` is gone.
pub(super) async fn serve(shared: Arc<Shared>, doors: Doors, mut stopped: oneshot::Receiver<()>) {
    let Doors {
        registry,
        elsewhere,
        tls,
        mut shut,
    } = doors;
    let (Ok(listener), Ok(elsewhere)) = (
        TcpListener::from_std(registry),
        TcpListener::from_std(elsewhere),
    ) else {
        return;
    };
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let mut listener = Some(listener);
    let mut opening = None;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = accept(listener.as_ref()) => if let Some(stream) = accepted {
                let shared = Arc::clone(&shared);
                connections.spawn(connection(shared, Listener::Registry, stream, tls.clone()));
            },
            accepted = accept(Some(&elsewhere)) => if let Some(stream) = accepted {
                let shared = Arc::clone(&shared);
                connections.spawn(connection(shared, Listener::Elsewhere, stream, tls.clone()));
            },
            Some(time) = shut.recv() => {
                drop(listener.take());
                connections.shutdown().await;
                opening = Some(Instant::now() + time);
            }
            () = until(opening) => match TcpListener::bind(address).await {
                Ok(open) => {
                    listener = Some(open);
                    opening = None;
                }
                // Somebody else may have the port for a while.
                Err(_) => opening = Some(Instant::now() + ACCEPT_PAUSE),
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    connections.shutdown().await;
}

async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    // A door that could not be opened again stays shut.
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    match listener.accept().await {
        Ok((stream, _)) => Some(stream),
        Err(_) => {
            // Out of file descriptors, most likely: let some connections end.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

async fn connection(
    shared: Arc<Shared>,
    listener: Listener,
    stream: TcpStream,
    tls: Option<Identity>,
) {
    // Answers are small and waited for.
    let _ = stream.set_nodelay(true);
    let mut peer = Peer {
        listener,
        connection: CONNECTIONS.fetch_add(1, Ordering::Relaxed),
        secure: false,
    };
    let mut first = [0];
    let Some(tls) = tls else {
        return converse(shared, peer, stream).await;
    };
    let handshake_end = Instant::now() + shared.handshake;
    let Ok(peeked) = timeout_at(handshake_end, stream.peek(&mut first)).await else {
        return;
    };
    // A client that was talked out of TLS is to be heard, too.
    if !matches!(peeked, Ok(1)) || first[0] != HANDSHAKE {
        return converse(shared, peer, stream).await;
    }
    let fault = match listener {
        Listener::Registry => shared.registry().connect(shared.now()).tls,
        Listener::Elsewhere => None,
    };
    let address = stream
        .local_addr()
        .map_or(SHOWN_ADDRESS, |address| address.ip());
    let shaken = timeout_at(handshake_end, tls.accept(stream, address, fault)).await;
    if let Ok(Some(stream)) = shaken {
        peer.secure = true;
        converse(shared, peer, stream).await;
    }
}

async fn converse(
    shared: Arc<Shared>,
    peer: Peer,
    stream: impl AsyncRead + AsyncWrite + Resettable + Unpin + Send + 'static,
) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let control = Arc::new(Control::default());
    let hand = Arc::clone(&control);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        let control = Arc::clone(&hand);
        async move { respond(&shared, peer, &control, request).await }
    });
    let stream = FaultySocket::new(stream, Arc::clone(&control));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut leaving = false;
    loop {
        tokio::select! {
            // How a connection ends is the client's business.
            _ = connection.as_mut() => break,
            () = control.goaway.notified(), if !leaving => {
                connection.as_mut().graceful_shutdown();
                leaving = true;
            }
        }
    }
}

pub(super) fn outgoing(shared: &Shared, response: Response<Body>) -> Response<Outgoing> {
    let (mut parts, body) = response.into_parts();
    let body = match body {
        Body::Empty => Outgoing::Bytes(bytes::Bytes::new()),
        Body::Bytes(bytes) => Outgoing::Bytes(bytes),
        Body::Stored { digest, range } => match shared.registry().core().open(&digest) {
            Ok(Some(reader)) => Outgoing::Stored {
                reader,
                at: range.start,
                end: range.end,
            },
            // Deleted between the answer and its body.
            Ok(None) | Err(_) => {
                parts.status = hyper::StatusCode::INTERNAL_SERVER_ERROR;
                parts.headers.clear();
                Outgoing::Bytes(bytes::Bytes::new())
            }
        },
    };
    Response::from_parts(parts, body)
}

/// The answer to a `HEAD`: its headers say how long the body would be, and there is none. HTTP/1.1
/// sees to that by itself; over HTTP/2 a body would be an error.
pub(super) fn without_body(response: Response<Outgoing>) -> Response<Outgoing> {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = hyper::body::Body::size_hint(&body)
        .exact()
        .filter(|length| *length > 0)
    {
        let length = header::HeaderValue::from(length);
        parts
            .headers
            .entry(header::CONTENT_LENGTH)
            .or_insert(length);
    }
    Response::from_parts(parts, Outgoing::Bytes(bytes::Bytes::new()))
}

/// Reads on for a while after an early answer, as nginx does with `lingering_close`: closing a
/// socket with unread bytes resets it, and the client would see the reset instead of the answer.
pub(super) async fn linger(mut body: Incoming) {
    let drain = async {
        let mut left = LINGER_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, bytes::Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    let _ = tokio::time::timeout(LINGER_TIME, drain).await;
}

static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

/// How long a client may take for the TLS handshake, unless another time is set.
pub(super) const HANDSHAKE_TIME: Duration = Duration::from_secs(30);

/// The type of a TLS record with a `ClientHello` in it.
const HANDSHAKE: u8 = 22;
const SHOWN_ADDRESS: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
const WINDOW: u32 = 4 << 20;
const LINGER_BYTES: usize = 4 << 20;
const LINGER_TIME: Duration = Duration::from_secs(2);
